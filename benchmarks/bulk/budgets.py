"""Spend up to a limit with random price tables: ``python -m benchmarks.bulk.budgets``.

The spend must never exceed ``max_usd``, by the service's own account. Some of the jobs are
cancelled in the middle and run again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from xai_vision import AsyncClient, bulk
from xai_vision.testing import FakeServer, Fault

PRICES = ("text_price", "image_price", "cached_price", "completion_price")


def picture(number):
    """Return a JPEG of a random size."""
    rng = random.Random(number)
    file = BytesIO()
    size = (rng.randrange(8, 1500), rng.randrange(8, 1500))
    Image.new("RGB", size, (number % 256, number // 256 % 256, 7)).save(
        file, "JPEG", comment=str(number).encode()
    )
    return file.getvalue()


async def spend(seed):
    """Run a job with a price table; return the spend and the limit in US dollars."""
    rng = random.Random(seed)
    prices = {name: rng.choice([0, 10 ** rng.randrange(2, 7)]) * rng.random() for name in PRICES}
    prices = {name: int(price) for name, price in prices.items()}
    longest = rng.randrange(1, 300)
    rows = [(str(n), picture(1000 * seed + n)) for n in range(rng.randrange(20, 60))]
    max_usd = 4000 * max(1, *prices.values()) * rng.uniform(0.2, len(rows) / 8) / 1e10
    with FakeServer(unused="allow") as server, tempfile.TemporaryDirectory() as folder:
        server.models.add("priced", **prices)
        server.on().reply("word " * rng.randrange(1, longest + 1))
        server.fault(Fault.internal(), rate=0.04, method="GetCompletion")
        async with AsyncClient(server.api_key, api_host=server.target) as client:

            def job():
                return bulk.ask(
                    "Describe it.",
                    rows,
                    out=Path(folder) / "answers.jsonl",
                    model="priced",
                    settings={"max_tokens": longest + 10},
                    max_usd=max_usd,
                    concurrency=rng.randrange(1, 17),
                    client=client,
                )

            if seed % 2:
                first = asyncio.create_task(job().arun())
                await server.calls.wait_for_async(rng.randrange(2, 15), timeout=30)
                first.cancel()
                await asyncio.gather(first, return_exceptions=True)
            result = await job().arun()
        calls = server.calls.where(method="GetCompletion", status="OK")
        ticks = sum(call.response.usage.cost_in_usd_ticks for call in calls)
    return ticks / 1e10, max_usd, result


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk.budgets", description=__doc__)
    parser.add_argument("--tables", type=int, default=50)
    args = parser.parse_args()
    overspent = stopped = 0
    shares = []
    for seed in range(args.tables):
        usd, max_usd, result = asyncio.run(spend(seed))
        overspent += usd > max_usd
        stopped += result.stopped is not None
        shares.append(usd / max_usd)
        print(f"{seed}: ${usd:.6f} of ${max_usd:.6f}, {result}", file=sys.stderr, flush=True)
    print(
        f"{args.tables} price tables: {overspent} overspent, {stopped} stopped by max_usd, "
        f"the highest spend was {max(shares):.1%} of the limit"
    )
    return bool(overspent)


if __name__ == "__main__":
    sys.exit(main())
