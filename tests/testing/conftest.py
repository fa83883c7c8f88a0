from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision.testing import FakeServer

# A peer with demands of its own on xai-sdk and pydantic; it has its own environment in CI.
collect_ignore = [] if find_spec("pydantic_ai") else ["peers/test_peer_pydantic_ai.py"]
# The same for the plugins of the snapshot recipes.
collect_ignore += [] if find_spec("syrupy") else ["calls/test_snapshots.py"]


PLUGIN_HEAD = """
import grpc, pytest
from tests.testing.grpc_calls import open_caller
from xai_vision.testing import match
"""


@pytest.fixture
def run(pytester, monkeypatch, request):
    """Run the text as a test file, with the plugin loaded as if it were installed."""
    monkeypatch.setenv("PYTHONPATH", str(request.config.rootpath))
    # Loading other plugins would take most of the time.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    # pytest shows longer messages where CI is set.
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("BUILD_NUMBER", raising=False)

    def run(text, *arguments, ini=""):
        pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\n{ini}")
        pytester.makepyfile(test_it=PLUGIN_HEAD + text)
        return pytester.runpytest_subprocess("-p", "xai_vision.pytest_plugin", *arguments)

    return run


@pytest.fixture
def server():
    with FakeServer() as running:
        yield running


@pytest.fixture
def caller(server):
    with open_caller(server) as caller:
        yield caller
