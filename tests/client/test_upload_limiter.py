"""The limit of concurrent uploads: its deadlines, and what it must not delay."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading

import grpc
import pytest

from tests.client.drivers import DRIVERS
from tests.sample_images import MIB, jpeg_of
from tests.testing.waiting import LIMIT, until
from xai_vision import AsyncClient, Client
from xai_vision._transport._channels import upload_limiter
from xai_vision.chat import image, user
from xai_vision.errors import (
    ClientClosedError,
    RequestCancelledError,
    RequestTimeoutError,
    ServerError,
)
from xai_vision.testing import FakeServer, Fault

IMAGE = jpeg_of(2 * MIB)
QUEUE_TIMEOUT = "other large requests of this client were being sent"


@pytest.fixture(params=DRIVERS)
def kind(request):
    return DRIVERS[request.param]


@pytest.fixture
def one_at_a_time(monkeypatch):
    monkeypatch.setattr(upload_limiter, "UPLOAD_BUDGET_BYTES", MIB)


@pytest.fixture
def silent():
    """A server that accepts connections but never reads or writes, so that no upload ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"localhost:{listener.getsockname()[1]}"


def test_concurrent_requests_all_arrive(kind, server, one_at_a_time):
    driver = kind(api_key=server.api_key, api_host=server.target)
    images = [jpeg_of(2 * MIB + number) for number in range(6)]
    if hasattr(driver, "loop"):

        async def call():
            return await asyncio.gather(*(driver.chat(image(data)).sample() for data in images))

        driver.loop.run_until_complete(call())
    else:
        workers = [
            threading.Thread(target=driver.sample, args=(image(data),), daemon=True)
            for data in images
        ]
        for thread in workers:
            thread.start()
        for thread in workers:
            thread.join(LIMIT)
    driver.close()
    assert sorted(call.images[0].size for call in server.calls) == list(map(len, images))
    assert {(call.method, call.status) for call in server.calls} == {("GetCompletion", "OK")}


def test_waiting_for_a_response_holds_no_slot(kind, server, one_at_a_time):
    driver = kind(api_key=server.api_key, api_host=server.target)
    server.fault(Fault.hang(), prompt="hang")
    if hasattr(driver, "loop"):

        async def call():
            hanging = asyncio.ensure_future(driver.chat("hang", image(IMAGE)).sample())
            await asyncio.to_thread(server.calls.wait_for, 1, LIMIT)
            response = await driver.chat(image(IMAGE)).sample(timeout=LIMIT)
            assert not hanging.done()
            hanging.cancel()
            return response

        response = driver.loop.run_until_complete(call())
    else:
        hanging = threading.Thread(target=_expect_closed, args=(driver.chat("hang", image(IMAGE)),))
        hanging.start()
        server.calls.wait_for(1, LIMIT)
        response = driver.sample(image(IMAGE), timeout=LIMIT)
        assert hanging.is_alive()
    driver.close()
    assert response.content
    assert server.calls[0].wait_cancelled(LIMIT)


@pytest.mark.parametrize("failure", [Fault.internal(), Fault.malformed()])
def test_a_failure_releases_the_slot(kind, server, one_at_a_time, failure):
    driver = kind(api_key=server.api_key, api_host=server.target, retries=0)
    server.fault(failure, next=2)
    for _ in range(2):
        with pytest.raises(ServerError) as caught:
            driver.sample(image(IMAGE))
        assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert driver.sample(image(IMAGE), timeout=LIMIT).content
    driver.close()


def test_the_deadline_holds_in_the_queue(silent, one_at_a_time):
    client = Client("key", api_host=silent)
    chat = client.chat.create("grok-4", messages=[user(image(IMAGE))])
    first = threading.Thread(target=_expect_closed, args=(chat,), daemon=True)
    first.start()
    until(lambda: not _limiter(chat)._free)
    with pytest.raises(RequestTimeoutError, match=QUEUE_TIMEOUT) as caught:
        chat.sample(timeout=0.3)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    client.close()
    first.join(LIMIT)
    assert not first.is_alive()


async def test_the_deadline_holds_in_the_queue_in_asyncio(silent, one_at_a_time):
    client = AsyncClient("key", api_host=silent)
    chat = client.chat.create("grok-4", messages=[user(image(IMAGE))])
    first = asyncio.ensure_future(chat.sample())
    await asyncio.sleep(0)
    assert not _limiter(chat)._free
    with pytest.raises(RequestTimeoutError, match=QUEUE_TIMEOUT) as caught:
        await chat.sample(timeout=0.3)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await client.close()
    with pytest.raises(RequestCancelledError, match="closed during the call"):
        await first


def test_closing_the_client_ends_queued_calls(silent, one_at_a_time):
    client = Client("key", api_host=silent)
    chat = client.chat.create("grok-4", messages=[user(image(IMAGE))])
    workers = [threading.Thread(target=_expect_closed, args=(chat,), daemon=True) for _ in range(4)]
    for thread in workers:
        thread.start()
    until(lambda: len(_limiter(chat)._waiting) == 3)
    client.close()
    for thread in workers:
        thread.join(LIMIT)
    assert not any(thread.is_alive() for thread in workers)


async def test_closing_the_asyncio_client_ends_queued_calls(silent, one_at_a_time):
    client = AsyncClient("key", api_host=silent)
    chat = client.chat.create("grok-4", messages=[user(image(IMAGE))])
    workers = [asyncio.ensure_future(chat.sample()) for _ in range(4)]
    await asyncio.sleep(0)
    assert len(_limiter(chat)._waiting) == 3
    await client.close()
    results = await asyncio.wait_for(asyncio.gather(*workers, return_exceptions=True), LIMIT)
    assert all(isinstance(end, (ClientClosedError, RequestCancelledError)) for end in results), (
        results
    )


async def test_a_cancelled_task_leaves_the_queue(server, one_at_a_time):
    async with AsyncClient(server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4", messages=[user(image(IMAGE))])
        workers = [asyncio.ensure_future(chat.sample()) for _ in range(6)]
        await asyncio.sleep(0)
        for task in workers[:5]:
            task.cancel()
        results = await asyncio.gather(*workers, return_exceptions=True)
        assert [type(end) for end in results[:5]] == [asyncio.CancelledError] * 5
        assert results[5].content
        assert (await chat.sample(timeout=LIMIT)).content


def test_small_requests_are_not_queued(silent, server, one_at_a_time):
    """They are sent at once, even when the budget is used up."""
    with Client(server.api_key, api_host=server.target) as client:
        slot = _limiter(client.chat.create("grok-4")).enqueue(MIB, lambda: None)
        assert slot.granted
        assert client.chat.create("grok-4", messages=[user("Hi")]).sample(timeout=LIMIT).content
        with pytest.raises(RequestTimeoutError, match=QUEUE_TIMEOUT):
            client.chat.create("grok-4", messages=[user(image(IMAGE))]).sample(timeout=0.2)
        slot.end()
        assert client.chat.create("grok-4", messages=[user(image(IMAGE))]).sample().content


@pytest.fixture(scope="module")
def server():
    with FakeServer() as running:
        yield running


@pytest.fixture(autouse=True)
def _clear(server):
    yield
    server.clear()


def _limiter(chat):
    transport = chat._transport
    channel = (
        transport._channel if hasattr(transport, "_channel") else transport._channels.current()
    )
    return channel.limiter


def _expect_closed(chat):
    with pytest.raises((ClientClosedError, RequestCancelledError)) as caught:
        chat.sample()
    assert "closed" in str(caught.value)


# --- what the limit must not delay ---


def test_a_stalled_upload_does_not_block_the_others(kind, server, monkeypatch, one_at_a_time):
    monkeypatch.setattr(upload_limiter, "STALL_SECONDS", 0.2)
    driver = kind(api_key=server.api_key, api_host=server.target)
    if hasattr(driver, "loop"):
        channel = driver.loop.run_until_complete(_loop_channel(driver.client))
        slot = channel.limiter.enqueue(MIB, lambda: None)
    else:
        slot = _limiter(driver.client.chat.create("grok-4")).enqueue(MIB, lambda: None)
    assert slot.granted
    for _ in range(2):
        assert driver.sample(image(IMAGE), timeout=LIMIT).content
    slot.end()
    driver.close()


async def _loop_channel(client):
    return client.chat.create("grok-4")._transport._channels.current()


def test_waiting_for_a_server_takes_no_slot(silent, one_at_a_time):
    with Client("key", api_host=silent) as client:
        chat = client.chat.create("grok-4", messages=[user(image(IMAGE))])
        with pytest.raises(RequestTimeoutError) as caught:
            chat.sample(timeout=0.3, wait_for_ready=True)
        assert QUEUE_TIMEOUT not in str(caught.value)
        assert chat._transport._channel.limiter.enqueue(MIB, lambda: None).granted


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_does_not_wait_for_its_parents_slots(server, one_at_a_time):
    script = f"""
import os
from tests.sample_images import MIB, jpeg_of
from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision._transport._channels import upload_limiter
upload_limiter.UPLOAD_BUDGET_BYTES = MIB
client = Client({server.api_key!r}, api_host={server.target!r})
chat = client.chat.create("grok-4", messages=[user(image(jpeg_of(2 * MIB)))])
assert chat._transport._channel.limiter.enqueue(MIB, lambda: None).granted
upload_limiter.STALL_SECONDS = 60
child = os.fork()
if child == 0:
    os._exit(0 if chat.sample(timeout=60).content else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
os._exit(0)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.split() == ["0"], result.stderr


@pytest.mark.slow
def test_an_interrupted_call_leaves_nothing_behind(silent):
    """The exception of a signal ends the call and grpc's sending thread."""
    client = Client("key", api_host=silent)
    chat = client.chat.create("grok-4", messages=[user(image(IMAGE))])

    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop

    before, earlier = threading.active_count(), signal.signal(signal.SIGALRM, stop)
    try:
        for _ in range(3):
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(Stop):
                chat.sample()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)
    client.close()
    until(lambda: threading.active_count() <= before)


async def test_a_cancellation_while_the_slot_is_granted(server, one_at_a_time):
    async with AsyncClient(server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4", messages=[user(image(IMAGE))])
        channel = chat._transport._channels.current()
        for passes in range(4):
            slot = channel.limiter.enqueue(MIB, lambda: None)
            task = asyncio.ensure_future(chat.sample())
            await asyncio.sleep(0)
            assert channel.limiter._waiting
            slot.end()
            for _ in range(passes):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert (await chat.sample(timeout=LIMIT)).content
