"""FakeServer(max_threads=...) limits the threads, not the number of concurrent calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.testing.grpc_calls import open_caller
from xai_vision.testing import FakeServer, Fault


def test_more_concurrent_calls_than_threads():
    with FakeServer(max_threads=2) as server, open_caller(server) as caller:
        server.fault(Fault.latency(0.02))
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(caller.text, ["Hi"] * 8, timeout=10))
        assert len(replies) == 8
        assert server.threads == 2
