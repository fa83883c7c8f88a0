"""Fixtures of all tests: a fake server for each test, and clients of it."""

from __future__ import annotations

import signal

import hypothesis
import pytest

from xai_vision import AsyncClient, Client
from xai_vision.testing import FakeServer

# A shell ignores SIGINT for background jobs, and child processes inherit that. Tests of Ctrl-C send
# it to this process and to programs that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test may depend on the machine's speed.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

# The tests of the pytest plugin run pytest inside pytest.
pytest_plugins = ["pytester"]

# The image URLs in the seed documents.
SEED_URLS = (
    "https://science.nasa.gov/wp-content/uploads/2023/09/web-first-images-release.png",
    "https://example.com/image.jpg",
    "https://example.com/image1.jpg",
    "https://example.com/image2.jpg",
    "https://example.com/product.jpg",
    "https://example.com/photo.jpg",
)


@pytest.fixture
def server():
    with FakeServer() as running:
        yield running


@pytest.fixture
def client(server):
    with Client(api_key=server.api_key, api_host=server.target) as client:
        yield client


@pytest.fixture
async def aclient(server):
    async with AsyncClient(api_key=server.api_key, api_host=server.target) as client:
        yield client


@pytest.fixture
def spans():
    """Return the function that lists the finished spans of this test."""
    from tests.client.span_exporter import EXPORTER

    EXPORTER.clear()
    EXPORTER.enabled = True
    yield EXPORTER.get_finished_spans
    EXPORTER.enabled = False
    EXPORTER.clear()
