"""Large requests take turns at being sent; nobody waits for somebody else's answer."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.drivers import DRIVERS
from tests.pictures import MIB, jpeg_of
from xai_vision import AsyncClient, Client
from xai_vision._transport import upload_limiter as sending
from xai_vision._transport.upload_limiter import UploadLimiter
from xai_vision.chat import image, user
from xai_vision.errors import (
    ClientClosedError,
    RequestCancelledError,
    RequestTimeoutError,
    ServerError,
)
from xai_vision.testing import FakeServer, Fault

PICTURE = jpeg_of(2 * MIB)
WAITED = "other large requests of this client were being sent"


@pytest.fixture(params=DRIVERS)
def kind(request):
    return DRIVERS[request.param]


@pytest.fixture
def one_at_a_time(monkeypatch):
    monkeypatch.setattr(sending, "UPLOAD_BUDGET_BYTES", MIB)


@pytest.fixture
def silent():
    """Takes connections and says nothing, so that nothing is ever sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"localhost:{listener.getsockname()[1]}"


# --- the queue alone ---


@given(st.lists(st.tuples(st.integers(1, 120), st.integers(0, 3)), max_size=40), st.data())
def test_turns_come_in_order_and_within_the_room(steps, data):
    sending_, whole = UploadLimiter(), sending.UPLOAD_BUDGET_BYTES
    woken, queued, held = [], [], []
    for megabytes, ends in steps:
        size, number = megabytes * MIB, len(queued)
        turn = sending_.enqueue(size, lambda number=number: woken.append(number))
        queued.append((turn, min(size, whole)))
        held.append(number)
        for _ in range(ends):
            if held:
                place = data.draw(st.integers(0, len(held) - 1))
                queued[held[place]][0].end()
                queued[held.pop(place)][0].end()
            now = [number for number in held if queued[number][0].granted]
            assert sum(queued[number][1] for number in now) <= whole
            assert now == held[: len(now)], "nobody is passed by"
            if held:
                assert now, "the first in the queue never waits for nothing"
    assert woken == sorted(woken)
    for number in held:
        queued[number][0].end()
    assert sending_.enqueue(whole, lambda: None).granted, "all of the room is free again"


def test_room_for_one_that_is_larger_than_all_of_it():
    line = UploadLimiter()
    huge = line.enqueue(10 * sending.UPLOAD_BUDGET_BYTES, lambda: None)
    after = line.enqueue(1, lambda: None)
    assert huge.granted
    assert not after.granted
    huge.end()
    assert after.granted


# --- over the wire ---


def test_many_at_once_all_arrive_whole(kind, server, one_at_a_time):
    driver = kind(api_key=server.api_key, api_host=server.target)
    pictures = [jpeg_of(2 * MIB + number) for number in range(6)]
    if hasattr(driver, "loop"):

        async def ask():
            return await asyncio.gather(*(driver.chat(image(one)).sample() for one in pictures))

        driver.loop.run_until_complete(ask())
    else:
        crew = [
            threading.Thread(target=driver.sample, args=(image(one),), daemon=True)
            for one in pictures
        ]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join(30)
    driver.close()
    assert sorted(call.images[0].size for call in server.calls) == list(map(len, pictures))
    assert {(call.method, call.status) for call in server.calls} == {("GetCompletion", "OK")}


def test_who_waits_for_an_answer_is_in_nobodys_way(kind, server, one_at_a_time):
    driver = kind(api_key=server.api_key, api_host=server.target)
    server.fault(Fault.hang(), prompt="hang")
    if hasattr(driver, "loop"):

        async def ask():
            hanging = asyncio.ensure_future(driver.chat("hang", image(PICTURE)).sample())
            await asyncio.to_thread(server.calls.wait_for, 1)
            answer = await driver.chat(image(PICTURE)).sample(timeout=20)
            assert not hanging.done()
            hanging.cancel()
            return answer

        answer = driver.loop.run_until_complete(ask())
    else:
        hanging = threading.Thread(target=_cut_off, args=(driver.chat("hang", image(PICTURE)),))
        hanging.start()
        server.calls.wait_for(1)
        answer = driver.sample(image(PICTURE), timeout=20)
        assert hanging.is_alive()
    driver.close()
    assert answer.content
    assert server.calls[0].wait_cancelled()


@pytest.mark.parametrize("failure", [Fault.internal(), Fault.malformed()])
def test_a_failure_ends_the_turn(kind, server, one_at_a_time, failure):
    driver = kind(api_key=server.api_key, api_host=server.target, retries=0)
    server.fault(failure, next=2)
    for _ in range(2):
        with pytest.raises(ServerError) as caught:
            driver.sample(image(PICTURE))
        assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert driver.sample(image(PICTURE), timeout=10).content
    driver.close()


def test_the_deadline_holds_while_waiting_for_a_turn(silent, one_at_a_time):
    client = Client("key", api_host=silent)
    chat = client.chat.create("grok-4", messages=[user(image(PICTURE))])
    first = threading.Thread(target=_cut_off, args=(chat,), daemon=True)
    first.start()
    until = time.monotonic() + 20
    while chat._wire._limiter._free and time.monotonic() < until:
        time.sleep(0.01)
    began = time.monotonic()
    with pytest.raises(RequestTimeoutError, match=WAITED) as caught:
        chat.sample(timeout=0.3)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < 2
    client.close()
    first.join(10)
    assert not first.is_alive()


async def test_the_deadline_holds_while_waiting_for_a_turn_in_asyncio(silent, one_at_a_time):
    client = AsyncClient("key", api_host=silent)
    chat = client.chat.create("grok-4", messages=[user(image(PICTURE))])
    first = asyncio.ensure_future(chat.sample())
    await asyncio.sleep(0.3)
    with pytest.raises(RequestTimeoutError, match=WAITED) as caught:
        await chat.sample(timeout=0.3)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await client.close()
    with pytest.raises(RequestCancelledError, match="closed during the call"):
        await first


def test_closing_the_client_frees_those_that_wait(silent, one_at_a_time):
    client = Client("key", api_host=silent)
    chat = client.chat.create("grok-4", messages=[user(image(PICTURE))])
    crew = [threading.Thread(target=_cut_off, args=(chat,), daemon=True) for _ in range(4)]
    for thread in crew:
        thread.start()
    time.sleep(0.3)
    client.close()
    for thread in crew:
        thread.join(10)
    assert not any(thread.is_alive() for thread in crew)


async def test_closing_the_asyncio_client_frees_those_that_wait(silent, one_at_a_time):
    client = AsyncClient("key", api_host=silent)
    chat = client.chat.create("grok-4", messages=[user(image(PICTURE))])
    crew = [asyncio.ensure_future(chat.sample()) for _ in range(4)]
    await asyncio.sleep(0.3)
    await client.close()
    ends = await asyncio.wait_for(asyncio.gather(*crew, return_exceptions=True), 10)
    assert all(isinstance(end, (ClientClosedError, RequestCancelledError)) for end in ends), ends


async def test_a_cancelled_task_leaves_the_queue(server, one_at_a_time):
    async with AsyncClient(server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4", messages=[user(image(PICTURE))])
        crew = [asyncio.ensure_future(chat.sample()) for _ in range(6)]
        await asyncio.sleep(0)
        for task in crew[:5]:
            task.cancel()
        ends = await asyncio.gather(*crew, return_exceptions=True)
        assert [type(end) for end in ends[:5]] == [asyncio.CancelledError] * 5
        assert ends[5].content
        assert (await chat.sample(timeout=10)).content


def test_short_questions_never_wait(silent, server, one_at_a_time):
    """They go straight through, whoever has the turn."""
    with Client(server.api_key, api_host=server.target) as client:
        held = client.chat.create("grok-4")._wire._limiter.enqueue(MIB, lambda: None)
        assert held.granted
        assert client.chat.create("grok-4", messages=[user("Hi")]).sample(timeout=10).content
        with pytest.raises(RequestTimeoutError, match=WAITED):
            client.chat.create("grok-4", messages=[user(image(PICTURE))]).sample(timeout=0.2)
        held.end()
        assert client.chat.create("grok-4", messages=[user(image(PICTURE))]).sample().content


@pytest.fixture(scope="module")
def server():
    with FakeServer() as running:
        yield running


@pytest.fixture(autouse=True)
def _anew(server):
    yield
    server.clear()


def _cut_off(chat):
    with pytest.raises((ClientClosedError, RequestCancelledError)) as caught:
        chat.sample()
    assert "closed" in str(caught.value)


# --- where it must not be in the way ---


def test_who_gets_nowhere_does_not_stop_the_others(kind, server, monkeypatch, one_at_a_time):
    monkeypatch.setattr(sending, "STALL_SECONDS", 0.2)
    driver = kind(api_key=server.api_key, api_host=server.target)
    if hasattr(driver, "loop"):
        link = driver.loop.run_until_complete(_link(driver.client))
        held = link.limiter.enqueue(MIB, lambda: None)
    else:
        held = driver.client.chat.create("grok-4")._wire._limiter.enqueue(MIB, lambda: None)
    assert held.granted
    for _ in range(2):
        assert driver.sample(image(PICTURE), timeout=20).content
    held.end()
    driver.close()


async def _link(client):
    return client.chat.create("grok-4")._wire._loop_channel()


def test_who_waits_for_a_server_takes_no_turn(silent, one_at_a_time):
    with Client("key", api_host=silent) as client:
        chat = client.chat.create("grok-4", messages=[user(image(PICTURE))])
        with pytest.raises(RequestTimeoutError) as caught:
            chat.sample(timeout=0.3, wait_for_ready=True)
        assert WAITED not in str(caught.value)
        assert chat._wire._limiter.enqueue(MIB, lambda: None).granted


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are what it is about")
def test_a_child_does_not_wait_for_its_parents_turns(server, one_at_a_time):
    script = f"""
import os
from tests.pictures import MIB, jpeg_of
from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision._transport import upload_limiter as sending
sending.UPLOAD_BUDGET_BYTES = MIB
client = Client({server.api_key!r}, api_host={server.target!r})
chat = client.chat.create("grok-4", messages=[user(image(jpeg_of(2 * MIB)))])
assert chat._wire._limiter.enqueue(MIB, lambda: None).granted
sending.STALL_SECONDS = 60
child = os.fork()
if child == 0:
    os._exit(0 if chat.sample(timeout=20).content else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["0"], done.stderr


@pytest.mark.slow
def test_an_interrupted_call_leaves_nothing_behind(silent):
    """A signal's exception ends the call and the thread that grpc sends it from."""
    client = Client("key", api_host=silent)
    chat = client.chat.create("grok-4", messages=[user(image(PICTURE))])

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
    until = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.05)
    assert threading.active_count() <= before


async def test_a_cancellation_is_heard_when_the_turn_comes_at_the_same_time(server, one_at_a_time):
    async with AsyncClient(server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4", messages=[user(image(PICTURE))])
        link = chat._wire._loop_channel()
        for passes in range(4):
            held = link.limiter.enqueue(MIB, lambda: None)
            task = asyncio.ensure_future(chat.sample())
            await asyncio.sleep(0.05)
            held.end()
            for _ in range(passes):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert (await chat.sample(timeout=10)).content
