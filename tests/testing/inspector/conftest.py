from __future__ import annotations

import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision.testing import FakeServer


@pytest.fixture
def server():
    with FakeServer(inspect=True, unused="allow") as running:
        yield running


@pytest.fixture
def caller(server):
    with open_caller(server) as caller:
        yield caller
