"""Batches over REST, with the openai package and with xAI's own JSON."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image

from tests.rest.http_client import ask
from tests.services.service_driver import Driver
from xai_vision.testing import FakeServer, Fault

pytestmark = pytest.mark.peer

CHAT = "/v1/chat/completions"


def line(custom_id, text="Hi", url=CHAT, **body):
    if not body:
        body = {"model": "grok-4"}
        if url == CHAT:
            body["messages"] = [{"role": "user", "content": text}]
        else:
            body["input"] = text
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": url, "body": body})


def upload(rest, *lines):
    data = "\n".join(lines).encode()
    return rest.files.create(file=("in.jsonl", data), purpose="batch").id


def create(rest, *lines, **options):
    return rest.batches.create(
        input_file_id=upload(rest, *lines),
        endpoint=CHAT,
        completion_window="24h",
        **options,
    )


def output(rest, file_id):
    lines = rest.files.content(file_id).text.splitlines()
    return {entry["custom_id"]: entry for entry in map(json.loads, lines)}


def test_a_batch_of_the_openai_package(rest, server):
    server.on(prompt="Hi").reply("Hello")
    server.fault(Fault.status("INVALID_ARGUMENT", "no"), prompt="bad")
    batch = create(rest, line("a"), line("b", "bad"), line("c"), metadata={"job": "1"})
    assert type(batch).__name__ == "Batch"
    assert (batch.object, batch.status, batch.endpoint) == ("batch", "in_progress", CHAT)
    assert (batch.completion_window, batch.metadata) == ("24h", {"job": "1"})
    assert batch.output_file_id is None
    assert server.calls.last.request.input_file_id == batch.input_file_id
    assert rest.batches.retrieve(batch.id).status == "in_progress"
    done = rest.batches.retrieve(batch.id)
    assert (done.status, done.id) == ("completed", batch.id)
    counts = done.request_counts
    assert (counts.total, counts.completed, counts.failed) == (3, 2, 1)
    assert done.created_at <= done.completed_at < done.expires_at
    results = output(rest, done.output_file_id)
    assert set(results) == {"a", "c"}
    response = results["a"]["response"]
    assert response["status_code"] == 200
    assert response["body"]["choices"][0]["message"]["content"] == "Hello"
    [error] = output(rest, done.error_file_id).values()
    assert (error["custom_id"], error["response"]) == ("b", None)
    assert error["error"]["message"] == "no"
    # The files are made once.
    assert rest.batches.retrieve(batch.id).output_file_id == done.output_file_id
    methods = {call.method for call in server.calls if call.service == "REST"}
    assert {"POST /v1/batches", "GET /v1/batches/{id}"} <= methods


def test_lines_of_all_kinds(rest, server):
    server.batches(ready_after=0)
    png = io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    pixel = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
    batch = create(
        rest,
        line("responses", url="/v1/responses"),
        line("image", url="/v1/images/generations", model="grok-imagine-image", prompt="x"),
        line(
            "edit",
            url="/v1/images/edits",
            model="grok-imagine-image",
            prompt="x",
            response_format="b64_json",
            image={"type": "image_url", "url": pixel},
        ),
        line("video", url="/v1/videos/generations", model="grok-imagine-video", prompt="x"),
    )
    done = rest.batches.retrieve(batch.id)
    assert done.error_file_id is None
    bodies = {
        key: entry["response"]["body"] for key, entry in output(rest, done.output_file_id).items()
    }
    assert bodies["responses"]["object"] == "response"
    assert bodies["image"]["data"][0]["url"].startswith("http://127.0.0.1")
    assert bodies["edit"]["data"][0]["b64_json"]
    assert bodies["video"]["video"]["duration"] == 8


def test_batches_are_listed_in_pages(rest):
    ids = [create(rest, line("a")).id for _ in range(5)]
    assert [batch.id for batch in rest.batches.list(limit=2)] == ids[::-1]
    page = rest.batches.list(limit=2)
    assert page.has_more
    assert [batch.id for batch in page.data] == ids[:2:-1]
    assert [batch.id for batch in rest.batches.list(after=ids[1]).data] == ids[:1]


def test_a_batch_is_cancelled(rest):
    batch = create(rest, line("a"), line("b"))
    cancelled = rest.batches.cancel(batch.id)
    assert (cancelled.status, cancelled.request_counts.completed) == ("cancelled", 0)
    assert cancelled.cancelled_at >= cancelled.created_at
    assert rest.batches.retrieve(batch.id).status == "cancelled"
    assert set(output(rest, cancelled.error_file_id)) == {"a", "b"}


async def test_the_async_client(arest, server):
    server.batches(ready_after=0)
    file = await arest.files.create(file=("in.jsonl", line("a").encode()), purpose="batch")
    batch = await arest.batches.create(
        input_file_id=file.id, endpoint=CHAT, completion_window="24h"
    )
    assert (await arest.batches.retrieve(batch.id)).status == "completed"
    assert [item.id async for item in arest.batches.list()] == [batch.id]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"endpoint": "/v1/embeddings"}, "endpoint must be one of '/v1/chat/completions'"),
        ({"completion_window": "1h"}, "completion_window must be one of '24h'"),
        ({"metadata": "x"}, "metadata must be an object"),
        ({"output_expires_after": {}}, "has no key 'output_expires_after'"),
        ({"input_file_id": 5}, "input_file_id must be a string"),
    ],
)
def test_arguments_of_create_are_checked(rest, server, options, words):
    openai = pytest.importorskip("openai")
    arguments = {"input_file_id": "f", "endpoint": CHAT, "completion_window": "24h", **options}
    with pytest.raises((openai.UnprocessableEntityError, openai.BadRequestError)) as error:
        rest.batches.create(**arguments)
    assert words in str(error.value.body)


def test_unknown_ids_and_wrong_files(rest):
    openai = pytest.importorskip("openai")
    for call in (rest.batches.retrieve, rest.batches.cancel):
        with pytest.raises(openai.NotFoundError) as error:
            call("batch_x")
        assert error.value.body == "Batch not found: batch_x"
    with pytest.raises(openai.NotFoundError) as error:
        rest.batches.create(input_file_id="f", endpoint=CHAT, completion_window="24h")
    assert error.value.body == "File not found: f"
    with pytest.raises(openai.NotFoundError):
        rest.batches.list(after="batch_x")
    with pytest.raises(openai.BadRequestError) as error:
        create(
            rest,
            line("a"),
            line("b", url="/v1/images/generations", model="m", size="1x1", prompt="x"),
        )
    assert "Line 2 of the input file: size" in error.value.body


def chat_request(request_id, prompt="Hi"):
    body = {"model": "grok-4", "messages": [{"role": "user", "content": prompt}]}
    return {"batch_request_id": request_id, "batch_request": {"chat_get_completion": body}}


def test_the_json_of_xai(server):
    server.batches(ready_after=0, fail=["bad"])
    server.on(prompt="Hi").reply("Hello").optional()
    created = ask(server, "POST", "/batches", {"name": "mine"}).json
    assert (created["batch_id"], created["name"]) == (created["id"], "mine")
    path = f"/batches/{created['batch_id']}"
    requests = [chat_request("a"), chat_request("bad"), chat_request("c")]
    assert ask(server, "POST", f"{path}/requests", {"batch_requests": requests}).status == 200
    listed = ask(server, "GET", f"{path}/requests?page_size=2").json
    assert [item["batch_request_id"] for item in listed["batch_request_metadata"]] == ["a", "bad"]
    assert listed["batch_request_metadata"][0]["state"] == "STATE_PENDING"
    token = listed["pagination_token"]
    rest = ask(server, "GET", f"{path}/requests?pagination_token={token}").json
    assert [item["batch_request_id"] for item in rest["batch_request_metadata"]] == ["c"]
    results = ask(server, "GET", f"{path}/results").json
    texts = {
        item["batch_request_id"]: item["response"]["chat_get_completion"]["choices"][0]["message"][
            "content"
        ]
        for item in results["succeeded"]
    }
    assert texts == {"a": "Hello", "c": "Hello"}
    assert results["failed"] == [
        {"batch_request_id": "bad", "error_message": "The request could not be processed."}
    ]
    assert results["pagination_token"] is None
    batch = ask(server, "GET", path).json
    assert batch["state"] == {
        "num_requests": 3,
        "num_pending": 0,
        "num_success": 2,
        "num_error": 1,
        "num_cancelled": 0,
    }
    assert batch["cost_breakdown"]["total_cost_usd_ticks"] > 0
    assert ask(server, "POST", f"{path}:cancel").json["cancel_time"]
    assert [item["name"] for item in ask(server, "GET", "/batches").json["batches"]] == ["mine"]


def test_the_files_of_a_batch_follow_new_requests(server):
    server.batches(ready_after=0)
    path = f"/batches/{ask(server, 'POST', '/batches', {'name': 'x'}).json['id']}"
    sizes = []
    for name in ("a", "b"):
        requests = {"batch_requests": [chat_request(name)]}
        assert ask(server, "POST", f"{path}/requests", requests).status == 200
        file_id = ask(server, "GET", path).json["output_file_id"]
        sizes.append(len(ask(server, "GET", f"/files/{file_id}/content").body.splitlines()))
    assert sizes == [1, 2]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "batch_requests must be a list, not left out"),
        ({"batch_requests": [{}]}, "batch_requests[0].batch_request must be an object"),
        ({"batch_requests": [{"batch_request": {}}]}, "chat_get_completion is missing"),
        ({"batch_requests": [{"batch_request": {"chat": {}}}]}, "has no key 'chat'"),
        ({"batch_requests": [], "x": 1}, "has no key 'x'"),
        ({"batch_requests": [{"batch_request_id": 1}]}, "must be"),
    ],
)
def test_requests_in_json_are_checked(server, body, words):
    path = f"/batches/{ask(server, 'POST', '/batches', {'name': 'x'}).json['id']}"
    reply = ask(server, "POST", f"{path}/requests", body)
    assert reply.status in (400, 422)
    assert words in reply.json["error"]


def test_arguments_of_xais_endpoints_are_checked(server):
    reply = ask(server, "POST", "/batches", {})
    assert (reply.status, "name is missing" in reply.json["error"]) == (422, True)
    for query in ("limit=0", "limit=x", "page_size=-1", "limit=%C2%B2"):
        reply = ask(server, "GET", f"/batches?{query}")
        assert (reply.status, "limit must be" in reply.json["error"]) == (422, True)
    reply = ask(server, "GET", "/batches?pagination_token=x")
    assert (reply.status, "Invalid pagination_token" in reply.json["error"]) == (400, True)
    reply = ask(server, "GET", "/batches?page=1")
    assert (reply.status, "'page'" in reply.json["error"]) == (400, True)


def test_unknown_keys_can_be_ignored():
    with FakeServer(unknown_keys="ignore", http=True) as server:
        assert (
            ask(server, "POST", "/batches", {"name": "x", "output_expires_after": {}}).status == 200
        )


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_batch_over_grpc_and_rest_is_the_same(server, rest, kind):
    driver = Driver(kind, api_key=server.api_key, api_host=server.target)
    batch = create(rest, line("a"), line("b"))
    found = driver.batch.wait(batch.id, interval=0.001)
    assert found.input_file_id == batch.input_file_id
    results = {r.batch_request_id: r.response.content for r in driver.batch.results(batch.id)}
    done = rest.batches.retrieve(batch.id)
    texts = {
        key: entry["response"]["body"]["choices"][0]["message"]["content"]
        for key, entry in output(rest, done.output_file_id).items()
    }
    assert texts == results
    driver.close()
