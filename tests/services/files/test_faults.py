"""Uploads that are repeated after a fault."""

from __future__ import annotations

import hashlib
import threading

import pytest

from tests.server_process import ServerProcess
from tests.services.files.driver import KINDS, AsyncFiles
from tests.services.files.sources import CHUNKS, Stream, named
from tests.services.files.sources import FIVE_CHUNKS as DATA
from xai_vision.errors import (
    RequestTimeoutError,
    ServerError,
    UnavailableError,
)
from xai_vision.services._files.upload import CHUNK_BYTES
from xai_vision.testing import Fault

LIMIT = 60

DIGEST = hashlib.sha256(DATA).hexdigest()

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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", ["path", "stream"])
def test_a_killed_server(kind, path, source):
    """The upload of a path goes on with the next server; of a stream it is a clear error."""
    first = ServerProcess(None, "hang")
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
