"""A client of files, and a file."""

from __future__ import annotations

import pytest

from tests.client.drivers import FAST_RETRIES
from tests.services.files.driver import KINDS
from tests.services.files.sources import FIVE_CHUNKS


@pytest.fixture(params=KINDS)
def files(request, server):
    driver = KINDS[request.param](
        api_key=server.api_key, api_host=server.target, retries=FAST_RETRIES
    )
    yield driver
    driver.close()


@pytest.fixture
def path(request, tmp_path):
    """A file with the DATA of the test's module, by default five chunks."""
    path = tmp_path / "data.bin"
    path.write_bytes(getattr(request.module, "DATA", FIVE_CHUNKS))
    return path
