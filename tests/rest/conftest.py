"""Clients of the fake's REST faces."""

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
    """The openai package's client, with the base URL and key changed only."""
    openai = pytest.importorskip("openai")
    with openai.OpenAI(api_key=filled.api_key, base_url=filled.http_url) as client:
        yield client


@pytest.fixture
async def arest(filled):
    openai = pytest.importorskip("openai")
    async with openai.AsyncOpenAI(api_key=filled.api_key, base_url=filled.http_url) as client:
        yield client
