"""client.files.batch_upload."""

from __future__ import annotations

import asyncio
import io
import re
import threading

import grpc
import pytest

from tests.services.files.driver import AsyncFiles
from tests.services.files.sources import named
from xai_vision import AsyncClient, Client
from xai_vision.errors import (
    InvalidRequestError,
    RequestCancelledError,
    ServerError,
)
from xai_vision.testing import Fault


def test_the_spans_of_a_batch_belong_to_the_current_span(files, spans):
    from opentelemetry import trace

    def upload(client):
        return client.files.batch_upload([named(b"x", "a"), named(b"y", "b")])

    with trace.get_tracer("test").start_as_current_span("mine") as mine:
        files.run(upload)
    parents = {span.parent.span_id for span in spans() if span.name == "upload_file"}
    assert parents == {mine.get_span_context().span_id}


def test_batch_upload_keeps_the_order_and_the_errors(files, server, tmp_path):
    for number in range(20):
        (tmp_path / f"{number}.bin").write_bytes(bytes(number))
    batch = [str(tmp_path / f"{number}.bin") for number in range(20)]
    batch[5] = "no/such/file"
    batch[7] = b"nameless"
    completed = []
    threads = set()

    def on_file_complete(index, file, result):
        threads.add(threading.current_thread())
        completed.append((index, file, result))

    results = files.batch_upload(batch, batch_size=3, on_file_complete=on_file_complete)
    assert list(results) == list(range(20))
    assert isinstance(results.pop(5), FileNotFoundError)
    assert isinstance(results.pop(7), InvalidRequestError)
    assert {index: result.filename for index, result in results.items()} == {
        index: f"{index}.bin" for index in results
    }
    assert [result.size for result in results.values()] == list(results)
    assert threads == {threading.current_thread()}
    assert sorted(index for index, _, _ in completed) == list(range(20))
    assert all(batch[index] is file for index, file, _ in completed)
    assert len(server.files) == 18


def test_batch_size_limits_the_uploads_at_the_same_time(files, server):
    server.fault(Fault.latency(0.05), method="UploadFile")
    files.batch_upload([named(b"x", str(number)) for number in range(8)], batch_size=2)
    calls = server.calls
    most = max(
        sum(other.started <= call.started < other.ended for other in calls) for call in calls
    )
    assert most <= 2


def test_an_exception_of_the_callback_ends_the_batch(files, server):
    server.fault(Fault.hang(), method="UploadFile", after=1).optional()
    error = TypeError("mine")
    calls = []

    def on_file_complete(index, file, result):
        calls.append(result)
        raise error

    batch = [named(b"x", str(number)) for number in range(5)]
    with pytest.raises(TypeError, match="mine") as caught:
        files.batch_upload(batch, batch_size=2, on_file_complete=on_file_complete)
    assert caught.value is error
    assert len(calls) == 1
    # Nothing goes on: the uploads that hung are cancelled, and no other was begun.
    assert all(call.wait(60) for call in server.calls)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([],), "files is empty. Pass at least one file"),
        (
            ("a.jpg",),
            "files must be a list of files, not 'a.jpg'. Pass [file], or use upload",
        ),
        ((b"abc",), "files must be a list of files"),
        ((io.BytesIO(b"x"),), "files must be a list of files"),
        ((5,), "files must be a list of files, not 5"),
        ((["a"], 0), "batch_size must be an integer of at least 1, not 0"),
        ((["a"], "2"), "batch_size must be an integer, not '2'"),
        ((["a"], 1, 5), "on_file_complete must be f(index, file, result), not 5"),
    ],
)
def test_bad_batches_are_refused_before_anything_is_sent(files, server, arguments, words):
    batch, *rest = arguments
    options = dict(zip(("batch_size", "on_file_complete"), rest, strict=False))
    with pytest.raises(InvalidRequestError, match=re.escape(words)):
        files.batch_upload(batch, **options)
    assert not server.calls


def test_a_file_object_cannot_be_uploaded_twice_at_once(files, server):
    file = named(b"x", "a")
    words = "files[2] is the same file object as files[0]. Open the file twice"
    with pytest.raises(InvalidRequestError, match=re.escape(words)):
        files.batch_upload([file, named(b"x", "a"), file])
    assert not server.calls
    assert len(files.batch_upload([__file__, __file__])) == 2


def test_a_wrong_option_is_refused_once(files, server):
    with pytest.raises(TypeError, match="unexpected keyword argument 'time_out'"):
        files.batch_upload(["a"], time_out=5)
    assert not server.calls


LIMIT = 60


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
