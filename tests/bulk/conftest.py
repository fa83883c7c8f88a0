"""Fixtures for jobs over the wire."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from PIL import Image

from tests import sample_images
from tests.bulk.rows import jpeg
from xai_vision import AsyncClient, bulk, prepare_image

# Ray is large; it has an environment of its own.
collect_ignore = [] if find_spec("ray") else ["test_ray.py"]


@pytest.fixture(scope="session", autouse=True)
def _converters():
    """Import the modules that convert images.

    Pytest compiles modules when they are imported, and Python 3.11 fails if two threads do that at
    the same time: "AST constructor recursion depth mismatch".
    """
    prepare_image(sample_images.sample("alpha.webp"))
    prepare_image(Image.new("RGB", (1, 1)))


@pytest.fixture
def ask(server, tmp_path):
    """Return ``bulk.ask`` with a client of the server."""
    client = AsyncClient(api_key=server.api_key, api_host=server.target)

    def create(prompt="Describe it", source=None, **options):
        source = [(f"{n}.jpg", jpeg(n)) for n in range(12)] if source is None else source
        return bulk.ask(prompt, source, **{"client": client, **options})

    return create


@pytest.fixture
def out(tmp_path):
    return tmp_path / "answers.jsonl"


@pytest.fixture
def folder(tmp_path):
    """Create a folder with 6 different images."""
    path = tmp_path / "photos"
    path.mkdir()
    for number in range(6):
        (path / f"{number}.jpg").write_bytes(jpeg(number))
    return path
