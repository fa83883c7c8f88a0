from __future__ import annotations

import re
from contextlib import contextmanager

import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision.testing import FakeServer
from xai_vision.testing._cassettes.cassette_file import CassetteContent
from xai_vision.testing._cassettes.inspection import find_problems


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

    yield open_server
    for file in path.parent.glob("*.json"):
        assert_publishable(file, service.api_key)


@pytest.fixture
def replay(path):
    """Open a server that replays the cassette."""

    def open_server(cassette=None, **settings):
        return FakeServer(cassette=cassette or path, **settings)

    return open_server


def assert_publishable(path, *keys):
    """Assert that a cassette contains no key and no image data."""
    text = path.read_text(encoding="utf-8")
    assert not re.search("[A-Za-z0-9+/_-]{201,}", text)
    assert not re.search("xai-[A-Za-z0-9-]{16,}|Bearer", text)
    assert [key for key in keys if key in text] == []
    assert find_problems(CassetteContent.load(path)) == []


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


def load(path):
    """Return the recorded calls of a file."""
    return CassetteContent.load(path).interactions
