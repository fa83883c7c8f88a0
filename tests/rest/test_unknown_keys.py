"""``unknown_keys="ignore"`` reaches every object of a request, at any depth."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from tests.rest import strategies
from tests.rest.documented.doc_tables import PLACES, rows
from tests.rest.http_client import ask, complete, respond
from tests.sample_images import data_url, png
from xai_vision.openai_compat import TranslationError, to_request
from xai_vision.openai_compat._tools import TOOL_OPTIONS
from xai_vision.openai_compat._values import ignoring_unknown_keys
from xai_vision.testing import FakeServer

# The content of these objects belongs to the program, so that every key of them is known.
FREE = ("parameters", "schema", "headers", "extra_headers", "stream_options", "metadata")
IMAGE = {"url": data_url(png())}
IMAGE_MODEL = "grok-imagine-image"
OTHER_BODIES = {
    "/images/generations": {
        "prompt": "x",
        "model": IMAGE_MODEL,
        "storage_options": {"filename": "a.jpg", "public_url": {"expires_after": 3600}},
    },
    "/images/edits": {"prompt": "x", "model": IMAGE_MODEL, "image": IMAGE},
    "/videos/generations": {
        "prompt": "x",
        "model": "grok-imagine-video-1.5",
        "keyframes": [{"image": IMAGE, "timestamp": 1}],
        "reference_audios": [{"voice_id": "v"}],
        "storage_options": {"filename": "a.mp4"},
    },
    "/batches": {"name": "x"},
    "/batches/{batch}/requests": {
        "batch_requests": [
            {
                "batch_request_id": "a",
                "batch_request": {
                    "chat_get_completion": {
                        "model": "grok-4",
                        "messages": [{"role": "user", "content": "Hi"}],
                        "response_format": {"type": "text"},
                    }
                },
            }
        ]
    },
}
REQUIRED = {
    "function": {"name": "f"},
    "collections_search": {"collection_ids": ["c"]},
    "mcp": {"server_url": "https://e.x"},
}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object whose keys the translation knows."""
    if isinstance(value, dict):
        yield value
        for key, entry in value.items():
            if key not in FREE:
                yield from objects(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from objects(entry)


def check_every_object(body: dict[str, Any]) -> None:
    expected = to_request(body)
    extended = copy.deepcopy(body)
    for one in list(objects(extended)):
        one["zzz"] = {"a": [1]}
    with ignoring_unknown_keys():
        assert to_request(extended) == expected
    with pytest.raises(TranslationError, match="no key 'zzz'"):
        to_request(extended)


@given(strategies.chat_body)
@settings(max_examples=60)
def test_every_object_of_chat_completions(body):
    check_every_object(body)


@given(strategies.responses_body)
@settings(max_examples=60)
def test_every_object_of_responses(body):
    check_every_object(body)


@pytest.mark.parametrize("name", PLACES)
def test_every_documented_object(name):
    place = PLACES[name]
    expected = to_request(place.put(copy.deepcopy(place.base)))
    rejected = rows("in JSON")[name][2]
    for key in ["zzz", *rejected]:
        if key in ("background", "refusal"):
            continue  # Known keys: only some of their values are rejected.
        body = place.put({**place.base, key: place.values.get(key, "x")})
        with pytest.raises(TranslationError) as raised:
            to_request(body)
        assert key in raised.value.key
        with ignoring_unknown_keys():
            assert to_request(body) == expected, key


@pytest.fixture(scope="module")
def lenient():
    with FakeServer(unknown_keys="ignore") as server:
        yield server


@pytest.mark.parametrize("kind", [*TOOL_OPTIONS, "code_interpreter", "file_search"])
@pytest.mark.parametrize("form", ["beside the type", "under the type"])
def test_every_tool_over_http(server, lenient, kind, form):
    options = {**REQUIRED.get(kind, {}), "zzz": 1}
    if kind == "file_search":
        options |= {"vector_store_ids": ["c"]}
    tool = {"type": kind, **options} if form == "beside the type" else {"type": kind, kind: options}
    for request in (respond, complete):
        refused = request(server, tools=[tool])
        assert refused.status == 400
        assert "no key 'zzz'" in refused.json["error"]
        assert request(lenient, tools=[tool]).status == 200, kind
        (read,) = lenient.calls.last.request.tools
        assert read.WhichOneof("tool")


def test_nested_objects_over_http(lenient):
    extra = {"zzz": 1}
    tool = {
        "type": "web_search",
        "search_context_size": "medium",
        "filters": {"allowed_domains": ["a.com"], **extra},
        "user_location": {"type": "approximate", "city": "Oslo", **extra},
    }
    reply = respond(
        lenient,
        [{"role": "user", "content": [{"type": "input_text", "text": "Hi", **extra}], **extra}],
        tools=[tool],
        reasoning={"effort": "low", "context": "auto"},
        text={"format": {"type": "text", **extra}, **extra},
        search_parameters={"mode": "auto", "sources": [{"type": "web", **extra}], **extra},
    )
    assert reply.status == 200, reply.json
    request = lenient.calls.last.request
    assert list(request.tools[0].web_search.allowed_domains) == ["a.com"]
    assert request.tools[0].web_search.user_location.city == "Oslo"
    assert request.search_parameters.sources[0].HasField("web")


@pytest.mark.parametrize(
    ("filters", "location"),
    [
        (None, None),
        ({"allowed_domains": ["a.com"]}, {"type": "approximate", "city": "Oslo", "region": None}),
        ({"allowed_domains": None}, {"type": "approximate", "city": None}),
    ],
)
def test_the_web_search_of_openai_agents(server, lenient, filters, location):
    """Its WebSearchTool always sends these four keys."""
    tool = {
        "type": "web_search",
        "filters": filters,
        "user_location": location,
        "search_context_size": "medium",
    }
    refused = respond(server, tools=[tool])
    assert refused.status == 400
    assert "web_search has no key 'search_context_size'" in refused.json["error"]
    reply = respond(lenient, tools=[tool])
    assert reply.status == 200, reply.json
    (read,) = lenient.calls.last.request.tools
    assert list(read.web_search.allowed_domains) == ((filters or {}).get("allowed_domains") or [])
    assert read.web_search.user_location.city == ((location or {}).get("city") or "")


def test_messages_can_have_keys_of_the_other_format(lenient):
    reply = respond(lenient, [{"role": "user", "content": "Hi", "name": "Ada"}])
    assert reply.status == 200
    assert lenient.calls.last.request.messages[0].name == ""


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        ({"temperature": "warm"}, 422, "temperature must be a number"),
        ({"background": True}, 400, "not supported: background"),
        ({"tools": [{"type": "web_serch"}]}, 400, "no tool has the type 'web_serch'"),
        ({"tools": [{"type": "mcp", "zzz": 1}]}, 422, "mcp needs 'server_url'"),
        ({"text": {"zzz": 1, "format": {"type": "xml"}}}, 422, "text.format.type"),
    ],
)
def test_wrong_values_are_still_refused(lenient, more, status, message):
    reply = respond(lenient, **more)
    assert (reply.status, message in reply.json["error"]) == (status, True), reply.json


def test_the_block_ends_with_its_request(lenient, server):
    assert respond(lenient, zzz=1).status == 200
    assert respond(server, zzz=1).status == 400
    assert respond(lenient, zzz=1).status == 200


def extended(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the body with an unknown key in one of its objects, for each of them."""
    for index, _ in enumerate(objects(body)):
        changed = copy.deepcopy(body)
        list(objects(changed))[index]["zzz"] = {"a": [1]}
        yield changed


@pytest.mark.parametrize("path", OTHER_BODIES)
def test_every_object_of_other_endpoints(server, lenient, path):
    ids = {one: ask(one, "POST", "/batches", {"name": "x"}).json["id"] for one in (server, lenient)}
    for body in extended(OTHER_BODIES[path]):
        refused = ask(server, "POST", path.format(batch=ids[server]), body)
        assert (refused.status, "no key 'zzz'" in refused.json["error"]) == (400, True)
    for number, body in enumerate(
        [copy.deepcopy(OTHER_BODIES[path]), *extended(OTHER_BODIES[path])]
    ):
        for item in body.get("batch_requests", ()):
            item["batch_request_id"] = str(number)
        reply = ask(lenient, "POST", path.format(batch=ids[lenient]), body)
        assert reply.status == 200, reply.json


def test_keys_of_other_endpoints_are_dropped(lenient):
    """Such as a source image, which has no meaning where images are generated."""
    body = {"prompt": "x", "model": IMAGE_MODEL, "image": IMAGE}
    reply = ask(lenient, "POST", "/images/generations", body)
    assert reply.status == 200, reply.json
    assert not lenient.calls.last.request.HasField("image")


def test_the_lines_of_a_batch_file(server, lenient):
    message = {"role": "user", "content": "Hi", "zzz": 1}
    body = {"model": "grok-4", "messages": [message], "zzz": 1}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    for one in (server, lenient):
        one.files["file_1"] = json.dumps(line).encode()
    refused = ask(server, "POST", "/batches", {"input_file_id": "file_1"})
    assert (refused.status, "zzz" in refused.json["error"]) == (400, True)
    created = ask(lenient, "POST", "/batches", {"input_file_id": "file_1"})
    assert created.status == 200, created.json
    assert created.json["request_counts"]["total"] == 1


def test_keys_without_effect_are_accepted_in_a_batch_too(server):
    body = {
        "model": "grok-4",
        "messages": [{"role": "user", "content": "Hi"}],
        "metadata": {"a": "b"},
        "service_tier": "auto",
    }
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    server.files["file_1"] = json.dumps(line).encode()
    created = ask(server, "POST", "/batches", {"input_file_id": "file_1"})
    assert created.status == 200, created.json
    requests = [{"batch_request_id": "a", "batch_request": {"chat_get_completion": body}}]
    batch = ask(server, "POST", "/batches", {"name": "x"}).json["id"]
    path = f"/batches/{batch}/requests"
    assert ask(server, "POST", path, {"batch_requests": requests}).status == 200
    assert complete(server, metadata={"a": "b"}, service_tier="auto").status == 200
