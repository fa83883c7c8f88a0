"""What ends an upload: close, a cancelled task, an interrupt, a deadline."""

from __future__ import annotations

import asyncio
import io
import signal
import threading
import time

import pytest

from tests.testing.waiting import until
from xai_vision import AsyncClient, Client
from xai_vision.errors import (
    RequestCancelledError,
    RequestTimeoutError,
    UnavailableError,
)
from xai_vision.services._files.upload import CHUNK_BYTES
from xai_vision.testing import FakeServer, Fault

LIMIT = 60


def test_close_ends_an_upload(server, path):
    server.fault(Fault.hang(after_chunks=2), method="UploadFile")
    client = Client(api_key=server.api_key, api_host=server.target)
    errors = []

    def upload():
        try:
            client.files.upload(path)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=upload)
    thread.start()
    until(lambda: server.calls and server.calls.last.upload)
    assert server.calls.last.upload.wait_for(2, LIMIT)
    client.close()
    thread.join(LIMIT)
    (error,) = errors
    assert type(error) is RequestCancelledError
    assert "the client was closed during the call" in str(error)
    assert server.calls.last.wait_cancelled(LIMIT)
    assert not server.files


async def test_aclose_ends_an_upload(server, path):
    server.fault(Fault.hang(after_chunks=2), method="UploadFile")
    client = AsyncClient(api_key=server.api_key, api_host=server.target)
    task = asyncio.create_task(client.files.upload(path))
    await asyncio.to_thread(until, lambda: server.calls and server.calls.last.upload)
    assert await asyncio.to_thread(server.calls.last.upload.wait_for, 2, LIMIT)
    await client.close()
    with pytest.raises(RequestCancelledError, match="the client was closed during the call"):
        await task


async def test_cancelling_the_task_ends_an_upload(server, path):
    server.fault(Fault.hang(after_chunks=2), method="UploadFile")
    async with AsyncClient(api_key=server.api_key, api_host=server.target) as client:
        task = asyncio.create_task(client.files.upload(path))
        await asyncio.to_thread(until, lambda: server.calls and server.calls.last.upload)
        assert await asyncio.to_thread(server.calls.last.upload.wait_for, 2, LIMIT)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.calls.last.wait_cancelled, LIMIT)


@pytest.mark.parametrize("call", ["upload", "batch_upload"])
def test_keyboard_interrupt_ends_an_upload(server, path, call):
    server.fault(Fault.hang(after_chunks=2), method="UploadFile")

    def interrupt():
        server.calls.wait_for(1, LIMIT)
        until(lambda: server.calls.last.upload)
        server.calls.last.upload.wait_for(2, LIMIT)
        # To the main thread, as Ctrl-C does.
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    with Client(api_key=server.api_key, api_host=server.target) as client:
        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            getattr(client.files, call)(path if call == "upload" else [path, path])
        thread.join(LIMIT)
        # The uploads have ended, although the client is open.
        assert all(call.wait_cancelled(LIMIT) for call in server.calls)


def test_other_threads_can_upload_at_the_same_time():
    with FakeServer() as server, Client(api_key=server.api_key, api_host=server.target) as client:
        errors = []

        def upload(number):
            try:
                data = bytes([number]) * (CHUNK_BYTES + number)
                uploaded = client.files.upload(data, filename=str(number))
                assert client.files.content(uploaded) == data
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=upload, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        assert not errors
        assert len(server.files) == 8


class Endless(io.RawIOBase):
    """A stream that never ends and cannot be rewound."""

    def readable(self):
        return True

    def seekable(self):
        return False

    def read(self, size=-1):
        time.sleep(0.01)
        return b"x" * 1000


def test_an_upload_that_reaches_its_deadline_is_not_stored(server):
    # gRPC reports the end of the messages before the end of the call, so a call of many shows it.
    with Client(api_key=server.api_key, api_host=server.target) as client:
        for _ in range(50):
            with pytest.raises((RequestTimeoutError, UnavailableError)):
                client.files.upload(Endless(), filename="a", timeout=0.03)
    assert all(call.wait_cancelled(LIMIT) for call in server.calls)
    assert not server.files
