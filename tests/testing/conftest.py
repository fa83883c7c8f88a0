from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision.testing import FakeServer

# A peer with demands of its own on xai-sdk and pydantic; it has its own environment in CI.
collect_ignore = [] if find_spec("pydantic_ai") else ["test_peer_pydantic_ai.py"]


@pytest.fixture
def server():
    with FakeServer() as running:
        yield running


@pytest.fixture
def caller(server):
    with open_caller(server) as caller:
        yield caller
