"""Clients shared by threads, event loops and processes, closed or left open."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tests.testing.waiting import LIMIT
from xai_vision import AsyncClient, Client
from xai_vision.chat import user
from xai_vision.errors import (
    ClientClosedError,
    RequestCancelledError,
    RequestTimeoutError,
    StreamBrokenError,
)
from xai_vision.testing import Reply

BOTH = pytest.mark.parametrize("kind", ["sync", "async"])


def run(server, code: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    prelude = f"""
import asyncio, os, sys
from xai_vision import AsyncClient, Client
from xai_vision.chat import user
from xai_vision.errors import ClientClosedError
kwargs = dict(api_key={server.api_key!r}, api_host={server.target!r})
def sample(client):
    return client.chat.create("grok-4").append(user("Hi")).sample()
async def async_sample(client):
    return await client.chat.create("grok-4").append(user("Hi")).sample()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", prelude + textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        # The whole process group, so that a hanging child does not outlive the test.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def assert_clean(result: subprocess.CompletedProcess[str], out: str) -> None:
    assert (result.returncode, result.stdout.strip(), result.stderr) == (0, out, "")


def test_use_after_close_raises(server):
    code = """
        client = Client(**kwargs)
        sample(client)
        client.close()
        client.close()
        for call in (lambda: sample(client), lambda: client.chat.delete_stored_completion("x")):
            try:
                call()
            except ClientClosedError as error:
                print(type(error).__name__)
    """
    assert_clean(run(server, code), "ClientClosedError\nClientClosedError")


def test_async_use_after_close_raises(server):
    code = """
        async def main():
            client = AsyncClient(**kwargs)
            await async_sample(client)
            await client.close()
            await client.close()
            try:
                await async_sample(client)
            except ClientClosedError as error:
                print(type(error).__name__)
        asyncio.run(main())
    """
    assert_clean(run(server, code), "ClientClosedError")


def test_exit_without_closing_is_clean(server):
    assert_clean(
        run(server, "client = Client(**kwargs); print(sample(client).role)"), "ROLE_ASSISTANT"
    )


@pytest.mark.skipif(
    tuple(map(int, grpc.__version__.split(".")[:2])) < (1, 80),
    reason="grpcio sometimes hangs at exit with an open asyncio channel (5 % on 1.66)",
)
def test_exit_without_closing_is_clean_with_asyncio(server):
    code = """
        client = AsyncClient(**kwargs)
        async def main():
            print((await async_sample(client)).role)
        asyncio.run(main())
        asyncio.run(main())
    """
    assert_clean(run(server, code), "ROLE_ASSISTANT\nROLE_ASSISTANT")


def test_exit_in_the_middle_of_a_stream_is_clean(server):
    code = """
        client = Client(**kwargs)
        pairs = client.chat.create("grok-4").append(user("Hi")).stream()
        next(pairs)
        print("leaving")
    """
    assert_clean(run(server, code), "leaving")


@pytest.mark.slow
def test_64_threads_share_one_client(server, client):
    expected = client.chat.create("grok-4").append(user("Hi")).sample().content

    def ask(_: int) -> set[str]:
        chat = client.chat.create("grok-4").append(user("Hi"))
        sampled = chat.sample().content
        for response, _ in chat.stream():
            streamed = response
        return {sampled, streamed.content}

    with ThreadPoolExecutor(64) as pool:
        assert set().union(*pool.map(ask, range(256))) == {expected}


def test_closing_while_threads_call(server):
    client = Client(api_key=server.api_key, api_host=server.target)
    errors: list[str] = []
    started = threading.Barrier(9)

    def work() -> None:
        started.wait()
        try:
            while True:
                client.chat.create("grok-4").append(user("Hi")).sample()
        except Exception as error:
            errors.append(type(error).__name__)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    started.wait()
    client.close()
    for thread in threads:
        thread.join(LIMIT)
    assert len(errors) == 8
    assert set(errors) <= {"ClientClosedError", "RequestCancelledError"}


async def test_closing_while_tasks_call(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)
    chat = client.chat.create("grok-4").append(user("Hi"))
    await chat.sample()

    async def work() -> None:
        while True:
            await chat.sample()

    tasks = [asyncio.create_task(work()) for _ in range(8)]
    await asyncio.to_thread(server.calls.wait_for, 9, LIMIT)
    await client.close()
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), LIMIT)
    expected = (ClientClosedError, RequestCancelledError)
    assert all(isinstance(result, expected) for result in results), results


@BOTH
def test_closing_in_the_middle_of_a_stream(server, kind):
    """Both clients raise the same error, with the partial response."""
    server.on().reply(Reply("word " * 100, chunks=100, tps=5))

    def sync() -> None:
        client = Client(api_key=server.api_key, api_host=server.target)
        pairs = client.chat.create("grok-4").append(user("Hi")).stream()
        next(pairs)
        client.close()
        list(pairs)

    async def asynchronous() -> None:
        client = AsyncClient(api_key=server.api_key, api_host=server.target)
        pairs = client.chat.create("grok-4").append(user("Hi")).stream()
        await anext(pairs)
        reading = asyncio.create_task(collect(pairs))
        await asyncio.sleep(0)  # the task starts to read
        await client.close()
        await reading

    async def collect(pairs) -> None:
        async for _ in pairs:
            pass

    with pytest.raises(StreamBrokenError, match="the client was closed during the call") as caught:
        sync() if kind == "sync" else asyncio.run(asynchronous())
    assert caught.value.partial.content.startswith("word")


@pytest.mark.slow
def test_close_does_not_wait_for_a_loop_that_stops(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)
    loop, started, stop = asyncio.new_event_loop(), threading.Event(), threading.Event()

    async def hold() -> None:
        await client.chat.create("grok-4").append(user("Hi")).sample()
        started.set()
        stop.wait()  # blocks its event loop

    thread = threading.Thread(target=lambda: loop.run_until_complete(hold()))
    thread.start()
    started.wait()
    asyncio.run(asyncio.wait_for(client.close(), LIMIT))
    stop.set()
    thread.join(LIMIT)
    loop.run_until_complete(asyncio.sleep(0.1))  # runs the callback that close() scheduled
    loop.close()


def test_an_async_client_across_many_loops_leaks_nothing(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)

    async def once() -> str:
        return (await client.chat.create("grok-4").append(user("Hi")).sample()).role

    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    for _ in range(5):
        asyncio.run(once())
    before = open_files()
    for _ in range(50):
        assert asyncio.run(once()) == "ROLE_ASSISTANT"
    assert open_files() <= before + 8
    assert len(client._transport._channels._channels) <= 1


def test_loops_in_threads_at_once(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)

    async def many() -> set[str]:
        chats = [client.chat.create("grok-4").append(user("Hi")) for _ in range(8)]
        return {response.role for response in await asyncio.gather(*(c.sample() for c in chats))}

    with ThreadPoolExecutor(4) as pool:
        roles = list(pool.map(lambda _: asyncio.run(many()), range(8)))
    assert roles == [{"ROLE_ASSISTANT"}] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@BOTH
def test_parent_and_child_both_work_after_a_fork(server, kind):
    code = f"""
        kind = {kind!r}
        client = Client(**kwargs) if kind == "sync" else AsyncClient(**kwargs)
        def go():
            return sample(client) if kind == "sync" else asyncio.run(async_sample(client))
        go()
        child = os.fork()
        if child == 0:
            try:
                print("child", go().role, flush=True)
                os._exit(0)
            except BaseException as error:
                print(type(error).__name__, error, file=sys.stderr, flush=True)
                os._exit(1)
        _, status = os.waitpid(child, 0)
        print("parent", go().role, status)
    """
    result = run(server, code)
    if kind == "async" and tuple(map(int, grpc.__version__.split(".")[:2])) < (1, 80):
        assert "ForkError" in result.stderr
        assert "Upgrade to grpcio 1.80 or newer" in result.stderr
        assert result.stdout.split("\n")[0] == "parent ROLE_ASSISTANT 256", "the parent still works"
        return
    assert result.stdout.split("\n")[:2] == ["child ROLE_ASSISTANT", "parent ROLE_ASSISTANT 0"]
    assert result.returncode == 0


def test_ready(client):
    client.ready(timeout=LIMIT)
    with Client(api_key="k", api_host="localhost:9") as other:
        with pytest.raises(RequestTimeoutError, match="within 0.2 seconds") as caught:
            other.ready(timeout=0.2)
        assert isinstance(caught.value, TimeoutError)
        assert "server is running" in str(caught.value)


async def test_async_ready(aclient):
    await aclient.ready(timeout=LIMIT)
    async with AsyncClient(api_key="k", api_host="localhost:9") as other:
        with pytest.raises(RequestTimeoutError, match="within 0.2 seconds"):
            await other.ready(timeout=0.2)
