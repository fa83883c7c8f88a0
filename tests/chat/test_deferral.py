"""Deferred responses: started, then polled until they are done."""

from __future__ import annotations

import time
from functools import partial

import grpc
import pytest

from tests.sample_images import png
from xai_vision import Client, InvalidRequestError, RetryPolicy
from xai_vision.chat import image, user
from xai_vision.errors import RequestTimeoutError, UnavailableError
from xai_vision.testing import FakeServer, Fault

PROMPT = "What's in this image?"


def test_defer(client, server):
    server.deferred(ready_after_polls=2)
    chat = client.chat.create("grok-4").append(user(PROMPT, image(png())))
    response = chat.defer(interval=0.01)
    assert response.content == chat.sample().content
    methods = [call.method for call in server.calls][:-1]
    assert methods == ["StartDeferredCompletion"] + ["GetDeferredCompletion"] * 3
    assert len(chat.defer_batch(2, interval=0.01)) == 2


async def test_async_defer(aclient, server):
    server.deferred(ready_after_polls=2)
    chat = aclient.chat.create("grok-4").append(user("Hi"))
    assert (await chat.defer(interval=0.01)).finish_reason == "REASON_STOP"
    assert len(await chat.defer_batch(2, interval=0.01)) == 2


@pytest.mark.parametrize("batch", [False, True])
def test_options_of_the_calls_of_defer(client, server, batch):
    chat = client.chat.create("grok-4").append(user("Hi"))
    defer = partial(chat.defer_batch, 2) if batch else chat.defer
    for method in ("StartDeferredCompletion", "GetDeferredCompletion"):
        server.fault(Fault.unavailable(), next=1, method=method)
        server.calls.clear()
        with pytest.raises(UnavailableError):
            defer(interval=0.01, retries=0)
        server.fault(Fault.unavailable(), next=1, method=method)
        assert defer(interval=0.01, retries=RetryPolicy(attempts=2, initial=0.01))
    with pytest.raises(InvalidRequestError, match="wait_for_ready must be True or False"):
        defer(wait_for_ready=1)
    with pytest.raises(InvalidRequestError, match="timeout must be a finite time above 0"):
        defer(timeout=0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'idle_timeout'"):
        defer(idle_timeout=1)


async def test_options_of_the_calls_of_defer_with_asyncio(aclient, server):
    chat = aclient.chat.create("grok-4").append(user("Hi"))
    server.fault(Fault.unavailable(), next=2, method="GetDeferredCompletion")
    with pytest.raises(UnavailableError):
        await chat.defer(interval=0.01, retries=0)
    with pytest.raises(UnavailableError):
        await chat.defer_batch(2, interval=0.01, retries=0)
    assert await chat.defer(interval=0.01, retries=1, wait_for_ready=True)


def test_defer_can_wait_for_the_service():
    with FakeServer() as server:
        target = server.target
    waiting = Client(api_key="k", api_host=target, use_insecure_channel=True)
    with waiting as client:
        chat = client.chat.create("grok-4").append(user("Hi"))
        start = time.monotonic()
        with pytest.raises(RequestTimeoutError):
            chat.defer(timeout=0.5, retries=0, wait_for_ready=True)
        assert time.monotonic() - start >= 0.45
        with pytest.raises(UnavailableError):
            chat.defer(timeout=60, retries=0)


def test_a_deferred_response_that_is_not_done_in_time(client, server):
    server.deferred(ready_after_polls=1000)
    chat = client.chat.create("grok-4").append(user("Hi"))
    with pytest.raises(RequestTimeoutError, match="was not done after 1.5 seconds") as caught:
        chat.defer(timeout=1.5, interval=0.7)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    with pytest.raises(InvalidRequestError, match="interval must be a finite time above 0"):
        chat.defer(interval=0)


def test_a_poll_that_hangs_until_the_timeout(client, server):
    server.deferred(ready_after_polls=1000)
    hang = server.fault(Fault.hang(), method="GetDeferredCompletion", after=2)
    chat = client.chat.create("grok-4").append(user("Hi"))
    with pytest.raises(RequestTimeoutError, match="was not done after 1.5 seconds") as caught:
        chat.defer(timeout=1.5, interval=0.05)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert hang.fired == 1
