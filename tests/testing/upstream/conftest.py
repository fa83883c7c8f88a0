from __future__ import annotations

import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision.testing import FakeServer


@pytest.fixture
def upstream():
    """A second fake server, which stands for the real service."""
    with FakeServer(unused="allow") as running:
        yield running


@pytest.fixture
def server(upstream):
    with FakeServer(upstream=upstream.target, upstream_key=upstream.api_key) as running:
        yield running


@pytest.fixture
def caller(server):
    with open_caller(server) as caller:
        yield caller
