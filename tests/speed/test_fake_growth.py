"""The fake stays as large as it is, however many calls come."""

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


async def call(server, count, wide=32):
    async with AsyncClient(server.api_key, api_host=server.target) as client:

        async def one():
            for _ in range(count // wide):
                await client.chat.create("grok-4").append(user("Hi")).sample()

        await asyncio.gather(*(one() for _ in range(wide)))


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="needs /proc")
def test_no_growth_over_100_000_calls():
    with FakeServer() as server:
        asyncio.run(call(server, 20_000))
        early = resident()
        asyncio.run(call(server, 80_000))
        assert resident() - early < 8 * MIB
        assert len(server.calls) < 20_000
