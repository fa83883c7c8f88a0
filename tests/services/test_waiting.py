"""Waiting for videos, batches and documents, and pacing calls, when something ends the wait."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.services.batches import ONE_SMALL_REQUEST
from xai_vision._transport.rpc import Sleep
from xai_vision.chat import user
from xai_vision.errors import (
    InvalidRequestError,
    RequestCancelledError,
    RequestTimeoutError,
    UnavailableError,
)
from xai_vision.proto import batch_pb2, deferred_pb2
from xai_vision.services._batch import requests as batch_requests
from xai_vision.services._batch.calls import waiting
from xai_vision.testing import Fault

MODEL = "grok-imagine-video"


def small_chats(driver, count):
    return [
        driver.client.chat.create("grok-4", batch_request_id=str(i)).append(user("x"))
        for i in range(count)
    ]


def close(driver):
    """Close the client from a callback."""
    if driver.is_async:
        task = driver.loop.create_task(driver.client.close())
        driver.closing = task  # the loop keeps only a weak reference
    else:
        driver.client.close()


def test_a_failed_poll_keeps_the_id_of_the_request(driver, server):
    server.fault(Fault.status("UNAVAILABLE", "down"), next=1, method="GetDeferredVideo")
    with pytest.raises(UnavailableError, match="down") as video:
        driver.video.generate("x", MODEL, retries=0)
    assert driver.video.get(video.value.deferred_id).status == deferred_pb2.PENDING

    server.fault(Fault.status("UNAVAILABLE", "down"), next=1, method="GetDeferredCompletion")
    chat = driver.client.chat.create("grok-4").append(user("x"))
    with pytest.raises(UnavailableError, match="down") as deferred:
        driver.run(lambda: chat.defer(retries=0))
    assert deferred.value.deferred_id

    server.fault(Fault.status("UNAVAILABLE", "down"), next=1, method="StartDeferredCompletion")
    with pytest.raises(UnavailableError, match="down") as not_started:
        driver.run(lambda: chat.defer(retries=0))
    assert not_started.value.deferred_id is None


def test_closing_the_client_ends_a_wait_and_keeps_the_id(driver):
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, small_chats(driver, 1))
    with pytest.raises(RequestCancelledError, match="the client was closed") as error:
        driver.batch.wait(batch_id, interval=60, on_progress=lambda batch: close(driver))
    assert error.value.deferred_id == batch_id


@pytest.mark.parametrize("interval", [0, -1, False, "", "5", float("nan")])
def test_an_invalid_interval_is_refused_before_sending(driver, server, interval):
    for call in (
        lambda: driver.batch.wait("id", interval=interval),
        lambda: driver.video.generate("x", MODEL, interval=interval),
        lambda: driver.video.extend("x", MODEL, "https://e.x/a.mp4", interval=interval),
        lambda: driver.collections.upload_document(
            "id", "a.txt", b"x", wait_for_indexing=True, poll_interval=interval
        ),
    ):
        with pytest.raises(InvalidRequestError, match="interval must be"):
            call()
    assert len(server.calls) == 0


def test_a_timedelta_of_zero_is_the_default_interval_as_in_xai_sdk(driver, server):
    server.videos(ready_after_polls=0)
    assert driver.video.generate("x", MODEL, interval=timedelta(0)).url


@pytest.mark.parametrize("callback", [3, "f"])
def test_an_invalid_callback_is_refused_before_sending(driver, server, callback):
    with pytest.raises(InvalidRequestError, match=r"on_progress must be f\(batch\)"):
        driver.batch.wait("id", on_progress=callback)

    async def coroutine_function(batch):
        """Would never be awaited."""

    with pytest.raises(InvalidRequestError, match="not a coroutine function"):
        driver.batch.wait("id", on_progress=coroutine_function)
    assert len(server.calls) == 0


def test_a_batch_without_a_state_is_not_complete():
    steps = waiting("id", None, None, {})
    next(steps)
    assert isinstance(steps.send(batch_pb2.Batch(batch_id="id")), Sleep)
    next(steps)
    complete = batch_pb2.Batch(batch_id="id", state=batch_pb2.BatchState(num_requests=1))
    with pytest.raises(StopIteration) as end:
        steps.send(complete)
    assert end.value.value == complete


def test_the_timeout_of_a_document_limits_only_the_wait(driver, server):
    collection_id = driver.collections.create("manuals").collection_id
    server.indexing(ready_after=10**6)
    with pytest.raises(RequestTimeoutError, match="was not done after") as error:
        # No upload could be complete in this time.
        driver.collections.upload_document(
            collection_id, "a.txt", b"x", wait_for_indexing=True, timeout=1e-9
        )
    assert error.value.deferred_id == driver.files.list().data[0].id
    documents = driver.collections.list_documents(collection_id).documents
    assert [document.file_metadata.file_id for document in documents] == [error.value.deferred_id]


def test_derived_clients_share_the_pace(driver, monkeypatch):
    paces = []
    monkeypatch.setattr(batch_requests.Pace, "delay", lambda self: paces.append(self) or 0.0)
    derived = driver.client.with_options(timeout=60)
    batch_id = driver.batch.create("x").batch_id
    for client in (derived, driver.client, derived.with_options(retries=0)):
        chat = client.chat.create("grok-4").append(user("x"))
        driver.run(lambda client=client, chat=chat: client.batch.add(batch_id, [chat]))
    assert len(paces) == 3
    assert paces[0] is paces[1] is paces[2]


def test_closing_the_client_between_two_calls_says_how_many_were_added(driver, monkeypatch):
    monkeypatch.setattr(batch_requests, "MAX_CALL_BYTES", ONE_SMALL_REQUEST)
    delays = iter([0.0, 60.0])

    def delay(self):
        seconds = next(delays)
        if seconds:
            close(driver)
        return seconds

    monkeypatch.setattr(batch_requests.Pace, "delay", delay)
    batch_id = driver.batch.create("x").batch_id
    with pytest.raises(RequestCancelledError, match="the client was closed") as error:
        driver.batch.add(batch_id, small_chats(driver, 2))
    assert error.value.partial == 1


def test_a_cancelled_task_ends_a_wait(driver, server):
    if not driver.is_async:
        pytest.skip("only tasks can be cancelled")
    server.videos(ready_after_polls=10**6)

    async def cancel():
        task = asyncio.create_task(driver.client.video.generate("x", MODEL, interval=600))
        await asyncio.to_thread(server.calls.wait_for, 2, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    driver.run(cancel)
