"""What tests of kept bodies share."""

from __future__ import annotations

import pytest

from tests.speed.body_cache import PICTURE
from xai_vision.chat._request import body_cache as body


@pytest.fixture
def small_ones_kept(monkeypatch):
    monkeypatch.setattr(body, "_MIN_CACHED_BYTES", 0)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(PICTURE)
    return path
