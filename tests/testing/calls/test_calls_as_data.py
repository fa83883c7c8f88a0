"""Calls as values of JSON, and their equality."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import pickle
import re
from datetime import datetime

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rest.http_client import ask, respond
from tests.sample_images import data_url, jpeg, jpeg_of, png
from tests.testing.grpc_calls import chat_message, image_part, open_caller
from tests.testing.waiting import LIMIT
from xai_vision.proto import chat_pb2
from xai_vision.testing import FakeServer, Fault, Reply, match
from xai_vision.testing._calls.json_form import to_json_value

NEW_YEAR = datetime(2030, 1, 1)
FUNCTION = chat_pb2.Tool(function=chat_pb2.Function(name="f", parameters="{}"))
SHA = hashlib.sha256(jpeg()).hexdigest()


def assert_json_only(value):
    """Fail unless the value has the types of JSON only."""
    assert json.loads(json.dumps(value, allow_nan=False)) == value


def test_a_grpc_call(server, caller):
    server.on(image=match.format("JPEG")).reply(Reply("a photo", tool_calls=()))
    server.fault(Fault.latency(0.001))
    response = caller.sample("What is this?", image_part(jpeg(), "high"))
    value = server.calls.last.to_dict()
    assert_json_only(value)
    assert value["method"] == "GetCompletion"
    assert (value["model"], value["prompt"]) == ("grok-4", "What is this?")
    assert value["images"] == [
        {
            "sha256": SHA,
            "format": "JPEG",
            "width": 640,
            "height": 480,
            "size": len(jpeg()),
            "detail": "high",
            "source": "data",
            "tokens": value["images"][0]["tokens"],
            "turn": 0,
        }
    ]
    content = value["request"]["messages"][0]["content"]
    assert content[0] == {"text": "What is this?"}
    assert content[1]["image_url"]["image_url"] == f"data:image/jpeg;sha256,{SHA}"
    assert value["response"]["outputs"][0]["message"]["content"] == "a photo"
    assert value["response"]["id"] == response.id
    assert value["rule"] == "on(image=match.format('JPEG'))"
    assert value["faults"] == ["Fault('latency', seconds=0.001)"]
    assert (value["status"], value["http_status"], value["body"]) == ("OK", None, None)
    assert value.keys().isdisjoint({"metadata", "peer", "duration", "chunks_sent"})


def test_a_large_image_has_the_same_form_as_a_small_one(server, caller):
    large = jpeg_of(200_000)
    for data in (jpeg(), large):
        caller.sample("Hi", image_part(data))
    urls = [
        value["request"]["messages"][0]["content"][1]["image_url"]["image_url"]
        for value in (call.to_dict() for call in server.calls)
    ]
    assert urls == [
        f"data:image/jpeg;sha256,{hashlib.sha256(data).hexdigest()}" for data in (jpeg(), large)
    ]


def test_a_rest_call(server):
    part = {"type": "input_image", "image_url": data_url(png())}
    tool = {
        "type": "mcp",
        "server_label": "x",
        "server_url": "https://mcp.example",
        "authorization": "Bearer secret-1",
        "headers": {"X-Token": "secret-2"},
    }
    schema = {"type": "object", "properties": {"headers": {"type": "string"}}}
    function = {"type": "function", "name": "f", "parameters": schema}
    assert respond(server, [{"role": "user", "content": [part]}], tools=[tool, function]).status
    value = server.calls.last.to_dict()
    assert_json_only(value)
    assert (value["method"], value["http_status"]) == ("POST /v1/responses", 200)
    assert value["images"][0]["sha256"] == hashlib.sha256(png()).hexdigest()
    assert value["body"]["tools"][0]["authorization"] == "***"
    assert value["body"]["tools"][0]["headers"] == {"X-Token": "***"}
    assert value["body"]["tools"][1]["parameters"] == schema
    assert value["request"]["tools"][0]["mcp"]["server_url"] == "https://mcp.example"
    assert "secret" not in json.dumps(value)


def test_no_key_in_any_form():
    key = "our-own-secret-key"
    with FakeServer(api_key=key) as server, open_caller(server) as caller:
        server.on().reply(f"It is {key}.")
        caller.sample(f"My key is {key}, not {server.create_key()}.", user=key)
        caller.expect_error(f"{key}", model=key)
        ask(server, "POST", "/responses", {"model": "grok-4", "input": key, "metadata": {key: key}})
        text = server.calls.to_json(volatile=True)
        assert len(json.loads(text)) == 3
        assert key not in text
        assert "xai-fake-" not in text
        assert "My key is ***, not ***." in text


def test_a_call_in_progress_and_a_failed_call(server, caller):
    server.fault(Fault.status("INTERNAL", "broken"), next=1)
    caller.expect_error("Hi")
    value = server.calls.last.to_dict()
    assert (value["status"], value["details"], value["response"]) == ("INTERNAL", "broken", None)
    server.fault(Fault.hang())
    call = caller.chat.GetCompletion.future(
        chat_pb2.GetCompletionsRequest(model="grok-4", messages=[chat_message("Hi")]),
        metadata=caller.metadata,
    )
    assert server.calls.wait_for(2, LIMIT, when=lambda call: call.faults)
    value = server.calls.last.to_dict(volatile=True)
    assert_json_only(value)
    assert (value["status"], value["duration"]) == ("", None)
    call.cancel()
    assert server.calls.last.wait_cancelled(LIMIT)
    assert server.calls.last.to_dict()["cancelled"] is True


def test_volatile_values(server, caller):
    metadata = (*caller.metadata, ("x-run", "7"), ("x-run-bin", b"\x00\xff"))
    stream = caller.chat.GetCompletionChunk(
        chat_pb2.GetCompletionsRequest(model="grok-4", messages=[chat_message("Hi")]),
        metadata=metadata,
    )
    chunks = list(stream)
    assert server.calls.last.wait(LIMIT)
    value = server.calls.last.to_dict(volatile=True)
    assert_json_only(value)
    assert ["x-run", "7"] in value["metadata"]
    assert ["x-run-bin", "AP8="] in value["metadata"]
    assert ["authorization", "Bearer ***"] in value["metadata"]
    assert value["chunks_sent"] == len(chunks)
    assert value["duration"] > 0
    assert value["peer"]


def test_a_snapshot_is_the_same_in_each_run():
    texts = []
    for _ in range(2):
        with FakeServer(fixed_ids=True) as server, open_caller(server) as caller:
            server.clock.set(NEW_YEAR, frozen=True)
            server.on(prompt="call").reply(Reply.tool_call("f", x=1))
            caller.sample("Hi", image_part(jpeg()), store_messages=True)
            caller.sample("call", tools=[FUNCTION])
            list(caller.stream("streamed"))
            caller.expect_error("Hi", model="grok-none")
            texts.append(server.calls.to_json())
    assert texts[0] == texts[1]
    assert '"created": "2030-01-01T00:00:00Z"' in texts[0]


def test_other_methods_and_unknown_paths(server, caller):
    ask(server, "GET", "/models")
    ask(server, "GET", "/nothing")
    assert [value["http_status"] for value in json.loads(server.calls.to_json())] == [200, 404]
    for call in server.calls:
        assert_json_only(call.to_dict(volatile=True))


def test_the_rounds_of_a_tool_loop(server, caller):
    server.on().replies(Reply.tool_call("f"), "done")
    call = chat_pb2.ToolCall(id="1", function={"name": "f"})
    results = [
        chat_message("Go", role=chat_pb2.ROLE_SYSTEM),
        chat_message("Hi"),
        chat_pb2.Message(role=chat_pb2.ROLE_ASSISTANT, tool_calls=[call]),
        chat_pb2.Message(
            role=chat_pb2.ROLE_TOOL, tool_call_id="1", content=[chat_pb2.Content(text="42")]
        ),
    ]
    caller.sample("Hi", tools=[FUNCTION])
    caller.sample(messages=results, tools=[FUNCTION])
    first, second = (call.to_dict() for call in server.calls)
    assert (first["turn"], first["reply_number"], first["tool_results"]) == (1, 1, [])
    assert (second["turn"], second["reply_number"], second["system"]) == (2, 2, "Go")
    assert second["tool_results"] == [{"name": "f", "text": "42"}]


def test_continued_conversations(server, caller):
    first = caller.sample("What?", image_part(jpeg()), store_messages=True)
    caller.sample("More", previous_response_id=first.id)
    value = server.calls.last.to_dict()
    assert value["images"] == []
    assert [image["sha256"] for image in value["earlier_images"]] == [SHA]


def test_the_json_of_a_list(server, caller):
    caller.sample("Grüße")
    caller.sample("other")
    assert json.loads(server.calls.to_json()) == [call.to_dict() for call in server.calls]
    where = server.calls.where(prompt="other")
    assert json.loads(where.to_json(indent=None)) == [server.calls.last.to_dict()]
    assert "\n" not in where.to_json(indent=None)
    assert "Grüße" in server.calls.to_json()
    server.calls.clear()
    assert server.calls.to_json() == "[]"


def test_a_lone_surrogate_can_be_written(server):
    body = b'{"model": "grok-4", "input": "Hi", "metadata": {"a": "\\ud800"}}'
    ask(server, "POST", "/responses", body, headers={"content-type": "application/json"})
    text = server.calls.to_json()
    assert json.loads(text.encode())[0]["body"]["metadata"] == {"a": "\ud800"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON_VALUES)
def test_every_value_becomes_json(value):
    assert_json_only(to_json_value(value))
    assert to_json_value(to_json_value(value)) == to_json_value(value)


@pytest.mark.parametrize(
    "text",
    ["data:", "data:,", "data:image/png;base64,", "data:image/png;base64,…", "data:a;base64,?"],
)
def test_data_urls_without_data(text):
    assert to_json_value(text).startswith("data:")


DATA = jpeg()
BASE64 = base64.b64encode(DATA).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"See {data_url(DATA)} please.", f"See data:image/jpeg;sha256,{SHA} please."),
        (json.dumps({"a": data_url(DATA)}), json.dumps({"a": f"data:image/jpeg;sha256,{SHA}"})),
        (f"{data_url(DATA)},{data_url(DATA)}", ",".join([f"data:image/jpeg;sha256,{SHA}"] * 2)),
        (BASE64, f"sha256,{SHA}"),
        (f"<{BASE64}>", f"<sha256,{SHA}>"),
        (base64.urlsafe_b64encode(DATA).decode(), f"sha256,{SHA}"),
        (DATA, f"sha256,{SHA}"),
        ("word" * 100, "word" * 100),
        ("0123456789abcdef" * 20, "0123456789abcdef" * 20),
        ("A picture of 1 cat. " * 50, "A picture of 1 cat. " * 50),
    ],
)
def test_data_in_a_text_becomes_its_hash(text, expected):
    assert to_json_value(text) == expected


def test_no_data_in_any_part_of_a_call(server, caller):
    arguments = json.dumps({"image": data_url(DATA)})
    server.on().reply(Reply.tool_call("f", arguments).replace(encrypted=BASE64))
    file = {"type": "input_file", "file_data": BASE64, "filename": "a.jpg"}
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}}
    assert respond(server, [{"role": "user", "content": [file]}], tools=[tool]).status == 200
    caller.sample(f"What is {data_url(DATA)}?", tools=[FUNCTION])
    broken = chat_pb2.Content()
    broken.image_url.image_url = f"{data_url(DATA)}!!"
    caller.expect_error("Hi", broken)
    text = server.calls.to_json(volatile=True)
    assert len(server.calls) == 3
    assert text.count(SHA) >= 5
    assert not re.search(r"[\w+/-]{201,}", text)


COPIES = [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]


@pytest.mark.parametrize("make_copy", COPIES, ids=["copy", "deepcopy", "pickle"])
def test_equality(server, caller, make_copy):
    for _ in range(2):
        caller.sample("Hi", image_part(jpeg()))
    first, second = server.calls
    assert make_copy(first) == first == make_copy(make_copy(first))
    assert hash(make_copy(first)) == hash(first)
    assert first != second
    assert first != "Hi"
    assert make_copy(first).to_dict() == first.to_dict()
    assert make_copy(first) in server.calls
    # The two images are the same, but their calls are not.
    assert first.images == second.images == make_copy(first).images
    assert make_copy(server.calls) == server.calls == server.calls[:]
    assert server.calls[:1] != server.calls
    assert server.calls[::-1] != server.calls
    assert server.calls != [first, second]
    with pytest.raises(TypeError, match="unhashable"):
        hash(server.calls)


def test_images_differ_by_detail_and_bytes(server, caller):
    caller.sample(image_part(jpeg(), "high"), image_part(jpeg(), "low"), image_part(png(), "high"))
    images = server.calls.last.images
    assert len(set(images)) == 3


def test_calls_that_plugins_seed_alike_are_different(server, caller):
    """Plugins such as pytest-randomly seed the global generator before each test."""
    import random

    for _ in range(2):
        random.seed(1)
        with pytest.raises(grpc.RpcError):
            caller.sample("Hi", model="none")
    assert server.calls[0] != server.calls[1]
