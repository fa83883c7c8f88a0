"""Closing a stream early, in every way, cancels the call on the server."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from tests.testing.waiting import LIMIT
from xai_vision import AsyncClient, Client
from xai_vision._transport._channels import blocking_rpc
from xai_vision.chat import user
from xai_vision.errors import StreamBrokenError
from xai_vision.testing import FakeServer, Reply

LONG = "word " * 2000


@pytest.fixture
def server():
    with FakeServer() as running:
        running.on(prompt="slow").reply(Reply(LONG, chunks=400, tps=200)).optional()
        yield running


def slow(client):
    return client.chat.create("grok-4").append(user("slow"))


def assert_cancelled(server) -> None:
    assert server.calls.last.wait_cancelled(LIMIT), server.calls.last


def test_break(server, client, capfd):
    for _ in slow(client).stream():
        break
    assert_cancelled(server)
    assert capfd.readouterr().err == ""


def test_close(server, client, capfd):
    pairs = slow(client).stream()
    next(pairs)
    pairs.close()
    assert_cancelled(server)
    assert capfd.readouterr().err == ""


def test_an_exception_in_the_loop(server, client):
    with pytest.raises(ZeroDivisionError):
        for _ in slow(client).stream():
            raise ZeroDivisionError
    assert_cancelled(server)


def test_deleting_the_iterator(server, client, capfd):
    pairs = slow(client).stream()
    next(pairs)
    del pairs
    gc.collect()
    assert_cancelled(server)
    assert capfd.readouterr().err == ""


def test_ask_stream_left_early(server, client):
    chat = client.chat.create("grok-4")
    for _ in chat.ask_stream("slow"):
        break
    assert_cancelled(server)
    assert len(chat.messages) == 0


def test_closing_the_client(server):
    client = Client(api_key=server.api_key, api_host=server.target)
    pairs = slow(client).stream()
    next(pairs)
    client.close()
    assert_cancelled(server)
    with pytest.raises(StreamBrokenError, match="the client was closed during the call"):
        list(pairs)


async def test_async_break_and_aclose(server, aclient, capfd):
    pairs = slow(aclient).stream()
    async for _ in pairs:
        break
    await pairs.aclose()
    await asyncio.to_thread(assert_cancelled, server)
    assert capfd.readouterr().err == ""


async def test_async_exception_in_the_loop(server, aclient):
    from contextlib import aclosing

    with pytest.raises(ZeroDivisionError):
        async with aclosing(slow(aclient).stream()) as pairs:
            async for _ in pairs:
                raise ZeroDivisionError
    await asyncio.to_thread(assert_cancelled, server)


async def test_cancelling_the_task(server, aclient):
    started = asyncio.Event()

    async def read() -> None:
        async for _ in slow(aclient).stream():
            started.set()

    task = asyncio.create_task(read())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(assert_cancelled, server)


async def test_cancelling_the_task_of_a_unary_call(server, aclient):
    server.on(prompt="late").reply(Reply("x", ttft=30))
    task = asyncio.create_task(aclient.chat.create("grok-4").append(user("late")).sample())
    await asyncio.to_thread(server.calls.wait_for, 1, LIMIT)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(assert_cancelled, server)


async def test_deleting_an_async_iterator(server, aclient, capfd):
    pairs = slow(aclient).stream()
    await anext(pairs)
    del pairs
    gc.collect()
    await asyncio.sleep(0)
    await asyncio.to_thread(assert_cancelled, server)
    assert capfd.readouterr().err == ""


def test_ending_the_event_loop(server, capfd):
    async def main() -> None:
        client = AsyncClient(api_key=server.api_key, api_host=server.target)
        async for _ in slow(client).stream():
            break

    asyncio.run(main())
    assert_cancelled(server)
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_a_slow_reader_is_flow_controlled(server):
    # By default, gRPC enlarges its window on a slow machine, even to the size of this response.
    options = [("grpc.http2.bdp_probe", 0)]
    client = Client(server.api_key, api_host=server.target, channel_options=options)
    server.on(prompt="flood").reply(Reply("x" * 16_000_000, chunks=400))
    pairs = client.chat.create("grok-4").append(user("flood")).stream(timeout=60)
    _, first = next(pairs)
    time.sleep(0.5)
    call = server.calls.last
    assert call.status == "", "the server still waits for the reader"
    assert len(first.content) + sum(len(chunk.content) for _, chunk in pairs) == 16_000_000
    assert call.wait(LIMIT)
    assert call.status == "OK"
    client.close()


@pytest.mark.parametrize("kind", ["stream", "sample"])
def test_ctrl_c(server, kind):
    server.on(prompt="late").reply(Reply("x", ttft=30))
    code = f"""
        from xai_vision import Client
        from xai_vision.chat import user
        client = Client(api_key={server.api_key!r}, api_host={server.target!r})
        chat = client.chat.create("grok-4").append(user("late"))
        print("ready", flush=True)
        try:
            list(chat.stream()) if {kind!r} == "stream" else chat.sample()
        except KeyboardInterrupt:
            print("interrupted")
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert server.calls.wait_for(1, LIMIT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("interrupted\n", "", 0)
    assert_cancelled(server)


def test_streams_without_grpcs_internals(server, monkeypatch):
    """A grpcio whose internals have changed gets ordinary streams."""
    monkeypatch.setattr(blocking_rpc, "_drainable_class", lambda: None)
    client = Client(server.api_key, api_host=server.target)
    response = list(client.chat.create("grok-4").append(user("Hi")).stream())[-1][0]
    assert response.finish_reason == "REASON_STOP"
    for _ in slow(client).stream():
        break
    assert_cancelled(server)
    client.close()
