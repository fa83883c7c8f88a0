#!/usr/bin/env python3
"""Many calls under random faults: each ends in a right answer or a right error, nothing leaks.

    python scripts/soak.py [--calls 10000 | --seconds 60] [--at-once 64] [--seed 1]

Needs the development environment (scripts/environment.py). Faults are drawn from the seed: refusals
to serve before, during and after the answer, rate limits, resets of the connection, truncated and
garbled streams, images that do not open. The exit code is 1 when anything was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sys
import threading
import time
import tracemalloc
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import images  # found by the line above
from xai_vision import AsyncClient, RetryPolicy
from xai_vision.chat import Content, image, user
from xai_vision.errors import (
    APIError,
    ImageRefusedError,
    RateLimitError,
    ServerError,
    StreamBrokenError,
    UnavailableError,
)
from xai_vision.testing import FakeServer, Fault

ANSWER = "The answer is forty-two and nothing else."
EXPECTED = (RateLimitError, ServerError, StreamBrokenError, UnavailableError)
POLICY = RetryPolicy(attempts=3, rate_limit_attempts=3, initial=0.01, rate_limit_initial=0.01)
BAD = Content(image_url={"image_url": "data:image/png;base64,bm90IGE="})


def make_faults(server: FakeServer) -> None:
    """What goes wrong, and how often."""
    server.fault(Fault.unavailable(), rate=0.10)
    server.fault(Fault.rate_limited(retry_after=0.02), rate=0.05)
    server.fault(Fault.after_chunks(2, status="UNAVAILABLE"), rate=0.03)
    server.fault(Fault.after_chunks(3, status="INTERNAL"), rate=0.03)
    server.fault(Fault.truncated(), rate=0.02)
    server.fault(Fault.malformed(), rate=0.01)
    server.fault(Fault.latency(0.02, jitter=0.02), rate=0.10)
    server.fault(Fault.reset_connection(after_bytes=200), rate=0.005)


class Soak:
    """The calls, and what became of them."""

    def __init__(self, client: AsyncClient, seed: int) -> None:
        self.client = client
        self.random = random.Random(seed)
        self.ends: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.image = images.png(320, 200)

    async def one(self) -> None:
        """Make one call and judge how it ended."""
        kind = self.random.choice(["sample", "stream", "left", "image", "bad"])
        chat = self.client.chat.create("grok-4").append(user("Hi"))
        if kind == "image":
            chat.append(user(image(self.image)))
        if kind == "bad":
            chat.append(user(BAD))
        try:
            await self._ask(chat, kind)
        except ImageRefusedError as error:
            self._judge(kind, error, right=kind == "bad")
        except EXPECTED as error:
            self._judge(kind, error, right=error.attempts <= POLICY.attempts)
        except APIError as error:
            self._judge(kind, error, right=False)
        else:
            self.ends[f"{kind}: answered"] += 1
            if kind == "bad":
                self.wrong.append("an image that does not open was answered")

    async def _ask(self, chat, kind: str) -> None:  # type: ignore[no-untyped-def]
        if kind not in ("stream", "left"):
            self._check((await chat.sample(timeout=20)).content)
            return
        pairs = chat.stream(timeout=20)
        content = ""
        async for response, _ in pairs:
            content = response.content
            if kind == "left":
                await pairs.aclose()
                return
        self._check(content)

    def _check(self, content: str) -> None:
        if content != ANSWER:
            self.wrong.append(f"a wrong answer: {content!r:.80}")

    def _judge(self, kind: str, error: APIError, *, right: bool) -> None:
        self.ends[f"{kind}: {type(error).__name__}"] += 1
        if not right:
            self.wrong.append(f"{kind}: {error!r:.200}")


async def run(options: argparse.Namespace, server: FakeServer) -> Soak:
    """Keep so many calls going until there have been enough."""
    async with AsyncClient(
        api_key=server.api_key, api_host=server.target, retries=POLICY
    ) as client:
        soak = Soak(client, options.seed)
        end = time.monotonic() + options.seconds if options.seconds else None
        left = options.calls

        async def work() -> None:
            nonlocal left
            while (time.monotonic() < end) if end else left > 0:
                left -= 1
                await soak.one()

        await asyncio.gather(*(work() for _ in range(options.at_once)))
        return soak


Held = tuple[int, int, int]
_MAY_GROW: Held = (2, 4, 8 * 2**20)


def held() -> Held:
    """Threads, open files and bytes of Python memory of this process."""
    gc.collect()
    files = sum(1 for _ in Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").exists() else 0
    return threading.active_count(), files, tracemalloc.get_traced_memory()[0]


def settled(before: Held | None = None) -> Held:
    """The same when it has settled: threads of gRPC and of the server leave on their own time."""
    end = time.monotonic() + 15
    while True:
        now = held()
        calm = now[0] == 1 if before is None else not grown(before, now)
        if calm or time.monotonic() > end:
            return now
        time.sleep(0.1)


def grown(before: Held, after: Held) -> list[str]:
    """What has grown by more than chance."""
    names = ("threads", "open files", "bytes of memory")
    rows = zip(names, before, after, _MAY_GROW, strict=True)
    return [f"{name} leaked: {a} -> {b}" for name, a, b, more in rows if b > a + more]


def main() -> int:
    """Soak, report, judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=None)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tracemalloc.start()
    asyncio.run(once(argparse.Namespace(calls=300, seconds=None, at_once=64, seed=0)))
    before = settled()
    began = time.monotonic()
    soak = asyncio.run(once(options))
    took = time.monotonic() - began
    after = settled(before)
    total = sum(soak.ends.values())
    for end, count in sorted(soak.ends.items()):
        print(f"{count:7d}  {end}")
    print(f"{total} calls in {took:.1f} s, {total / took:.0f} a second")
    names = ("threads", "open files", "bytes")
    print(", ".join(f"{n}: {a} -> {b}" for n, a, b in zip(names, before, after, strict=True)))
    problems = [*soak.wrong[:10], *grown(before, after)]
    for problem in problems:
        print(f"WRONG: {problem}")
    print("soak: FAILED" if problems else "soak: ok")
    return 1 if problems else 0


async def once(options: argparse.Namespace) -> Soak:
    """One soak against a server of its own."""
    with FakeServer(seed=options.seed) as server:
        server.on().reply(ANSWER)
        make_faults(server)
        return await run(options, server)


if __name__ == "__main__":
    sys.exit(main())
