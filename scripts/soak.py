#!/usr/bin/env python3
"""Make many calls under random faults, and check their results, their errors and for leaks.

    python scripts/soak.py [--calls 10000 | --seconds 60] [--at-once 64] [--seed 1]

Requires the development environment (scripts/environment.py). The seed determines the faults:
unavailability before, during and after the response, rate limits, connection resets, truncated and
malformed streams, corrupt images. Calls of the asyncio client and of the blocking client are mixed:
whole streams, streams that are left early, cancelled by another task or thread, or silent for too
long, and cancelled tasks. The exit code is 1 if any check failed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import sys
import threading
import time
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import images  # needs sys.path from above
from xai_vision import AsyncClient, Client, RetryPolicy
from xai_vision.chat import Content, image, user
from xai_vision.errors import (
    APIError,
    ImageRefusedError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    StreamBrokenError,
    UnavailableError,
)
from xai_vision.testing import FakeServer, Fault, Reply

ANSWER = "The answer is forty-two and nothing else."
EXPECTED = (RateLimitError, ServerError, StreamBrokenError, UnavailableError)
POLICY = RetryPolicy(attempts=3, rate_limit_attempts=3, initial=0.01, rate_limit_initial=0.01)
BAD = Content(image_url={"image_url": "data:image/png;base64,bm90IGE="})


def make_faults(server: FakeServer) -> None:
    """Inject faults at fixed rates."""
    server.fault(Fault.unavailable(), rate=0.10)
    server.fault(Fault.rate_limited(retry_after=0.02), rate=0.05)
    server.fault(Fault.after_chunks(2, status="UNAVAILABLE"), rate=0.03)
    server.fault(Fault.after_chunks(3, status="INTERNAL"), rate=0.03)
    server.fault(Fault.truncated(), rate=0.02)
    server.fault(Fault.malformed(), rate=0.01)
    server.fault(Fault.latency(0.02, jitter=0.02), rate=0.10)
    server.fault(Fault.reset_connection(after_bytes=200), rate=0.005)


# Kinds of calls. Those with "blocking" are made by the blocking client in a thread.
KINDS = (
    "sample",
    "stream",
    "left",
    "cancelled",
    "silent",
    "task",
    "image",
    "bad",
    "blocking stream",
    "blocking left",
    "blocking cancelled",
    "blocking silent",
)
IDLE_TIMEOUT = 0.05
# The response to this prompt begins long after the idle timeout.
SILENT_PROMPT = "Say nothing"


class Soak:
    """The calls and their outcomes."""

    def __init__(self, client: AsyncClient, blocking: Client, seed: int) -> None:
        self.client = client
        self.blocking = blocking
        self.random = random.Random(seed)
        self.outcomes: Counter[str] = Counter()
        self.failures: list[str] = []
        self.image = images.png(320, 200)

    async def call_once(self) -> None:
        """Make a call and check its outcome."""
        kind = self.random.choice(KINDS)
        client = self.blocking if kind.startswith("blocking") else self.client
        prompt = SILENT_PROMPT if kind.endswith("silent") else "Hi"
        chat = client.chat.create("grok-4").append(user(prompt))
        if kind == "image":
            chat.append(user(image(self.image)))
        if kind == "bad":
            chat.append(user(BAD))
        try:
            await self._call(chat, kind)
        except ImageRefusedError as error:
            self._record(kind, error, expected=kind == "bad")
        except EXPECTED as error:
            self._record(kind, error, expected=error.attempts <= POLICY.attempts)
        except RequestTimeoutError as error:
            self._record(kind, error, expected=kind.endswith("silent"))
        except APIError as error:
            self._record(kind, error, expected=False)
        else:
            self.outcomes[f"{kind}: answered"] += 1
            if kind == "bad":
                self.failures.append("a corrupt image was answered")

    async def _call(self, chat: Any, kind: str) -> None:
        if kind.startswith("blocking"):
            await asyncio.to_thread(self._call_blocking, chat, kind.removeprefix("blocking "))
        elif kind == "task":
            await self._cancel_task(chat)
        elif kind in ("sample", "image", "bad"):
            self._check((await chat.sample(timeout=60)).content)
        else:
            idle = IDLE_TIMEOUT if kind == "silent" else None
            stream = chat.stream(timeout=60, idle_timeout=idle)
            content = ""
            async for response, _ in stream:
                content = response.content
                if kind == "left":
                    await stream.aclose()
                    return
                if kind == "cancelled":
                    asyncio.get_running_loop().call_soon(stream.cancel)
            if kind != "cancelled":
                self._check(content)

    async def _cancel_task(self, chat: Any) -> None:
        task = asyncio.ensure_future(chat.sample(timeout=60))
        for _ in range(self.random.randrange(20)):
            await asyncio.sleep(0)
        was_running = task.cancel()
        await asyncio.wait({task})
        if was_running and not task.cancelled():
            self.failures.append("a cancelled task ran to its end")
        elif not task.cancelled():
            self._check(task.result().content)

    def _call_blocking(self, chat: Any, kind: str) -> None:
        idle = IDLE_TIMEOUT if kind == "silent" else None
        stream = chat.stream(timeout=60, idle_timeout=idle)
        content = ""
        for response, _ in stream:
            content = response.content
            if kind == "left":
                return
            if kind == "cancelled":
                threading.Thread(target=stream.cancel).start()
        if kind != "cancelled":
            self._check(content)

    def _check(self, content: str) -> None:
        if content != ANSWER:
            self.failures.append(f"a wrong response: {content!r:.80}")

    def _record(self, kind: str, error: APIError, *, expected: bool) -> None:
        self.outcomes[f"{kind}: {type(error).__name__}"] += 1
        if not expected:
            self.failures.append(f"{kind}: {error!r:.200}")


async def run(options: argparse.Namespace, server: FakeServer) -> Soak:
    """Run calls concurrently until the number or the time is reached."""
    async with AsyncClient(
        api_key=server.api_key, api_host=server.target, retries=POLICY
    ) as client:
        blocking = Client(api_key=server.api_key, api_host=server.target, retries=POLICY)
        soak = Soak(client, blocking, options.seed)
        end = time.monotonic() + options.seconds if options.seconds else None
        remaining = options.calls

        async def work() -> None:
            nonlocal remaining
            while (time.monotonic() < end) if end else remaining > 0:
                remaining -= 1
                await soak.call_once()

        await asyncio.gather(*(work() for _ in range(options.at_once)))
        blocking.close()
        return soak


Resources = tuple[int, int, int, int]
_ALLOWED_GROWTH: Resources = (2, 4, 8 * 2**20, 64 * 2**20)


def resources() -> Resources:
    """Return the threads, open files, Python memory and resident memory of this process."""
    gc.collect()
    files = sum(1 for _ in Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").exists() else 0
    statm = Path("/proc/self/statm")
    resident = int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if files else 0
    return threading.active_count(), files, tracemalloc.get_traced_memory()[0], resident


def settled_resources(before: Resources | None = None) -> Resources:
    """Return the resources once the threads of gRPC and of the server have ended."""
    end = time.monotonic() + 15
    while True:
        now = resources()
        settled = now[0] == 1 if before is None else not leaks(before, now)
        if settled or time.monotonic() > end:
            return now
        time.sleep(0.1)


def leaks(before: Resources, after: Resources) -> list[str]:
    """List the resources that grew by more than the allowed amount."""
    names = ("threads", "open files", "bytes of Python memory", "resident bytes")
    rows = zip(names, before, after, _ALLOWED_GROWTH, strict=True)
    return [f"{name} leaked: {a} -> {b}" for name, a, b, more in rows if b > a + more]


def main() -> int:
    """Run the calls and print a report; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=None)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tracemalloc.start()
    asyncio.run(run_with_server(argparse.Namespace(calls=300, seconds=None, at_once=64, seed=0)))
    before = settled_resources()
    start = time.monotonic()
    soak = asyncio.run(run_with_server(options))
    elapsed = time.monotonic() - start
    after = settled_resources(before)
    total = sum(soak.outcomes.values())
    for outcome, count in sorted(soak.outcomes.items()):
        print(f"{count:7d}  {outcome}")
    print(f"{total} calls in {elapsed:.1f} s, {total / elapsed:.0f} a second")
    names = ("threads", "open files", "Python bytes", "resident bytes")
    print(", ".join(f"{n}: {a} -> {b}" for n, a, b in zip(names, before, after, strict=True)))
    problems = [*soak.failures[:10], *leaks(before, after)]
    for problem in problems:
        print(f"WRONG: {problem}")
    print("soak: FAILED" if problems else "soak: ok")
    return 1 if problems else 0


async def run_with_server(options: argparse.Namespace) -> Soak:
    """Run the calls against a new server."""
    # The log of calls grows on purpose.
    with FakeServer(seed=options.seed, keep_calls=200) as server:
        server.on(prompt=SILENT_PROMPT).reply(Reply(ANSWER, ttft=30))
        server.on().reply(ANSWER)
        make_faults(server)
        return await run(options, server)


if __name__ == "__main__":
    sys.exit(main())
