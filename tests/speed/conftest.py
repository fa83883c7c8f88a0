"""Fixtures for tests of the cache of request bodies."""

from __future__ import annotations

import pytest

from tests.speed.body_cache import IMAGE
from xai_vision.chat._request import body_cache as body


@pytest.fixture
def cache_small_bodies(monkeypatch):
    monkeypatch.setattr(body, "_MIN_CACHED_BYTES", 0)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(IMAGE)
    return path
