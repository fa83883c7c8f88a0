"""The work, as generators: set up, then do it once per ``next()`` and yield what it took.

Every task checks that the answers are whole; what was sent is checked at the server.
"""

from __future__ import annotations

import asyncio
import importlib
import statistics
import threading
import time
from pathlib import Path

from benchmarks.meter import Peak, Spent

QUESTION = "What is in the image?"
ANSWER = "The image shows a red bicycle that leans on a white wall next to a door. "
PIECE = "a few words "


def _contestant(name):
    return importlib.import_module(f"benchmarks.clients.{name}")


def _check(found, wanted):
    if found != wanted:
        raise AssertionError(f"got {found!r:.80}, not {wanted!r:.80}")


def text(client, where, calls):
    """Short questions, one after the other."""
    who = _contestant(client).Blocking(where)
    for _ in range(30):
        _check(who.ask(QUESTION), ANSWER)
    count = int(calls)
    while True:
        times = []
        with Spent() as spent:
            for _ in range(count):
                began = time.perf_counter()
                who.ask(QUESTION)
                times.append(time.perf_counter() - began)
        yield {"p50": statistics.median(times) * 1e6, "cpu": spent.cpu / count * 1e6}


def image(client, where, path, given, calls):
    """One image, in a process that has asked something before."""
    who = _contestant(client).Blocking(where)
    _check(who.ask(QUESTION), ANSWER)
    source = Path(path) if given == "path" else Path(path).read_bytes()
    count = int(calls)
    with Peak() as peak:
        _check(who.look(QUESTION, source), ANSWER)
    with Spent() as spent:
        for _ in range(count):
            who.look(QUESTION, source)
    yield {
        "cpu": spent.cpu / count * 1e3,
        "wall": spent.wall / count * 1e3,
        "memory": peak.mib,
    }


def conversation(client, where, path, turns):
    """A conversation that gets an image at every turn."""
    who = _contestant(client).Blocking(where)
    _check(who.ask(QUESTION), ANSWER)
    sources = [Path(path)] * int(turns)
    with Peak() as peak, Spent() as spent:
        took = who.converse(QUESTION, sources)
    growth = statistics.linear_regression(range(len(took)), took).slope
    yield {
        "cpu": spent.cpu * 1e3,
        "wall": spent.wall * 1e3,
        "memory": peak.mib,
        "growth": growth * 1e3,
    }


def stream(client, where, chunks, pause, each):
    """A stream to its end, its text read at the end or at every chunk."""
    who = _contestant(client).Blocking(where)
    count, model = int(chunks), f"bench/{chunks}/{pause}"
    _check(who.stream("bench/50/0", each == "yes"), 50 * len(PIECE))
    while True:
        with Peak() as peak, Spent() as spent:
            length = who.stream(model, each == "yes")
        _check(length, count * len(PIECE))
        yield {
            "cpu": spent.cpu / count * 1e6,
            "wall": spent.wall / count * 1e6,
            "memory": peak.mib,
        }


def async_streams(client, where, streams, chunks, pause, each):
    """Streams side by side in one event loop."""
    loop = asyncio.new_event_loop()
    wide, count, model = int(streams), int(chunks), f"bench/{chunks}/{pause}"

    async def run(who):
        return await asyncio.gather(*(who.stream(model, each == "yes") for _ in range(wide)))

    async def begin():
        who = _contestant(client).Asyncio(where)
        await who.stream("bench/50/0", False)
        return who

    who = loop.run_until_complete(begin())
    while True:
        with Spent() as spent:
            lengths = loop.run_until_complete(run(who))
        _check(set(lengths), {count * len(PIECE)})
        pieces = count * wide
        yield {"cpu": spent.cpu / pieces * 1e6, "wall": spent.wall / pieces * 1e6}


def async_calls(client, where, wide, calls):
    """Short questions, many at the same time, in one event loop."""
    loop = asyncio.new_event_loop()
    count = int(calls)

    async def one(who):
        for _ in range(count):
            await who.ask(QUESTION)

    async def run(who):
        await asyncio.gather(*(one(who) for _ in range(int(wide))))

    async def begin():
        who = _contestant(client).Asyncio(where)
        await asyncio.gather(*(who.ask(QUESTION) for _ in range(int(wide))))
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
    """Short questions from many threads that share one client."""
    who = _contestant(client).Blocking(where)
    who.ask(QUESTION)
    count = int(calls)

    def one():
        for _ in range(count):
            who.ask(QUESTION)

    while True:
        crew = [threading.Thread(target=one) for _ in range(int(wide))]
        with Spent() as spent:
            for thread in crew:
                thread.start()
            for thread in crew:
                thread.join()
        done = int(wide) * count
        yield {"wall": spent.wall / done * 1e6, "cpu": spent.cpu / done * 1e6}


def bulk(client, where, path, wide, how):
    """Large images, many at the same time."""
    source = Path(path)
    module = _contestant(client)
    if how == "threads":
        who = module.Blocking(where)
        who.ask(QUESTION)
        crew = [
            threading.Thread(target=who.look, args=(QUESTION, source)) for _ in range(int(wide))
        ]
        with Peak() as peak, Spent() as spent:
            for thread in crew:
                thread.start()
            for thread in crew:
                thread.join()
    else:

        async def begin():
            who = module.Asyncio(where)
            await who.ask(QUESTION)
            return who

        async def run(who):
            await asyncio.gather(*(who.look(QUESTION, source) for _ in range(int(wide))))

        loop = asyncio.new_event_loop()
        who = loop.run_until_complete(begin())
        with Peak() as peak, Spent() as spent:
            loop.run_until_complete(run(who))
    yield {"memory": peak.mib, "cpu": spent.cpu * 1e3, "wall": spent.wall * 1e3}
