"""Jobs that are killed (SIGKILL) at random moments: `python -m benchmarks.bulk.kills` in small."""

from __future__ import annotations

import sys

import pytest

from benchmarks.bulk.kills import prove


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the processes are found in /proc")
@pytest.mark.parametrize("via", ["now", "batch"])
def test_nothing_is_lost(via):
    # A kill follows the first request of a run at once: a fast run would end before a later one.
    found = prove(via, rows=200, kills=2, limit=50, faults=0.04, spread=0)
    assert found["kills"] >= 1
    assert found["lost"] == 0
    assert found["paid_twice"] <= found["allowed"]
