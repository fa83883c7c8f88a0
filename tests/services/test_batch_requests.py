"""client.batch.add: how requests are divided, paced and checked."""

from __future__ import annotations

import pytest

from tests.services.batches import ONE_SMALL_REQUEST, adds, chats
from xai_vision.chat import user
from xai_vision.errors import (
    BadRequestError,
    InvalidRequestError,
    NotFoundError,
    RateLimitError,
    UnavailableError,
)
from xai_vision.proto import batch_pb2
from xai_vision.services._batch import requests as batch_requests
from xai_vision.testing import Fault


def test_requests_are_divided_by_bytes(driver, server, monkeypatch):
    size = batch_requests._Request("x", chats(driver, 1)[0]).size
    monkeypatch.setattr(batch_requests, "MAX_CALL_BYTES", 3 * size + 60)
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, chats(driver, 8))
    requests = adds(server)
    assert [len(request.batch_requests) for request in requests] == [3, 3, 2]
    assert all(request.ByteSize() <= 3 * size + 60 for request in requests)
    ids = [item.batch_request_id for request in requests for item in request.batch_requests]
    assert ids == [f"id-{i}" for i in range(8)]


def test_the_services_limit_is_the_clients(driver, server):
    assert server.settings.max_batch_call_bytes == batch_requests.MAX_CALL_BYTES
    assert server.settings.max_batch_calls == batch_requests.MAX_CALLS


def test_calls_are_paced(driver, server, monkeypatch):
    monkeypatch.setattr(batch_requests, "MAX_CALL_BYTES", ONE_SMALL_REQUEST)
    delays = iter([0.0, 0.0, 0.01])
    monkeypatch.setattr(batch_requests.Pace, "delay", lambda self: next(delays))
    batch_id = driver.batch.create("x").batch_id
    small = [
        driver.client.chat.create("grok-4", batch_request_id=str(i)).append(user("x"))
        for i in range(3)
    ]
    driver.batch.add(batch_id, small)
    assert len(adds(server)) == 3
    assert next(delays, None) is None


def test_the_pace_is_100_calls_in_30_seconds(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(batch_requests.time, "monotonic", lambda: now[0])
    pace = batch_requests.Pace()
    assert [pace.delay() for _ in range(100)] == [0.0] * 100
    assert pace.delay() == 30.0
    now[0] = 45.0
    # The 101st call was made at 30 s; the second to 100th are over.
    assert [pace.delay() for _ in range(99)] == [0.0] * 99
    assert pace.delay() == 15.0


def test_the_fake_refuses_more_calls_than_the_service(driver, server):
    batch_id = driver.batch.create("x").batch_id
    tenant = server.tenant(max_batch_calls=1)
    other = type(driver)(
        "async" if driver.is_async else "sync",
        api_key=tenant.api_key,
        api_host=server.target,
        retries=0,
    )
    batch_id = other.batch.create("x").batch_id
    other.batch.add(batch_id, chats(driver, 1))
    with pytest.raises(RateLimitError, match="1 in 30 seconds") as error:
        other.batch.add(batch_id, chats(driver, 1, "other"))
    assert error.value.retry_after > 29
    tenant.clock.skip(seconds=30)
    other.batch.add(batch_id, [driver.client.chat.create("grok-4").append(user("x"))])
    other.close()
    tenant.close()


def test_an_error_says_how_many_were_added(driver, server, monkeypatch):
    monkeypatch.setattr(batch_requests, "MAX_CALL_BYTES", ONE_SMALL_REQUEST)
    batch_id = driver.batch.create("x").batch_id
    server.fault(Fault.status("UNAVAILABLE", "down"), after=2, method="AddBatchRequests")
    small = [
        driver.client.chat.create("grok-4", batch_request_id=str(i)).append(user("x"))
        for i in range(4)
    ]
    with pytest.raises(UnavailableError, match="down") as error:
        driver.batch.add(batch_id, small, retries=0)
    assert error.value.partial == 2
    assert driver.batch.get(batch_id).state.num_requests == 2


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ([], "batch_requests is empty"),
        ("x", "batch_requests must be a list"),
        (None, "batch_requests must be a list"),
        ([1], r"batch_requests\[0\] must be a chat or a BatchRequest, not 1"),
        ([batch_pb2.BatchRequest(batch_request_id="a")], r"batch_requests\[0\] is empty"),
    ],
)
def test_invalid_requests_are_refused_before_sending(driver, server, requests, words):
    with pytest.raises(InvalidRequestError, match=words):
        driver.batch.add("b", requests)
    assert len(server.calls) == 0


def test_duplicate_ids_and_large_requests_are_found_before_sending(driver, server):
    twice = [*chats(driver, 2), *chats(driver, 1)]
    with pytest.raises(InvalidRequestError, match=r"\[0\] and \[2\] have the same .* 'id-0'"):
        driver.batch.add("b", twice)
    large = driver.client.chat.create("grok-4").append(user("x" * 25_000_000))
    with pytest.raises(InvalidRequestError, match=r"batch_requests\[1\].*image\(file_id=") as error:
        driver.batch.add("b", [*chats(driver, 1), large])
    assert "25" in str(error.value)
    with pytest.raises(InvalidRequestError, match="batch_id"):
        driver.batch.get("")
    with pytest.raises(InvalidRequestError, match="status must be one of .*did you mean 'failed'"):
        driver.batch.list_batch_requests("b", status="fail")
    assert len(server.calls) == 0


def test_a_duplicate_of_an_earlier_call_is_refused_by_the_service(driver):
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, chats(driver, 1))
    with pytest.raises(BadRequestError, match="'id-0' exists already"):
        driver.batch.add(batch_id, chats(driver, 1))
    with pytest.raises(NotFoundError, match="Batch not found: b"):
        driver.batch.add("b", chats(driver, 1))


def test_a_request_is_the_chat_at_the_time_of_add(driver, server):
    batch_id = driver.batch.create("x").batch_id
    chat = driver.client.chat.create("grok-4").append(user("one"))
    driver.batch.add(batch_id, [chat, chat])
    [request] = adds(server)
    assert not any(item.completion_request.HasField("n") for item in request.batch_requests)
    # The chat has no id, so the service made one. The log has the request as it was sent.
    assert not any(item.HasField("batch_request_id") for item in request.batch_requests)
    listed = driver.batch.list_batch_requests(batch_id).batch_request_metadata
    assert len({item.batch_request_id for item in listed}) == 2
    assert request.batch_requests[0].completion_request == chat.proto
