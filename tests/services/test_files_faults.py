"""client.files.upload when something fails in the middle: retries, and what ends an upload."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import grpc
import pytest

from tests.client.drivers import FAST_RETRIES
from tests.services.files_driver import KINDS, AsyncFiles
from tests.services.test_files import named
from tests.services.test_files_upload import Stream
from tests.testing.waiting import until
from xai_vision import AsyncClient, Client
from xai_vision.errors import (
    RequestCancelledError,
    RequestTimeoutError,
    ServerError,
    UnavailableError,
)
from xai_vision.services._files.upload import CHUNK_BYTES
from xai_vision.testing import FakeServer, Fault

LIMIT = 60
CHUNKS = 5
DATA = os.urandom(CHUNK_BYTES) * (CHUNKS - 1) + b"end"
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=KINDS)
def files(request, server):
    driver = KINDS[request.param](
        api_key=server.api_key, api_host=server.target, retries=FAST_RETRIES
    )
    yield driver
    driver.close()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(DATA)
    return path


FAULTS = {
    "status before": Fault.unavailable(),
    "status in the middle": Fault.unavailable(after_chunks=2),
    "status at the end": Fault.unavailable(after_chunks=CHUNKS + 10),
    "reset in the middle": Fault.reset_connection(after_chunks=2),
    "reset at the end": Fault.reset_connection(),
}
REPEATABLE = {
    "path": lambda path: path,
    "bytes": lambda path: DATA,
    "object": lambda path: named(b"skipped" + DATA, "data.bin"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("source", REPEATABLE)
def test_an_upload_is_repeated_from_its_start(files, server, path, fault, source):
    server.fault(FAULTS[fault], next=2, method="UploadFile")
    file = REPEATABLE[source](path)
    if source == "object":
        file.seek(len(b"skipped"))
    calls = []
    uploaded = files.upload(
        file, filename="a", on_progress=lambda sent, total: calls.append((sent, total))
    )
    assert uploaded.size == len(DATA)
    assert server.calls.last.upload.sha256 == DIGEST
    assert len(server.calls) == 3
    # If only the response is lost, the service has stored the file.
    assert len(server.files) == (3 if fault == "reset at the end" else 1)
    # The progress never goes back.
    sent = [CHUNK_BYTES * count for count in range(1, CHUNKS)]
    assert calls == [(size, len(DATA)) for size in [*sent, len(DATA)]]


def test_the_steps_of_a_repeated_upload_add_up_to_the_size(files, server, path):
    server.fault(Fault.unavailable(after_chunks=3), next=2, method="UploadFile")
    steps = []
    files.upload(path, on_progress=lambda step: steps.append(step))
    assert sum(steps) == len(DATA)


@pytest.mark.parametrize("fault", ["status in the middle", "reset in the middle"])
def test_a_stream_is_not_repeated(files, server, fault):
    server.fault(FAULTS[fault], next=1, method="UploadFile")
    with pytest.raises(UnavailableError, match="Pass a path, or an object with seek") as caught:
        files.upload(Stream(DATA))
    assert "not retried, because its file object cannot be rewound" in str(caught.value)
    assert caught.value.attempts == 1
    assert len(server.calls) == 1
    assert not server.files


def test_a_stream_of_which_nothing_was_read_is_repeated(server):
    """A service that cannot be reached at first does not use the stream up."""
    target, key = server.target, server.api_key
    server.stop()
    stream = Stream(DATA)
    driver = KINDS["sync"](api_key=key, api_host=target, retries=0)
    with pytest.raises(UnavailableError) as caught:
        driver.upload(stream)
    assert "rewound" not in str(caught.value)
    assert len(stream.rest) == len(DATA)
    driver.close()


def test_an_error_of_the_service_is_not_retried(files, server, path):
    server.fault(Fault.internal("broken", after_chunks=1), method="UploadFile")
    with pytest.raises(ServerError, match="broken") as caught:
        files.upload(path)
    # grpc.aio may report that it could not send the next chunk instead of the status. Such a
    # failure is retried, as a lost connection is.
    assert caught.value.attempts == 1 or isinstance(files, AsyncFiles)


def test_retries_can_be_disabled(files, server, path):
    server.fault(Fault.unavailable(after_chunks=1), method="UploadFile")
    with pytest.raises(UnavailableError) as caught:
        files.upload(path, retries=0)
    assert caught.value.attempts == 1
    assert "rewound" not in str(caught.value)


def test_a_file_that_disappears_between_attempts(files, server, path):
    # The progress of the first chunk is reported before the second is read.
    server.fault(Fault.unavailable(after_chunks=2), next=1, method="UploadFile")

    def remove(sent, total):
        path.unlink(missing_ok=True)

    with pytest.raises(FileNotFoundError):
        files.upload(path, on_progress=remove)


@pytest.mark.parametrize("fault", [Fault.hang(after_chunks=2), Fault.hang()])
def test_a_server_that_hangs_ends_at_the_deadline(files, server, path, fault):
    server.fault(fault, method="UploadFile")
    files.run(lambda client: client.ready())  # otherwise connecting takes part of the time
    with pytest.raises(RequestTimeoutError):
        files.upload(path, timeout=2)
    assert server.calls.last.wait_cancelled(LIMIT)


SERVER = textwrap.dedent("""
    import sys
    from xai_vision.testing import FakeServer, Fault
    with FakeServer(port=int(sys.argv[1])) as server:
        if len(sys.argv) > 2:
            server.fault(Fault.hang(after_chunks=2))
        print(server.target, server.api_key, flush=True)
        sys.stdin.read()
""")


class ServerProcess:
    """A fake server that can be killed."""

    def __init__(self, port="0", *options):
        command = [sys.executable, "-c", SERVER, port, *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.target, self.key = self.process.stdout.readline().split()
        self.port = self.target.rpartition(":")[2]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", ["path", "stream"])
def test_a_killed_server(kind, path, source):
    """The upload of a path goes on with the next server; of a stream it is a clear error."""
    first = ServerProcess("0", "hang")
    servers = [first]
    sent = threading.Event()

    def replace_server():
        assert sent.wait(LIMIT)
        first.kill()
        servers.append(ServerProcess(first.port))

    thread = threading.Thread(target=replace_server)
    thread.start()
    from xai_vision import RetryPolicy

    retries = RetryPolicy(attempts=200, initial=0.05, maximum=0.2)
    driver = KINDS[kind](api_key=first.key, api_host=first.target, retries=retries)

    def upload():
        file = path if source == "path" else Stream(DATA)
        return driver.upload(file, on_progress=lambda sent_, total: sent.set())

    try:
        if source == "path":
            # The second server has another key. It is reached, which shows that the upload went on.
            from xai_vision.errors import AuthenticationError

            with pytest.raises(AuthenticationError) as caught:
                upload()
            assert caught.value.attempts > 1
        else:
            with pytest.raises(UnavailableError, match="cannot be rewound"):
                upload()
    finally:
        thread.join(LIMIT)
        driver.close()
        for server in servers[1:]:
            server.kill()


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


async def test_cancelling_the_task_ends_a_batch(server, path):
    # Optional: the task may be cancelled before the first message arrives.
    server.fault(Fault.hang(), method="UploadFile").optional()
    async with AsyncClient(api_key=server.api_key, api_host=server.target) as client:
        task = asyncio.create_task(client.files.batch_upload([path] * 4, batch_size=2))
        assert await asyncio.to_thread(server.calls.wait_for, 2, LIMIT)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for call in server.calls:
            assert await asyncio.to_thread(call.wait_cancelled, LIMIT)
        assert len(server.calls) == 2


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


def test_close_ends_a_batch(server, path):
    server.fault(Fault.hang(), method="UploadFile").optional()
    client = Client(api_key=server.api_key, api_host=server.target)
    results = {}
    thread = threading.Thread(target=lambda: results.update(client.files.batch_upload([path] * 3)))
    thread.start()
    assert server.calls.wait_for(3, LIMIT)
    client.close()
    thread.join(LIMIT)
    assert [type(results[index]) for index in range(3)] == [RequestCancelledError] * 3


def test_a_batch_with_faults_keeps_going(files, server):
    server.fault(Fault.unavailable(after_chunks=0), rate=0.4, method="UploadFile")
    server.fault(Fault.internal(), next=1, after=3, method="UploadFile")
    results = files.batch_upload([named(b"x" * n, f"{n}") for n in range(30)], batch_size=4)
    failed = [error for error in results.values() if isinstance(error, grpc.RpcError)]
    assert len([call for call in server.calls if call.status == "INTERNAL"]) == 1
    # grpc.aio hides some statuses that arrive while it sends a message, as if the connection was
    # lost. Such an upload is repeated.
    refused = [error for error in failed if isinstance(error, ServerError)]
    assert len(refused) == 1 or (isinstance(files, AsyncFiles) and not refused)
    assert len(failed) + len(server.files) == 30
    assert list(results) == list(range(30))


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
