"""Waiting for calls: by conditions, from threads and in event loops."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.testing.grpc_calls import open_caller
from tests.testing.waiting import LIMIT
from xai_vision import AsyncClient
from xai_vision.chat import user
from xai_vision.testing import FakeServer, Fault, match
from xai_vision.testing._calls.changes import call_ended


@pytest.fixture
async def client(server):
    async with AsyncClient(server.api_key, api_host=server.target) as client:
        yield client


def ask(client, prompt="Hi"):
    return client.chat.create("grok-4", messages=[user(prompt)])


async def test_a_call_in_progress_and_its_cancellation(server, client):
    server.fault(Fault.hang())
    task = asyncio.create_task(ask(client).sample())
    assert await server.calls.wait_for_async(1, LIMIT)
    assert server.calls.last.status == ""
    task.cancel()
    assert await server.calls.last.wait_cancelled_async(LIMIT)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_upload_in_progress(server, client):
    server.fault(Fault.hang(after_chunks=1), method="UploadFile")
    task = asyncio.create_task(client.files.upload(b"data", filename="a.txt"))
    assert await server.calls.wait_for_async(1, LIMIT, when=lambda call: call.upload)
    upload = server.calls.last.upload
    assert await upload.wait_for_async(1, LIMIT)
    assert not await upload.wait_for_async(2, 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_leaving_a_stream_cancels_it(server, client):
    from xai_vision.testing import Reply

    server.on().reply(Reply("one two three four", chunks=4, ttft=0, tps=0.01))
    async for _ in ask(client).stream():
        break
    assert await server.calls.last.wait_cancelled_async(LIMIT)


async def test_the_end_of_a_call(server, client):
    gate = threading.Event()
    server.on().side_effect(lambda call: gate.wait(LIMIT) and "ok")
    task = asyncio.create_task(ask(client).sample())
    assert await server.calls.wait_for_async(timeout=LIMIT)
    call = server.calls.last
    assert not await call.wait_async(0)
    gate.set()
    assert await call.wait_async(LIMIT)
    assert await call.wait_async()
    assert not await call.wait_cancelled_async(0)
    assert (await task).content == "ok"


async def test_a_limit_that_is_reached(server, client):
    await ask(client).sample()
    assert await server.calls.wait_for_async(1, 0)
    assert not await server.calls.wait_for_async(2, 0)
    assert not await server.calls.wait_for_async(2, 0.01)
    assert not await server.calls.wait_for_async(1, 0.01, prompt="other")


async def test_waiting_by_conditions_in_a_loop(server, client):
    server.on(prompt="slow").fault(Fault.hang())
    server.on(prompt="quick").reply("done")
    waiting = asyncio.create_task(
        server.calls.wait_for_async(2, LIMIT, prompt="quick", status="OK")
    )
    slow = asyncio.create_task(ask(client, "slow").sample())
    assert await server.calls.wait_for_async(1, LIMIT, prompt="slow", status=match.none)
    await ask(client, "quick").sample()
    assert not waiting.done()
    await ask(client, "quick").sample()
    assert await waiting
    slow.cancel()
    assert await server.calls.wait_for_async(1, LIMIT, prompt="slow", status="CANCELLED")


BLOCKING = {
    "calls.wait_for()": lambda calls: calls.wait_for(1, timeout=0),
    "call.wait()": lambda calls: calls.last.wait(0),
    "call.wait_cancelled()": lambda calls: calls.last.wait_cancelled(0),
    "call.upload.wait_for()": lambda calls: calls.last.upload.wait_for(1, timeout=0),
}


@pytest.mark.parametrize("name", BLOCKING)
async def test_a_blocking_wait_is_refused_in_an_event_loop(server, client, name):
    """It would block the client's loop, so the call could not arrive, and the result is False."""
    await client.files.upload(b"data", filename="a.txt")
    with pytest.raises(RuntimeError) as caught:
        BLOCKING[name](server.calls)
    awaitable = name.replace("()", "_async(")
    assert str(caught.value).startswith(f"{name} would block the event loop of this thread")
    assert f"Use: await {awaitable}" in str(caught.value)
    # A thread has no event loop.
    await asyncio.to_thread(BLOCKING[name], server.calls)


async def test_a_waiter_that_is_cancelled_leaves_nothing(server, client):
    server.fault(Fault.hang())
    task = asyncio.create_task(ask(client).sample())
    assert await server.calls.wait_for_async(1, LIMIT)
    waiters = [
        asyncio.create_task(server.calls.wait_for_async(9, LIMIT)),
        asyncio.create_task(server.calls.last.wait_async()),
    ]
    await asyncio.sleep(0)
    assert server.calls._changed._wakers
    assert call_ended._wakers
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    assert not server.calls._changed._wakers
    assert not call_ended._wakers
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_loop_that_was_closed_while_waiting(server, caller):
    """The next call must not fail because it wakes a loop that is gone."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(server.calls.wait_for_async(9, LIMIT))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert caller.text("Hi")
    del task


def test_waiting_by_conditions_in_a_thread(server, caller):
    server.on(prompt="slow").fault(Fault.hang())
    threads = [
        threading.Thread(target=caller.expect_error, args=(prompt,), kwargs={"timeout": LIMIT})
        for prompt in ("slow", "slow")
    ]
    assert not server.calls.wait_for(1, 0, prompt="slow")
    caller.sample("quick")
    for thread in threads:
        thread.start()
    assert server.calls.wait_for(2, LIMIT, prompt="slow")
    assert server.calls.wait_for(prompt="quick", timeout=LIMIT)
    assert not server.calls.wait_for(3, 0.01, prompt="slow")
    assert server.calls.wait_for(3, LIMIT)
    assert server.calls.wait_for(2, LIMIT, when=lambda call: call.rule and call.faults)
    server.stop()
    assert server.calls.wait_for(2, LIMIT, prompt="slow", status=match.any)
    for thread in threads:
        thread.join(LIMIT)


def test_a_condition_may_use_the_log(server, caller):
    caller.sample("Hi")
    assert server.calls.wait_for(1, LIMIT, when=lambda call: call is server.calls.last)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"promt": "x"}, TypeError, "wait_for() does not accept 'promt'; did you mean 'prompt'?"),
        ({"count": "2"}, TypeError, "wait_for(): count must be an integer, not '2'"),
        ({"timeout": -1}, ValueError, "wait_for(): timeout must be a finite number"),
        ({"prompt": None}, TypeError, "wait_for(): prompt=None is not a condition"),
        ({"when": lambda call: 1 / 0}, ZeroDivisionError, "division by zero"),
    ],
)
def test_wrong_arguments(server, caller, options, error, words):
    caller.sample("Hi")
    with pytest.raises(error) as caught:
        server.calls.wait_for(**options)
    assert words in str(caught.value)


async def test_wrong_arguments_of_the_awaitable_form(server):
    with pytest.raises(TypeError, match=r"wait_for_async\(\) does not accept 'promt'"):
        await server.calls.wait_for_async(promt="x")


async def test_copies_do_not_wait(server, client):
    import copy

    server.fault(Fault.hang())
    task = asyncio.create_task(ask(client).sample())
    assert await server.calls.wait_for_async(1, LIMIT)
    copied = copy.copy(server.calls.last)
    assert not copied.wait()
    assert not await copied.wait_async()
    assert not await copied.wait_cancelled_async()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_two_loops_wait_for_one_server():
    with FakeServer() as server, open_caller(server) as caller:
        results = []

        def wait():
            results.append(asyncio.run(server.calls.wait_for_async(3, LIMIT)))

        threads = [threading.Thread(target=wait) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            caller.sample("Hi")
        for thread in threads:
            thread.join(LIMIT)
        assert results == [True, True]
