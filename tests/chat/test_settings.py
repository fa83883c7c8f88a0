"""The parameters of create(), and their validation."""

from __future__ import annotations

import json

import pytest

from xai_vision import InvalidRequestError
from xai_vision.chat import file, image, tool_result, user
from xai_vision.chat._request.parameters import CreateParameters
from xai_vision.chat._request.settings import _CONVERTERS, make_settings
from xai_vision.proto import chat_pb2

NOT_IN_SETTINGS = {"messages", "conversation_id", "batch_request_id"}


def test_every_parameter_has_a_type_and_a_converter():
    assert set(CreateParameters.__annotations__) - NOT_IN_SETTINGS == set(_CONVERTERS)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"temperature": 2.1}, "temperature must be a number from 0 to 2, not 2.1"),
        ({"temperature": float("nan")}, "temperature must be a number from 0 to 2, not nan"),
        ({"temperature": "1"}, "temperature must be a number"),
        (
            {"temperature": 10**5000},
            "temperature must be a number from 0 to 2, not an integer",
        ),
        (
            {"temperature": 1e-50},
            "temperature must be 0 or a number that a 32-bit float does not round to 0",
        ),
        (
            {"presence_penalty": -(2**-150)},
            "presence_penalty must be 0 or a number that a 32-bit float",
        ),
        ({"temperature": True}, "temperature must be a number"),
        ({"top_p": -0.1}, "top_p must be a number from 0 to 1"),
        ({"top_p": float("inf")}, "top_p must be a number from 0 to 1"),
        ({"frequency_penalty": 3}, "frequency_penalty must be a number from -2 to 2"),
        ({"max_tokens": 0}, "max_tokens must be an integer from 1"),
        ({"max_tokens": 1.5}, "max_tokens must be an integer"),
        ({"max_tokens": 2**31}, "max_tokens must be an integer"),
        ({"seed": "x"}, "seed must be an integer"),
        ({"top_logprobs": 3}, "top_logprobs needs logprobs=True"),
        ({"top_logprobs": 9, "logprobs": True}, "top_logprobs must be an integer from 0 to 8"),
        ({"stop": [""]}, r"stop\[0\] is empty"),
        ({"stop": [3]}, r"stop\[0\] must be a string, not int"),
        ({"previous_response_id": ""}, "previous_response_id is empty"),
        ({"previous_response_id": 3}, "previous_response_id must be a string, not int"),
        ({"store_messages": "yes"}, "store_messages must be True or False"),
        ({"reasoning_effort": "huge"}, "reasoning_effort must be one of 'none', 'low'"),
        ({"tool_choice": "function"}, "tool_choice must be one of 'auto', 'none', 'required'"),
        ({"include": "inline_citations"}, "include must be a list"),
        ({"include": ["links"]}, r"include\[0\] must be one of"),
        ({"agent_count": 5}, "agent_count must be one of 4, 16"),
        ({"service_tier": "gold"}, "service_tier must be one of 'default', 'priority'"),
        ({"response_format": "yaml"}, "response_format must be one of 'text', 'json_object'"),
        ({"guidelines": [{"category": "rude"}]}, r"guidelines\[0\]\['category'\] must be one of"),
        ({"guidelines": [{"categroy": "nsfw"}]}, r"guidelines\[0\] has an unknown key 'categroy'"),
        ({"stop": 5}, "stop must be a string or a list of strings"),
        ({"stop": "\ud800"}, r"stop\[0\] contains a lone surrogate"),
        ({"user": "\ud800"}, "user contains a lone surrogate"),
        ({"user": 5}, "user must be a string, not int"),
        ({"safety_identifier": "\ud800"}, "safety_identifier contains a lone surrogate"),
        ({"previous_response_id": "\ud800"}, "previous_response_id contains a lone surrogate"),
        ({"temperature": [1.0]}, "temperature must be a number"),
        ({"temperature": 10**400}, "temperature must be a number"),
        ({"response_format": {"a": float("nan")}}, "response_format is not valid JSON"),
        ({"response_format": {"a": object()}}, "response_format is not valid JSON"),
        ({"response_format": {"type": "json_schema"}}, "response_format must be one of"),
        ({"search_parameters": {"mode": "on"}}, "search_parameters must be SearchParameters"),
    ],
)
def test_invalid_parameters(parameters, message):
    with pytest.raises(InvalidRequestError, match=message):
        make_settings("grok-4", parameters)


def test_stop_accepts_a_single_string():
    assert list(make_settings("m", {"stop": "END"}).stop) == ["END"]
    assert list(make_settings("m", {"stop": ("a", "b")}).stop) == ["a", "b"]
    assert list(make_settings("m", {"stop": "\n"}).stop) == ["\n"]


def test_none_is_the_same_as_omitted():
    plain = make_settings("m", dict.fromkeys(_CONVERTERS))
    assert plain == chat_pb2.GetCompletionsRequest(model="m")


def test_zero_is_sent():
    settings = make_settings("m", {"temperature": 0, "top_p": 0.0, "seed": 0})
    assert settings.HasField("temperature")
    assert settings.HasField("top_p")
    assert settings.HasField("seed")


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("form", "kind", "schema"),
    [
        ({"type": "text"}, chat_pb2.FORMAT_TYPE_TEXT, ""),
        ({"type": "json_object"}, chat_pb2.FORMAT_TYPE_JSON_OBJECT, ""),
        (SCHEMA, chat_pb2.FORMAT_TYPE_JSON_SCHEMA, json.dumps(SCHEMA)),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}},
            chat_pb2.FORMAT_TYPE_JSON_SCHEMA,
            json.dumps(SCHEMA),
        ),
        (
            {"type": "json_schema", "name": "n", "schema": SCHEMA},
            chat_pb2.FORMAT_TYPE_JSON_SCHEMA,
            json.dumps(SCHEMA),
        ),
    ],
)
def test_response_formats_of_openai(form, kind, schema):
    created = make_settings("m", {"response_format": form}).response_format
    assert (created.format_type, created.schema) == (kind, schema)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda c: c.chat.create("\ud800"), "model contains a lone surrogate"),
        (lambda c: c.chat.create("m", messages=5), "messages must be a list"),
        (lambda c: c.chat.create("m", messages=user("x")), "messages must be a list"),
        (lambda c: c.chat.create("m", conversation_id=5), "conversation_id must be a string"),
        (
            lambda c: c.chat.create("m", conversation_id="\u00e4"),
            "conversation_id must be printable ASCII",
        ),
        (
            lambda c: c.chat.create("m", conversation_id="a\nb"),
            "conversation_id must be printable ASCII",
        ),
        (lambda c: c.chat.create("m", batch_request_id=5), "batch_request_id must be a string"),
        (lambda c: file(5), r"file\(\): file_id must be a string, not int"),
        (lambda c: file(data="abc", filename="x"), r"file\(\): data must be bytes, not str"),
        (lambda c: file(url="\ud800"), r"file\(\): url contains a lone surrogate"),
        (lambda c: image(file_id="\ud800"), r"image\(\): file_id contains a lone surrogate"),
        (lambda c: tool_result("a", 5), "tool_call_id must be a string, not int"),
        (lambda c: c.chat.get_stored_completion("\ud800"), "response_id contains a lone surrogate"),
        (
            lambda c: c.chat.compact_context("\ud800", [user("a")]),
            "model contains a lone surrogate",
        ),
        (
            lambda c: c.chat.create("m").append({"role": "user", "content": "a", "name": 5}),
            "name must be",
        ),
        (
            lambda c: c.chat.create("m").append({"role": "tool", "tool_call_id": 5, "content": ""}),
            "tool_call_id must be",
        ),
    ],
)
def test_invalid_arguments_are_rejected_before_sending(client, server, make, message):
    with pytest.raises(InvalidRequestError, match=message):
        make(client)
    assert len(server.calls) == 0
