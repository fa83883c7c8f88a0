"""Closing a client ends its calls at once, whatever they wait for."""

from __future__ import annotations

import asyncio
import threading

import grpc
import pytest

from xai_vision import AsyncClient, Client, RetryPolicy
from xai_vision.chat import user
from xai_vision.errors import RequestCancelledError
from xai_vision.testing import FakeServer, Fault

LIMIT = 60  # seconds; a limit for waits, not a measurement
RETRIES = RetryPolicy(rate_limit_attempts=3, attempts=3, initial=90, maximum=90)


@pytest.fixture
def server():
    with FakeServer() as running:
        running.on(prompt="limited").replies(Fault.rate_limited(retry_after=90)).optional()
        running.on(prompt="unavailable").replies(Fault.unavailable()).optional()
        running.on(prompt="hang").replies(Fault.hang()).optional()
        running.deferred(ready_after_polls=3)
        yield running


def chat_of(client, prompt):
    return client.chat.create("grok-4").append(user(prompt))


def read_stream(client, prompt):
    return list(chat_of(client, prompt).stream(retries=RETRIES))


CALLS = {
    "sample": lambda client, prompt: chat_of(client, prompt).sample(retries=RETRIES),
    "stream": read_stream,
    "ask": lambda client, prompt: client.chat.create("grok-4").ask(prompt, retries=RETRIES),
}
WAITS = ["limited", "unavailable", "hang"]


async def aread_stream(client, prompt):
    return [pair async for pair in chat_of(client, prompt).stream(retries=RETRIES)]


ASYNC_CALLS = {**CALLS, "stream": aread_stream}


def check_error(error):
    assert type(error) is RequestCancelledError
    assert error.code() is grpc.StatusCode.CANCELLED
    assert "the client was closed during the call" in str(error)


@pytest.mark.parametrize("prompt", WAITS)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_of_another_thread(server, call, prompt):
    client = Client(api_key=server.api_key, api_host=server.target)
    check_error(error_of_closed_call(server, client, lambda: CALLS[call](client, prompt), prompt))


def test_the_wait_between_two_polls(server):
    client = Client(api_key=server.api_key, api_host=server.target)
    chat = chat_of(client, "x")
    check_error(error_of_closed_call(server, client, lambda: chat.defer(interval=90), calls=2))


def error_of_closed_call(server, client, call, prompt="", calls=1):
    errors: list[Exception] = []

    def run():
        try:
            call()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert server.calls.wait_for(calls, LIMIT)
    if prompt != "hang":
        assert server.calls.last.wait(LIMIT)
    client.close()
    thread.join(LIMIT)
    assert not thread.is_alive()
    return errors[0]


@pytest.mark.parametrize("prompt", WAITS)
@pytest.mark.parametrize("call", ASYNC_CALLS)
async def test_a_call_of_another_task(server, call, prompt):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)
    await check_closed_task(server, client, ASYNC_CALLS[call](client, prompt), prompt)


async def test_the_wait_between_two_polls_of_another_task(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)
    await check_closed_task(server, client, chat_of(client, "x").defer(interval=90), calls=2)


async def check_closed_task(server, client, call, prompt="", calls=1):
    task = asyncio.ensure_future(call)
    assert await asyncio.to_thread(server.calls.wait_for, calls, LIMIT)
    if prompt != "hang":
        assert await asyncio.to_thread(server.calls.last.wait, LIMIT)
    await client.close()
    await asyncio.wait({task}, timeout=LIMIT)
    check_error(task.exception())
