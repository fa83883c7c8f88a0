"""Frameworks written for xai_sdk, in an environment where `xai_sdk` means `xai_vision`.

``alias/`` is the distribution that gives the name; docs/moving.md shows it. The tests are collected
only where the frameworks are installed: CI does that in an environment of its own.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

FRAMEWORKS = (
    "ag2",
    "any_llm",
    "inspect_ai",
    "instructor",
    "llama_index_llms_grok",
    "pydantic_ai",
)
collect_ignore_glob = [] if all(map(find_spec, FRAMEWORKS)) else ["test_*.py"]


# inspect_ai uses an old argument of tenacity, and leaves streams of anyio to the garbage collector.
WARNINGS = (
    "ignore:The 'initial' parameter is deprecated:DeprecationWarning",
    "ignore:Unclosed <Memory:ResourceWarning",
)


def pytest_configure(config):
    if not collect_ignore_glob:
        for warning in WARNINGS:
            config.addinivalue_line("filterwarnings", warning)


@pytest.fixture(autouse=True)
def environment(monkeypatch, server):
    """Give frameworks the key and the server where they cannot be arguments."""
    monkeypatch.setenv("XAI_API_KEY", server.api_key)
    monkeypatch.setenv("XAI_API_HOST", server.target)
