"""``cancel()`` of a stream, from its own and from other threads and tasks."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from xai_vision import AsyncClient, RetryPolicy
from xai_vision.chat import AsyncStream, Stream, user
from xai_vision.testing import FakeServer, Fault, Reply

LIMIT = 60  # seconds; a limit for waits, not a measurement
SHAPES = pytest.mark.parametrize("shape", ["stream", "stream_batch", "ask_stream"])


@pytest.fixture
def server():
    with FakeServer() as running:
        running.on(prompt="hang").replies(Fault.hang()).optional()
        running.on(prompt="hang later").replies(Fault.hang(after_chunks=2)).optional()
        running.on(prompt="limited").replies(
            *[Fault.rate_limited(retry_after=90) for _ in range(3)]
        ).optional()
        yield running


def open_stream(client, shape, prompt, **kwargs):
    chat = client.chat.create("grok-4")
    if shape == "ask_stream":
        return chat, chat.ask_stream(prompt, **kwargs)
    chat.append(user(prompt))
    if shape == "stream_batch":
        return chat, chat.stream_batch(2, **kwargs)
    return chat, chat.stream(**kwargs)


def read_in_thread(stream):
    """Read a stream in another thread; return the thread, and the list its items go to."""
    items: list = []
    thread = threading.Thread(target=lambda: items.extend(stream), daemon=True)
    thread.start()
    return thread, items


@SHAPES
@pytest.mark.parametrize("prompt", ["hang", "hang later"])
@pytest.mark.parametrize("idle", [None, 300])
def test_from_another_thread(server, client, shape, prompt, idle):
    chat, stream = open_stream(client, shape, prompt, idle_timeout=idle)
    assert isinstance(stream, Stream)
    thread, items = read_in_thread(stream)
    assert server.calls.wait_for(1, LIMIT)
    stream.cancel()
    thread.join(LIMIT)
    assert not thread.is_alive()
    assert len(items) <= 2
    assert server.calls.last.wait_cancelled(LIMIT)
    if shape == "ask_stream":
        assert len(chat.messages) == 0, "nothing of a cancelled stream is appended"
    assert list(stream) == []


@SHAPES
def test_what_arrived_is_kept(client, shape):
    _, stream = open_stream(client, shape, "hang later")
    first = next(stream)
    second = next(stream)
    stream.cancel()
    assert list(stream) == []
    response = second[0][0] if shape == "stream_batch" else second[0]
    assert response.content
    assert first[0] is second[0]


@SHAPES
def test_during_the_wait_before_a_retry(server, client, shape):
    _, stream = open_stream(client, shape, "limited", retries=RetryPolicy(rate_limit_attempts=3))
    thread, items = read_in_thread(stream)
    assert server.calls.wait_for(1, LIMIT)
    assert server.calls.last.wait(LIMIT)
    stream.cancel()
    thread.join(LIMIT)
    assert not thread.is_alive()
    assert items == []
    assert len(server.calls) == 1


@SHAPES
def test_before_the_first_read_nothing_is_sent(server, client, shape):
    _, stream = open_stream(client, shape, "x")
    stream.cancel()
    stream.cancel()
    assert list(stream) == []
    assert len(server.calls) == 0


def test_after_the_end_changes_nothing(server, client):
    _, stream = open_stream(client, "stream", "x")
    response = list(stream)[-1][0]
    stream.cancel()
    stream.close()
    assert response.finish_reason == "REASON_STOP"
    assert server.calls.last.status == "OK"


def test_other_streams_go_on(server, client):
    server.on(prompt="go on").reply(Reply("word " * 50, chunks=50))
    _, cancelled = open_stream(client, "stream", "hang later")
    _, other = open_stream(client, "stream", "go on")
    next(cancelled)
    next(other)
    cancelled.cancel()
    assert list(other)[-1][0].content == "word " * 50


def test_a_context_manager_ends_the_call(server, client):
    with open_stream(client, "stream", "hang later")[1] as stream:
        next(stream)
    assert server.calls.last.wait_cancelled(LIMIT)
    assert list(stream) == []


def test_closing_while_another_thread_reads(server, client):
    _, stream = open_stream(client, "stream", "hang")
    thread, _ = read_in_thread(stream)
    assert server.calls.wait_for(1, LIMIT)
    stream.close()
    thread.join(LIMIT)
    assert not thread.is_alive()


async def read(stream):
    return [item async for item in stream]


@SHAPES
@pytest.mark.parametrize("prompt", ["hang", "hang later"])
@pytest.mark.parametrize("idle", [None, 300])
@pytest.mark.parametrize("by", ["task", "thread"])
async def test_async_from_another_task_or_thread(server, aclient, shape, prompt, idle, by):
    chat, stream = open_stream(aclient, shape, prompt, idle_timeout=idle)
    assert isinstance(stream, AsyncStream)
    reading = asyncio.create_task(read(stream))
    assert await asyncio.to_thread(server.calls.wait_for, 1, LIMIT)
    if by == "task":
        stream.cancel()
    else:
        await asyncio.to_thread(stream.cancel)
    await asyncio.wait({reading}, timeout=LIMIT)
    assert len(reading.result()) <= 2
    assert await asyncio.to_thread(server.calls.last.wait_cancelled, LIMIT)
    if shape == "ask_stream":
        assert len(chat.messages) == 0
    assert await read(stream) == []


@SHAPES
async def test_async_during_the_wait_before_a_retry(server, aclient, shape):
    _, stream = open_stream(aclient, shape, "limited", retries=RetryPolicy(rate_limit_attempts=3))
    reading = asyncio.create_task(read(stream))
    assert await asyncio.to_thread(server.calls.wait_for, 1, LIMIT)
    assert await asyncio.to_thread(server.calls.last.wait, LIMIT)
    stream.cancel()
    await asyncio.wait({reading}, timeout=LIMIT)
    assert reading.result() == []
    assert len(server.calls) == 1


async def test_async_before_the_first_read_nothing_is_sent(server, aclient):
    _, stream = open_stream(aclient, "stream", "x")
    stream.cancel()
    assert await read(stream) == []
    assert len(server.calls) == 0


async def test_async_context_manager_ends_the_call(server, aclient):
    async with open_stream(aclient, "stream", "hang later")[1] as stream:
        await anext(stream)
    assert await asyncio.to_thread(server.calls.last.wait_cancelled, LIMIT)


async def test_aclose_while_another_task_reads(server, aclient):
    _, stream = open_stream(aclient, "stream", "hang")
    reading = asyncio.create_task(read(stream))
    assert await asyncio.to_thread(server.calls.wait_for, 1, LIMIT)
    await stream.aclose()
    await asyncio.wait({reading}, timeout=LIMIT)
    assert reading.result() == []


async def test_cancel_in_a_task_that_swallowed_a_cancellation(server, aclient):
    reading = asyncio.Event()

    async def survive():
        # The task goes on, but its cancellation is still counted.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(LIMIT)
        stream = open_stream(aclient, "stream", "hang later")[1]
        items = []
        async for item in stream:
            items.append(item)
            reading.stream = stream
            reading.set()
        return items

    task = asyncio.create_task(survive())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait_for(reading.wait(), LIMIT)
    reading.stream.cancel()
    await asyncio.wait({task}, timeout=LIMIT)
    assert 1 <= len(task.result()) <= 2


def test_async_cancel_after_its_loop_is_closed(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)

    async def begin():
        _, stream = open_stream(client, "stream", "hang later")
        await anext(stream)
        return stream

    stream = asyncio.run(begin())
    stream.cancel()


@pytest.mark.parametrize("idle", [None, 300], ids=["plain", "idle_timeout"])
async def test_no_cancelled_task_runs_to_its_end(server, aclient, idle):
    """Python up to 3.11 loses cancellations in ``asyncio.wait_for``; nothing here may use it."""
    server.on(prompt="long").reply(Reply("word " * 2000, chunks=2000, tps=8000))

    async def read_on(started: asyncio.Event) -> None:
        async for _ in open_stream(aclient, "stream", "long", idle_timeout=idle)[1]:
            started.set()

    count = 0
    for turns in range(0, 400, 10):
        events = [asyncio.Event() for _ in range(8)]
        tasks = [asyncio.create_task(read_on(event)) for event in events]
        await asyncio.wait({asyncio.ensure_future(event.wait()) for event in events}, timeout=LIMIT)
        for _ in range(turns):
            await asyncio.sleep(0)
        cancelled = [task for task in tasks if task.cancel()]
        await asyncio.wait(tasks, timeout=LIMIT)
        assert all(task.cancelled() for task in cancelled)
        count += len(cancelled)
    assert count > 100
