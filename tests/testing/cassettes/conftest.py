from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision.testing import FakeServer


@pytest.fixture
def service():
    """The service that is recorded."""
    with FakeServer(unused="allow") as running:
        yield running


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cassette.json"


@pytest.fixture
def record(service, path):
    """Open a server that records calls of the service."""

    def open_server(mode="rewrite", cassette=None, **settings):
        return FakeServer(
            upstream=service.target,
            upstream_key=service.api_key,
            cassette=cassette or path,
            record=mode,
            **settings,
        )

    return open_server


@pytest.fixture
def replay(path):
    """Open a server that replays the cassette."""

    def open_server(cassette=None, **settings):
        return FakeServer(cassette=cassette or path, **settings)

    return open_server


@contextmanager
def calling(server):
    """Start a server, and yield a caller for it."""
    with server, open_caller(server) as caller:
        yield caller


@contextmanager
def calling_with_errors(server, words):
    """Start a server and yield a caller for it; ``verify`` must then fail with the words."""
    server.start()
    try:
        with open_caller(server) as caller:
            yield caller
        with pytest.raises(AssertionError, match=words):
            server.verify()
    finally:
        server.stop()
