"""A driver of each client, for the test's server."""

from __future__ import annotations

import pytest

from tests.client.drivers import DRIVERS, FAST_RETRIES


@pytest.fixture(params=DRIVERS)
def kind(request):
    return DRIVERS[request.param]


@pytest.fixture
def driver(kind, server):
    driver = kind(api_key=server.api_key, api_host=server.target, retries=FAST_RETRIES)
    yield driver
    driver.close()
