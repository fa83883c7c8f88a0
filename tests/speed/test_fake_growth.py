"""The memory of the fake server does not grow with the number of calls."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from xai_vision import AsyncClient
from xai_vision.chat import user
from xai_vision.testing import FakeServer

STATUS = Path("/proc/self/status")
MIB = 2**20


def resident():
    gc.collect()
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


async def make_calls(server, count, workers=32):
    async with AsyncClient(server.api_key, api_host=server.target) as client:

        async def work():
            for _ in range(count // workers):
                await client.chat.create("grok-4").append(user("Hi")).sample()

        await asyncio.gather(*(work() for _ in range(workers)))


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="needs /proc")
def test_no_growth_over_30_000_calls():
    with FakeServer() as server:
        asyncio.run(make_calls(server, 12_000))
        before = resident()
        asyncio.run(make_calls(server, 30_000))
        assert resident() - before < 8 * MIB
        assert len(server.calls) < 20_000
