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


def text(name, server, calls):
    """Send short prompts in sequence."""
    client = _load_client(name).Blocking(server)
    for _ in range(30):
        _check(client.ask(PROMPT), ANSWER)
    count = int(calls)
    while True:
        times = []
        with Spent() as spent:
            for _ in range(count):
                start = time.perf_counter()
                client.ask(PROMPT)
                times.append(time.perf_counter() - start)
        yield {"p50": statistics.median(times) * 1e6, "cpu": spent.cpu / count * 1e6}


def image(name, server, path, source_type, calls):
    """Send one image after a warm-up call."""
    client = _load_client(name).Blocking(server)
    _check(client.ask(PROMPT), ANSWER)
    source = Path(path) if source_type == "path" else Path(path).read_bytes()
    count = int(calls)
    with Peak() as peak:
        _check(client.ask_image(PROMPT, source), ANSWER)
    with Spent() as spent:
        for _ in range(count):
            client.ask_image(PROMPT, source)
    yield {
        "cpu": spent.cpu / count * 1e3,
        "wall": spent.wall / count * 1e3,
        "memory": peak.mib,
    }


def upload(name, server, path):
    """Upload a file after a warm-up call."""
    client = _load_client(name).Blocking(server)
    _check(client.ask(PROMPT), ANSWER)
    size = Path(path).stat().st_size
    with Peak() as peak, Spent() as spent:
        _check(client.upload(Path(path)), size)
    yield {"cpu": spent.cpu * 1e3, "wall": spent.wall * 1e3, "memory": peak.mib}


def conversation(name, server, path, turns):
    """Run a conversation with an image in every turn."""
    client = _load_client(name).Blocking(server)
    _check(client.ask(PROMPT), ANSWER)
    sources = [Path(path)] * int(turns)
    with Peak() as peak, Spent() as spent:
        times = client.converse(PROMPT, sources)
    growth = statistics.linear_regression(range(len(times)), times).slope
    yield {
        "cpu": spent.cpu * 1e3,
        "wall": spent.wall * 1e3,
        "memory": peak.mib,
        "growth": growth * 1e3,
    }


def stream(name, server, chunks, pause, read_each):
    """Read a stream; read its text at the end or at every chunk."""
    client = _load_client(name).Blocking(server)
    count, model = int(chunks), f"bench/{chunks}/{pause}"
    _check(client.stream("bench/50/0", read_each == "yes"), 50 * len(CHUNK))
    while True:
        with Peak() as peak, Spent() as spent:
            length = client.stream(model, read_each == "yes")
        _check(length, count * len(CHUNK))
        yield {
            "cpu": spent.cpu / count * 1e6,
            "wall": spent.wall / count * 1e6,
            "memory": peak.mib,
        }


def async_streams(name, server, streams, chunks, pause, read_each):
    """Read concurrent streams in one event loop."""
    loop = asyncio.new_event_loop()
    concurrency, count, model = int(streams), int(chunks), f"bench/{chunks}/{pause}"

    async def run(client):
        return await asyncio.gather(
            *(client.stream(model, read_each == "yes") for _ in range(concurrency))
        )

    async def connect():
        client = _load_client(name).Asyncio(server)
        await client.stream("bench/50/0", False)
        return client

    client = loop.run_until_complete(connect())
    while True:
        with Spent() as spent:
            lengths = loop.run_until_complete(run(client))
        _check(set(lengths), {count * len(CHUNK)})
        chunks = count * concurrency
        yield {"cpu": spent.cpu / chunks * 1e6, "wall": spent.wall / chunks * 1e6}


def async_calls(name, server, concurrency, calls):
    """Send concurrent short prompts in one event loop."""
    loop = asyncio.new_event_loop()
    count = int(calls)

    async def work(client):
        for _ in range(count):
            await client.ask(PROMPT)

    async def run(client):
        await asyncio.gather(*(work(client) for _ in range(int(concurrency))))

    async def connect():
        client = _load_client(name).Asyncio(server)
        await asyncio.gather(*(client.ask(PROMPT) for _ in range(int(concurrency))))
        return client

    client = loop.run_until_complete(connect())
    while True:
        with Spent() as spent:
            loop.run_until_complete(run(client))
        total = int(concurrency) * count
        yield {
            "wall": spent.wall / total * 1e6,
            "cpu": spent.cpu / total * 1e6,
            "rate": total / spent.wall,
        }


def threads(name, server, concurrency, calls):
    """Send short prompts from threads that share a client."""
    client = _load_client(name).Blocking(server)
    client.ask(PROMPT)
    count = int(calls)

    def work():
        for _ in range(count):
            client.ask(PROMPT)

    while True:
        workers = [threading.Thread(target=work) for _ in range(int(concurrency))]
        with Spent() as spent:
            for thread in workers:
                thread.start()
            for thread in workers:
                thread.join()
        total = int(concurrency) * count
        yield {"wall": spent.wall / total * 1e6, "cpu": spent.cpu / total * 1e6}


def bulk(name, server, path, concurrency, mode):
    """Send large images concurrently."""
    source = Path(path)
    module = _load_client(name)
    if mode == "threads":
        client = module.Blocking(server)
        client.ask(PROMPT)
        workers = [
            threading.Thread(target=client.ask_image, args=(PROMPT, source))
            for _ in range(int(concurrency))
        ]
        with Peak() as peak, Spent() as spent:
            for thread in workers:
                thread.start()
            for thread in workers:
                thread.join()
    else:

        async def connect():
            client = module.Asyncio(server)
            await client.ask(PROMPT)
            return client

        async def run(client):
            await asyncio.gather(
                *(client.ask_image(PROMPT, source) for _ in range(int(concurrency)))
            )

        loop = asyncio.new_event_loop()
        client = loop.run_until_complete(connect())
        with Peak() as peak, Spent() as spent:
            loop.run_until_complete(run(client))
    yield {"memory": peak.mib, "cpu": spent.cpu * 1e3, "wall": spent.wall * 1e3}
