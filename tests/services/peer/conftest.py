"""Clients of xai_sdk and of xai_vision that make the same calls."""

from __future__ import annotations

import pytest

from tests.services.peer.recording_server import Pair, recording_server


@pytest.fixture(scope="module")
def pair():
    """A client of xai_sdk and one of ours, and a server that records their requests."""
    with recording_server() as (recorder, address):
        pair = Pair(recorder, address)
        yield pair
        pair.close()
