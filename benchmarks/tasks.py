"""The measured tasks, as generators that run once per ``next()`` and yield their measurements.

Every task checks that responses are complete. The server checks the requests.
"""

from __future__ import annotations

import asyncio
import importlib
import statistics
import threading
import time
from pathlib import Path

from benchmarks.meter import Peak, Spent

PROMPT = "What is in the image?"
ANSWER = "The image shows a red bicycle that leans on a white wall next to a door. "
CHUNK = "a few words "


def _load_client(name):
    return importlib.import_module(f"benchmarks.clients.{name}")


def _check(actual, expected):
    if actual != expected:
        raise AssertionError(f"got {actual!r:.80}, expected {expected!r:.80}")


def text(client, where, calls):
    """Send short prompts in sequence."""
    who = _load_client(client).Blocking(where)
    for _ in range(30):
        _check(who.ask(PROMPT), ANSWER)
    count = int(calls)
    while True:
        times = []
        with Spent() as spent:
            for _ in range(count):
                began = time.perf_counter()
                who.ask(PROMPT)
                times.append(time.perf_counter() - began)
        yield {"p50": statistics.median(times) * 1e6, "cpu": spent.cpu / count * 1e6}


def image(client, where, path, source_type, calls):
    """Send one image after a warm-up call."""
    who = _load_client(client).Blocking(where)
    _check(who.ask(PROMPT), ANSWER)
    source = Path(path) if source_type == "path" else Path(path).read_bytes()
    count = int(calls)
    with Peak() as peak:
        _check(who.look(PROMPT, source), ANSWER)
    with Spent() as spent:
        for _ in range(count):
            who.look(PROMPT, source)
    yield {
        "cpu": spent.cpu / count * 1e3,
        "wall": spent.wall / count * 1e3,
        "memory": peak.mib,
    }


def conversation(client, where, path, turns):
    """Run a conversation with an image in every turn."""
    who = _load_client(client).Blocking(where)
    _check(who.ask(PROMPT), ANSWER)
    sources = [Path(path)] * int(turns)
    with Peak() as peak, Spent() as spent:
        took = who.converse(PROMPT, sources)
    growth = statistics.linear_regression(range(len(took)), took).slope
    yield {
        "cpu": spent.cpu * 1e3,
        "wall": spent.wall * 1e3,
        "memory": peak.mib,
        "growth": growth * 1e3,
    }


def stream(client, where, chunks, pause, each):
    """Read a stream; read its text at the end or at every chunk."""
    who = _load_client(client).Blocking(where)
    count, model = int(chunks), f"bench/{chunks}/{pause}"
    _check(who.stream("bench/50/0", each == "yes"), 50 * len(CHUNK))
    while True:
        with Peak() as peak, Spent() as spent:
            length = who.stream(model, each == "yes")
        _check(length, count * len(CHUNK))
        yield {
            "cpu": spent.cpu / count * 1e6,
            "wall": spent.wall / count * 1e6,
            "memory": peak.mib,
        }


def async_streams(client, where, streams, chunks, pause, each):
    """Read concurrent streams in one event loop."""
    loop = asyncio.new_event_loop()
    wide, count, model = int(streams), int(chunks), f"bench/{chunks}/{pause}"

    async def run(who):
        return await asyncio.gather(*(who.stream(model, each == "yes") for _ in range(wide)))

    async def begin():
        who = _load_client(client).Asyncio(where)
        await who.stream("bench/50/0", False)
        return who

    who = loop.run_until_complete(begin())
    while True:
        with Spent() as spent:
            lengths = loop.run_until_complete(run(who))
        _check(set(lengths), {count * len(CHUNK)})
        chunks = count * wide
        yield {"cpu": spent.cpu / chunks * 1e6, "wall": spent.wall / chunks * 1e6}


def async_calls(client, where, wide, calls):
    """Send concurrent short prompts in one event loop."""
    loop = asyncio.new_event_loop()
    count = int(calls)

    async def one(who):
        for _ in range(count):
            await who.ask(PROMPT)

    async def run(who):
        await asyncio.gather(*(one(who) for _ in range(int(wide))))

    async def begin():
        who = _load_client(client).Asyncio(where)
        await asyncio.gather(*(who.ask(PROMPT) for _ in range(int(wide))))
        return who

    who = loop.run_until_complete(begin())
    while True:
        with Spent() as spent:
            loop.run_until_complete(run(who))
        done = int(wide) * count
        yield {
            "wall": spent.wall / done * 1e6,
            "cpu": spent.cpu / done * 1e6,
            "rate": done / spent.wall,
        }


def threads(client, where, wide, calls):
    """Send short prompts from threads that share a client."""
    who = _load_client(client).Blocking(where)
    who.ask(PROMPT)
    count = int(calls)

    def one():
        for _ in range(count):
            who.ask(PROMPT)

    while True:
        workers = [threading.Thread(target=one) for _ in range(int(wide))]
        with Spent() as spent:
            for thread in workers:
                thread.start()
            for thread in workers:
                thread.join()
        done = int(wide) * count
        yield {"wall": spent.wall / done * 1e6, "cpu": spent.cpu / done * 1e6}


def bulk(client, where, path, wide, how):
    """Send large images concurrently."""
    source = Path(path)
    module = _load_client(client)
    if how == "threads":
        who = module.Blocking(where)
        who.ask(PROMPT)
        workers = [
            threading.Thread(target=who.look, args=(PROMPT, source)) for _ in range(int(wide))
        ]
        with Peak() as peak, Spent() as spent:
            for thread in workers:
                thread.start()
            for thread in workers:
                thread.join()
    else:

        async def begin():
            who = module.Asyncio(where)
            await who.ask(PROMPT)
            return who

        async def run(who):
            await asyncio.gather(*(who.look(PROMPT, source) for _ in range(int(wide))))

        loop = asyncio.new_event_loop()
        who = loop.run_until_complete(begin())
        with Peak() as peak, Spent() as spent:
            loop.run_until_complete(run(who))
    yield {"memory": peak.mib, "cpu": spent.cpu * 1e3, "wall": spent.wall * 1e3}
