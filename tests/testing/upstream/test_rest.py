"""Calls over REST become protos, which are passed on to a gRPC service."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from tests import sample_images
from tests.rest.http_client import ask, complete, respond
from tests.testing.grpc_calls import data_url
from tests.testing.waiting import LIMIT
from xai_vision.testing import FakeServer, Fault


def text_of(reply):
    return reply.json["choices"][0]["message"]["content"]


def test_a_rule_answers_first_and_the_upstream_the_rest(server, upstream):
    server.on(prompt="local").reply("from the rule")
    upstream.on(prompt="remote").reply("from the upstream")
    assert text_of(complete(server, "local")) == "from the rule"
    assert text_of(complete(server, "remote")) == "from the upstream"
    output = respond(server, "remote").json["output"]
    assert output[-1]["content"][0]["text"] == "from the upstream"
    assert [call.method for call in upstream.calls] == ["GetCompletion"] * 2
    assert [call.passed_on for call in server.calls] == [False, True, True]


def test_an_image_arrives_unchanged(server, upstream):
    data = sample_images.sample("photo.jpg")
    upstream.on(image=data).reply("I see it")
    parts = [{"type": "image_url", "image_url": {"url": data_url(data)}}]
    assert text_of(complete(server, parts)) == "I see it"


@pytest.mark.parametrize("call", [respond, complete])
def test_streams_are_passed_on_as_chunks(server, upstream, call):
    upstream.on().reply("one two", chunks=["one ", "two"])
    events = call(server, stream=True).events
    assert events[-1] == "[DONE]"
    assert "one " in json.dumps(events)
    assert [call.method for call in upstream.calls] == ["GetCompletionChunk"]
    assert server.calls.last.response.outputs[0].message.content == "one two"


def test_an_error_has_its_http_status_and_headers(server, upstream):
    upstream.fault(Fault.rate_limited(7))
    reply = complete(server)
    assert (reply.status, reply.headers["retry-after"]) == (429, "7")
    assert "Too many requests." in reply.body.decode()


def test_an_error_within_a_stream_is_its_last_event(server, upstream):
    upstream.on().reply("one two", chunks=["one ", "two"])
    upstream.fault(Fault.status("INTERNAL", "broken", after_chunks=1))
    events = complete(server, stream=True).events
    assert "broken" in json.dumps(events[-1])
    assert server.calls.last.status == "INTERNAL"


def test_a_client_that_disconnects_cancels_the_call_of_the_upstream(server, upstream):
    upstream.fault(Fault.hang())
    with pytest.raises(TimeoutError):
        ask(
            server,
            "POST",
            "/chat/completions",
            {"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]},
            timeout=1,
        )
    assert upstream.calls.wait_for(1, timeout=LIMIT)
    assert upstream.calls.last.wait_cancelled(LIMIT)


def test_a_key_of_the_client_is_passed_on():
    with (
        FakeServer(api_key="xai-0123456789-own-key") as upstream,
        FakeServer(upstream=upstream.target) as server,
    ):
        assert ask(server, "GET", "/api-key", key=upstream.api_key).status == 200
        reply = ask(server, "GET", "/api-key", key="xai-unknown-key")
    assert "Incorrect API key" in reply.body.decode()


def test_trace_headers_are_passed_on_and_other_headers_are_not(server, upstream):
    complete_headers = {"x-grok-conv-id": "7", "traceparent": "00-1-2-01", "cookie": "secret"}
    ask(server, "GET", "/models", headers=complete_headers)
    record = upstream.calls.last
    assert (record.header("x-grok-conv-id"), record.header("traceparent")) == ("7", "00-1-2-01")
    assert record.header("cookie") is None


def test_models_and_the_key_are_those_of_the_upstream(server, upstream):
    upstream.models.add("grok-99", aliases=("grok-latest-99",))
    names = [model["id"] for model in ask(server, "GET", "/models").json["data"]]
    assert "grok-99" in names
    assert ask(server, "GET", "/models/grok-latest-99").json["id"] == "grok-99"
    model = ask(server, "GET", "/language-models/grok-99").json
    assert (model["aliases"], model["input_modalities"]) == (["grok-latest-99"], ["text", "image"])
    assert ask(server, "GET", "/models/unknown").status == 404
    assert len(ask(server, "GET", "/language-models").json["models"]) == len(names)


def test_stored_and_deferred_responses_are_those_of_the_upstream(server, upstream):
    upstream.on(prompt="Hi").reply("far away")
    created = respond(server, store=True).json
    stored = ask(server, "GET", f"/responses/{created['id']}").json
    assert stored["output"][-1]["content"][0]["text"] == "far away"
    assert ask(server, "DELETE", f"/responses/{created['id']}").json["deleted"]
    assert ask(server, "GET", f"/responses/{created['id']}").status == 404
    upstream.deferred(ready_after_polls=0)
    started = complete(server, deferred=True).json
    polled = ask(server, "GET", f"/chat/deferred-completion/{started['request_id']}")
    assert text_of(polled) == "far away"


def test_files_are_those_of_the_upstream(server, upstream):
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        b"content\r\n--b--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=b"}
    created = ask(server, "POST", "/files", form, headers=headers).json
    assert upstream.files.fetch(created["id"]) == b"content"
    assert (created["filename"], created["bytes"]) == ("a.txt", 7)
    listed = ask(server, "GET", "/files").json["data"]
    assert [file["id"] for file in listed] == [created["id"]]
    assert ask(server, "GET", f"/files/{created['id']}").json["filename"] == "a.txt"
    assert ask(server, "GET", f"/files/{created['id']}/content").body == b"content"
    assert ask(server, "DELETE", f"/files/{created['id']}").json["deleted"]
    assert not upstream.files


@pytest.mark.parametrize("kind", ["files", "batches"])
def test_the_page_after_an_item_is_that_of_the_upstream(server, upstream, kind):
    for number in range(5):
        if kind == "files":
            upstream.files[f"file-{number}"] = b"content"
        else:
            ask(server, "POST", "/batches", {"name": f"b{number}"})
    every = [item["id"] for item in ask(server, "GET", f"/{kind}").json["data"]]
    assert len(every) == 5
    ids, path = [], f"/{kind}?limit=2"
    while True:
        page = ask(server, "GET", path).json
        ids += [item["id"] for item in page["data"]]
        if not page["has_more"]:
            break
        path = f"/{kind}?limit=2&after={ids[-1]}"
    assert ids == every
    refused = ask(server, "GET", f"/{kind}?after={every[0]}")
    assert refused.status == 400
    assert "pagination_token" in refused.body.decode()


def test_images_and_videos_are_those_of_the_upstream(server, upstream):
    body = {"prompt": "a cat", "model": "grok-imagine-image"}
    image = ask(server, "POST", "/images/generations", body).json["data"][0]
    assert image["url"]
    upstream.videos(ready_after_polls=0)
    body = {"prompt": "a cat", "model": "grok-imagine-video"}
    started = ask(server, "POST", "/videos/generations", body).json
    state = ask(server, "GET", f"/videos/{started['request_id']}").json
    assert state["status"] == "done"
    assert [call.method for call in upstream.calls] == [
        "GenerateImage",
        "GenerateVideo",
        "GetDeferredVideo",
    ]


def test_batches_are_those_of_the_upstream(server, upstream):
    upstream.on(prompt="Hi").reply("in the batch")
    upstream.batches(ready_after=0)
    batch = ask(server, "POST", "/batches", {"name": "b"}).json
    path = f"/batches/{batch['id']}"
    item = {"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]}
    requests = [
        {"batch_request_id": "1", "batch_request": {"chat_get_completion": item}},
        {
            "batch_request_id": "2",
            "batch_request": {"chat_get_completion": {**item, "model": "no-such-model"}},
        },
    ]
    added = ask(server, "POST", f"{path}/requests", {"batch_requests": requests})
    assert added.status == 200
    results = ask(server, "GET", f"{path}/results").json
    answer = results["succeeded"][0]["response"]["chat_get_completion"]
    assert answer["choices"][0]["message"]["content"] == "in the batch"
    assert [failed["batch_request_id"] for failed in results["failed"]] == ["2"]
    states = ask(server, "GET", f"{path}/requests").json["batch_request_metadata"]
    assert len(states) == 2
    assert ask(server, "GET", path).json["status"] == "completed"
    assert [listed["id"] for listed in ask(server, "GET", "/batches").json["data"]] == [batch["id"]]
    other = ask(server, "POST", "/batches", {"name": "c"}).json
    assert ask(server, "POST", f"/batches/{other['id']}/cancel").json["status"] == "cancelled"
    assert not any(call.unmatched for call in server.calls)


@pytest.mark.peer
def test_the_openai_package_works_in_front_of_an_upstream(server, upstream):
    openai = pytest.importorskip("openai")
    upstream.on().reply("one two", chunks=["one ", "two"])
    with openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as client:
        messages = [{"role": "user", "content": "Hi"}]
        whole = client.chat.completions.create(model="grok-4", messages=messages)
        assert whole.choices[0].message.content == "one two"
        with client.responses.stream(model="grok-4", input="Hi") as stream:
            stream.until_done()
            assert stream.get_final_response().output_text == "one two"


@pytest.mark.parametrize("setting", ["upstream", "upstream_key", "model"])
def test_the_admin_api_cannot_set_where_the_key_is_sent(setting):
    with FakeServer(admin_token="the-admin-token") as server:
        body = {"settings": {setting: "localhost:1"}}
        reply = ask(server, "POST", "/tenants", body, key="the-admin-token", prefix="/__admin")
    assert reply.status == 400
    assert f"{setting} can only be set where the server is started" in reply.body.decode()


def test_a_tenant_of_the_admin_api_has_the_upstream_of_its_server(upstream):
    upstream.on(prompt="Hi").reply("far away")
    with FakeServer(
        upstream=upstream.target, upstream_key=upstream.api_key, admin_token="the-admin-token"
    ) as server:
        reply = ask(server, "POST", "/tenants", {}, key="the-admin-token", prefix="/__admin")
        body = {"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]}
        answer = ask(server, "POST", "/chat/completions", body, key=reply.json["api_key"])
    assert text_of(answer) == "far away"
