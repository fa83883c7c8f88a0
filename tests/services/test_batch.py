"""client.batch through the wire."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.services.batches import FAST, chats
from xai_vision import batch as public
from xai_vision.chat import user
from xai_vision.errors import (
    BadRequestError,
    BatchResultError,
    NotFoundError,
)
from xai_vision.image import AsyncImageResponse, ImageResponse
from xai_vision.proto import batch_pb2
from xai_vision.testing import Fault, Reply, ServiceError

IMAGE_MODEL = "grok-imagine-image"

RESULTS = {
    False: (public.ListBatchResultsResponse, public.BatchResult),
    True: (public.AsyncListBatchResultsResponse, public.AsyncBatchResult),
}


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


def test_a_model_without_batches_is_refused_with_the_services_words(driver, server):
    server.batches(models_refused=["grok-4"])
    batch_id = driver.batch.create("x").batch_id
    with pytest.raises(BadRequestError, match="grok-4 is not available for batch requests"):
        driver.batch.add(batch_id, chats(driver, 1))


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
