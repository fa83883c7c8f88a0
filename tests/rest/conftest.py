"""Fixtures: the openai package's clients, connected to the fake server's REST API."""

from __future__ import annotations

import pytest

from tests.blocks import fill_urls
from tests.conftest import SEED_URLS


@pytest.fixture
def filled(server):
    fill_urls(server, SEED_URLS)
    return server


@pytest.fixture
def rest(filled):
    """The openai package's client, with no options besides the base URL and the key."""
    openai = pytest.importorskip("openai")
    with openai.OpenAI(api_key=filled.api_key, base_url=filled.http_url) as client:
        yield client


@pytest.fixture
async def arest(filled):
    openai = pytest.importorskip("openai")
    async with openai.AsyncOpenAI(api_key=filled.api_key, base_url=filled.http_url) as client:
        yield client
