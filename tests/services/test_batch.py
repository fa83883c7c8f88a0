"""client.batch through the wire."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from xai_vision import batch as public
from xai_vision.chat import image, user
from xai_vision.errors import (
    BadRequestError,
    BatchCancelledError,
    BatchResultError,
    InvalidRequestError,
    NotFoundError,
    RateLimitError,
    RequestTimeoutError,
    UnavailableError,
)
from xai_vision.image import AsyncImageResponse, ImageResponse
from xai_vision.proto import batch_pb2
from xai_vision.services._batch import calls
from xai_vision.services._batch import requests as batch_requests
from xai_vision.testing import Fault, Reply, ServiceError

FAST = {"interval": 0.001}
IMAGE_MODEL = "grok-imagine-image"
RESULTS = {
    False: (public.ListBatchResultsResponse, public.BatchResult),
    True: (public.AsyncListBatchResultsResponse, public.AsyncBatchResult),
}
ONE_SMALL_REQUEST = 80
"""Bytes of a call with a request of one letter, but not of two."""


def square(color="red", side=32):
    data = io.BytesIO()
    Image.new("RGB", (side, side), color).save(data, "PNG")
    return data.getvalue()


def chats(driver, count, prompt="what?", **settings):
    return [
        driver.client.chat.create("grok-4", batch_request_id=f"id-{i}", **settings).append(
            user(prompt, image(square()))
        )
        for i in range(count)
    ]


def adds(server):
    return [call.request for call in server.calls if call.method == "AddBatchRequests"]


def test_a_batch_from_creation_to_results(driver, server):
    server.on(prompt="what?").reply("a red square")
    batch = driver.batch.create("squares")
    assert type(batch) is batch_pb2.Batch
    assert driver.batch.add(batch.batch_id, chats(driver, 150)) is None
    driver.batch.add(
        batch.batch_id,
        [
            driver.client.image.prepare("a dog", IMAGE_MODEL, batch_request_id="image"),
            driver.client.video.prepare("a dog", "grok-imagine-video", batch_request_id="video"),
            driver.client.video.prepare_extension(
                "x", "grok-imagine-video", "https://e.x/a.mp4", batch_request_id="longer"
            ),
        ],
    )
    pending = []
    done = driver.batch.wait(
        batch.batch_id, on_progress=lambda b: pending.append(b.state.num_pending), **FAST
    )
    assert pending == [153, 0]
    assert (done.state.num_requests, done.state.num_success, done.state.num_error) == (153, 153, 0)
    assert done.cost_breakdown.total_cost_usd_ticks == sum(
        cost.cost_usd_ticks for cost in done.cost_breakdown.endpoint_costs
    )
    results = {result.batch_request_id: result for result in driver.batch.results(batch.batch_id)}
    assert len(results) == 153
    assert {results[f"id-{i}"].response.content for i in range(150)} == {"a red square"}
    assert results["image"].image_response.url
    assert results["video"].video_response.duration == 8
    assert results["longer"].video_response.duration == 6
    # The images of each request arrived.
    completions = [call for call in server.calls if call.method == "GetCompletion"]
    assert len(completions) == 150
    assert all(len(call.images) == 1 for call in completions)


def test_pages_and_single_results(driver):
    batch_id = driver.batch.create("pages").batch_id
    driver.batch.add(batch_id, chats(driver, 5))
    driver.batch.wait(batch_id, **FAST)
    page = driver.batch.list_batch_results(batch_id, 2)
    page_type, result_type = RESULTS[driver.is_async]
    assert type(page) is page_type
    ids = [result.batch_request_id for result in page.results]
    while page.pagination_token:
        page = driver.batch.list_batch_results(
            batch_id, limit=2, pagination_token=page.pagination_token
        )
        ids += [result.batch_request_id for result in page.results]
    assert sorted(ids) == [f"id-{i}" for i in range(5)]
    assert page.pagination_token is None
    assert driver.batch.get_result(batch_id, "id-3").batch_request_id == "id-3"
    assert type(driver.batch.get_result(batch_id, "id-3")) is result_type
    assert isinstance(driver.batch.get_result(batch_id, "id-3"), public.BatchResult)
    listed = driver.batch.list_batch_requests(batch_id, 3)
    assert [item.batch_request_id for item in listed.batch_request_metadata] == [
        "id-0",
        "id-1",
        "id-2",
    ]
    rest = driver.batch.list_batch_requests(batch_id, 3, listed.pagination_token)
    assert len(rest.batch_request_metadata) == 2
    assert not rest.pagination_token
    assert driver.batch.list(limit=1).batches[0].name == "pages"
    with pytest.raises(NotFoundError, match="Request not found: id-9"):
        driver.batch.get_result(batch_id, "id-9")
    with pytest.raises(BadRequestError, match="Invalid pagination_token"):
        driver.batch.list_batch_results(batch_id, pagination_token="x")


@pytest.mark.parametrize("image_format", ["url", "base64"])
def test_an_image_of_a_batch_is_read_as_one_of_a_call(driver, image_format):
    batch_id = driver.batch.create("images").batch_id
    request = driver.client.image.prepare(
        "a dog", IMAGE_MODEL, batch_request_id="a", image_format=image_format
    )
    driver.batch.add(batch_id, [request])
    driver.batch.wait(batch_id, **FAST)
    for result in (
        *driver.batch.results(batch_id),
        *driver.batch.list_batch_results(batch_id).succeeded,
        driver.batch.get_result(batch_id, "a"),
    ):
        response = result.image_response
        expected = AsyncImageResponse if driver.is_async else ImageResponse
        assert type(response) is expected
        data = driver.run(lambda response=response: response.image)
        assert Image.open(io.BytesIO(data)).width


def test_failed_requests_have_the_services_words(driver, server):
    server.on(prompt="bad").fault(Fault.status("INVALID_ARGUMENT", "no such thing"))
    server.batches(fail=["id-1"])
    batch_id = driver.batch.create("failures").batch_id
    driver.batch.add(batch_id, chats(driver, 2))
    bad = driver.client.chat.create("grok-4", batch_request_id="bad").append(user("bad"))
    unknown = driver.client.chat.create("grok-9", batch_request_id="model").append(user("x"))
    driver.batch.add(batch_id, [bad, unknown])
    done = driver.batch.wait(batch_id, **FAST)
    assert (done.state.num_success, done.state.num_error) == (1, 3)
    page = driver.batch.list_batch_results(batch_id)
    failed = {result.batch_request_id: result.error_message for result in page.failed}
    assert failed == {
        "id-1": "The request could not be processed.",
        "bad": "no such thing",
        "model": "The model grok-9 does not exist or your team does not have access to it.",
    }
    [succeeded] = page.succeeded
    assert (succeeded.is_success, succeeded.has_error, succeeded.error_message) == (
        True,
        False,
        None,
    )
    result = driver.batch.get_result(batch_id, "bad")
    for name in ("response", "image_response", "video_response"):
        with pytest.raises(BatchResultError, match="'bad' failed: no such thing"):
            getattr(result, name)
    statuses = {
        status: len(
            driver.batch.list_batch_requests(batch_id, status=status).batch_request_metadata
        )
        for status in ("pending", "succeeded", "cancelled", "failed")
    }
    assert statuses == {"pending": 0, "succeeded": 1, "cancelled": 0, "failed": 3}


def test_a_result_of_another_kind_names_the_right_attribute():
    result = batch_pb2.BatchResult(batch_request_id="a")
    result.response.image_response.SetInParent()
    with pytest.raises(BatchResultError, match="'a' has no response. Read image_response"):
        _ = public.BatchResult(result).response
    with pytest.raises(BatchResultError, match="'a' holds no image"):
        _ = public.BatchResult(result).image_response
    empty = public.BatchResult(batch_pb2.BatchResult(batch_request_id="b"))
    assert empty.is_success
    with pytest.raises(BatchResultError, match="'b' has no response, it is empty"):
        _ = empty.response


def test_a_cancelled_batch_ends_the_wait(driver, server):
    batch_id = driver.batch.create("mine").batch_id
    driver.batch.add(batch_id, chats(driver, 2))
    assert driver.batch.cancel(batch_id).state.num_cancelled == 2
    with pytest.raises(BatchCancelledError, match="its owner cancelled it") as error:
        driver.batch.wait(batch_id, **FAST)
    assert error.value.batch.state.num_cancelled == 2
    [first, _] = driver.batch.results(batch_id)
    assert first.error_message == "The request was cancelled."
    with pytest.raises(BadRequestError, match="is cancelled"):
        driver.batch.add(batch_id, chats(driver, 1, "other"))
    server.batches(cancel="The content is not allowed.")
    batch_id = driver.batch.create("theirs").batch_id
    driver.batch.add(batch_id, chats(driver, 1))
    with pytest.raises(BatchCancelledError, match="The content is not allowed"):
        driver.batch.wait(batch_id, **FAST)
    with pytest.raises(BadRequestError, match="The content is not allowed"):
        driver.batch.add(batch_id, chats(driver, 1, "other"))


def test_a_model_without_batches_is_refused_with_the_services_words(driver, server):
    server.batches(models_refused=["grok-4"])
    batch_id = driver.batch.create("x").batch_id
    with pytest.raises(BadRequestError, match="grok-4 is not available for batch requests"):
        driver.batch.add(batch_id, chats(driver, 1))


def test_a_wait_ends_at_its_timeout_and_with_the_callbacks_exception(driver, server):
    server.batches(ready_after=10**6)
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, chats(driver, 1))
    with pytest.raises(RequestTimeoutError, match="was not done after 0.2 seconds") as error:
        driver.batch.wait(batch_id, timeout=0.2, **FAST)
    assert error.value.deferred_id == batch_id

    class MyError(Exception):
        pass

    def fail(batch):
        raise MyError

    with pytest.raises(MyError):
        driver.batch.wait(batch_id, on_progress=fail, **FAST)


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


def test_a_batch_from_a_file(driver, server):
    server.on(prompt="Hi").reply("Hello")
    lines = [
        {
            "custom_id": "a",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]},
        },
        {"custom_id": "b", "url": "/v1/responses", "body": {"model": "grok-4", "input": "Hi"}},
    ]
    data = "\n".join(map(json.dumps, lines)).encode()
    file_id = driver.files.upload(data, filename="in.jsonl").id
    batch = driver.batch.create("file", input_file_id=file_id)
    assert (batch.input_file_id, batch.state.num_requests) == (file_id, 2)
    driver.batch.wait(batch.batch_id, **FAST)
    results = driver.batch.results(batch.batch_id)
    assert sorted(r.batch_request_id for r in results) == ["a", "b"]
    assert {r.response.content for r in results} == {"Hello"}
    with pytest.raises(BadRequestError, match="accepts no more requests"):
        driver.batch.add(batch.batch_id, chats(driver, 1))
    with pytest.raises(NotFoundError, match="File not found: f"):
        driver.batch.create("x", input_file_id="f")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "Line 2 of the input file"),
        (b"[]", "it is not a JSON object"),
        (b'{"url": "/v1/responses", "body": {}}', "custom_id"),
        (b'{"custom_id": "a", "url": "/v1/x", "body": {}}', "url must be one of"),
        (b'{"custom_id": "a", "url": "/v1/responses", "body": 3}', "body is not a JSON object"),
        (b'{"custom_id": "a", "url": "/v1/responses", "method": "GET", "body": {}}', "POST"),
        (b'{"custom_id": "a", "url": "/v1/responses", "body": {"zzz": 1}}', "input is missing"),
        (
            b'{"custom_id": "a", "url": "/v1/responses", "body": {"input": "x", "zzz": 1}}',
            "zzz",
        ),
        (b"\xff", "Line 2"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_line(driver, line, words):
    good = b'{"custom_id": "g", "url": "/v1/responses", "body": {"model": "m", "input": "x"}}'
    file_id = driver.files.upload(good + b"\n" + line, filename="in.jsonl").id
    with pytest.raises(BadRequestError, match=words):
        driver.batch.create("x", input_file_id=file_id)


def test_rules_apply_to_each_request(driver, server):
    server.on(prompt="what?").replies("one", "two")
    server.rate_limit(requests=0.001)
    batch_id = driver.batch.create("x", retries=0).batch_id
    server.clear()
    server.on(prompt="what?").replies(Reply("one"), Reply("two"))
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, chats(driver, 2))
    driver.batch.wait(batch_id, **FAST)
    contents = {r.batch_request_id: r.response.content for r in driver.batch.results(batch_id)}
    assert contents == {"id-0": "one", "id-1": "two"}


def test_a_mistake_of_a_rule_is_the_tests(driver, server):
    def broken(call):
        raise ServiceError("INTERNAL", "mine")

    server.on(prompt="what?").side_effect(broken)
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, chats(driver, 1))
    driver.batch.wait(batch_id, **FAST)
    [result] = driver.batch.results(batch_id)
    assert result.error_message == "mine"


def test_a_wait_outlasts_polls_that_fail(driver, server, monkeypatch):
    monkeypatch.setattr(calls, "_POLL_SECONDS", 0.3)
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, chats(driver, 1))
    server.fault(Fault.hang(), next=1, method="GetBatch")
    server.fault(Fault.unavailable(), next=3, method="GetBatch")
    done = driver.batch.wait(batch_id, retries=0, **FAST)
    assert done.state.num_success == 1
    assert [call.status for call in server.calls if call.method == "GetBatch"][1:4] == [
        "UNAVAILABLE"
    ] * 3


def test_a_wait_ends_with_the_last_error_if_the_service_stays_away(driver, server):
    batch_id = driver.batch.create("x").batch_id
    server.fault(Fault.unavailable("gone"), method="GetBatch")
    with pytest.raises((UnavailableError, RequestTimeoutError), match="gone|was not done") as error:
        driver.batch.wait(batch_id, retries=0, timeout=0.3, **FAST)
    assert error.value.deferred_id == batch_id
