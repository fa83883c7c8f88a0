from __future__ import annotations

import pytest

from tests.testing.asking import connected
from xai_vision.testing import FakeServer


@pytest.fixture
def server():
    with FakeServer() as running:
        yield running


@pytest.fixture
def ask(server):
    with connected(server) as asker:
        yield asker
