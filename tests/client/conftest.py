"""Both clients, against the server of the test."""

from __future__ import annotations

import pytest

from tests.client.both import DRIVERS, QUICK


@pytest.fixture(params=DRIVERS)
def kind(request):
    return DRIVERS[request.param]


@pytest.fixture
def driver(kind, server):
    made = kind(api_key=server.api_key, api_host=server.target, retries=QUICK)
    yield made
    made.close()
