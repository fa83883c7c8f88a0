"""``unknown_keys="ignore"`` reaches every object of a request, at any depth."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from tests.rest import strategies
from tests.rest.doc_tables import PLACES, rows
from tests.rest.http_client import complete, respond
from xai_vision.openai_compat import TranslationError, to_request
from xai_vision.openai_compat._tools import TOOL_OPTIONS
from xai_vision.openai_compat._values import ignoring_unknown_keys
from xai_vision.testing import FakeServer

# The content of these objects belongs to the program, so that every key of them is known.
FREE = ("parameters", "schema", "headers", "extra_headers", "stream_options", "metadata")
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
