"""Requests that the service rejects."""

from __future__ import annotations

import json

import pytest

from tests.testing.grpc_calls import request
from xai_vision.proto import chat_pb2, timestamp_pb2
from xai_vision.testing import ServiceError, Settings
from xai_vision.testing._service.request_validation import validate_request

WEB, X = chat_pb2.WebSearch, chat_pb2.XSearch


def function(name: str = "f", parameters: str = "") -> chat_pb2.Tool:
    return chat_pb2.Tool(function=chat_pb2.Function(name=name, parameters=parameters))


def timestamp(seconds: int) -> timestamp_pb2.Timestamp:
    return timestamp_pb2.Timestamp(seconds=seconds)


INVALID = [
    ({"temperature": 2.1}, "temperature must be between 0 and 2, got 2.1"),
    ({"temperature": -0.1}, "temperature must be between 0 and 2"),
    ({"temperature": float("nan")}, "temperature must be between 0 and 2, got nan"),
    ({"top_p": 1.5}, "top_p must be between 0 and 1"),
    ({"frequency_penalty": 3}, "frequency_penalty must be between -2 and 2"),
    ({"presence_penalty": -3}, "presence_penalty must be between -2 and 2"),
    ({"max_tokens": 0}, "max_tokens must be at least 1"),
    ({"max_turns": 0}, "max_turns must be at least 1"),
    ({"n": 0}, "n must be at least 1"),
    ({"n": 129}, "n must be at most 128"),
    ({"stop": list("abcde")}, "At most 4 stop strings"),
    ({"stop": [""]}, "A stop string is empty"),
    ({"top_logprobs": 2}, "top_logprobs needs logprobs"),
    ({"top_logprobs": 9, "logprobs": True}, "top_logprobs must be between 0 and 8"),
    ({"previous_response_id": ""}, "previous_response_id is empty"),
    ({"tools": [function(f"f{n}") for n in range(129)]}, "At most 128 tools"),
    ({"tools": [chat_pb2.Tool()]}, "Tool 0 is empty"),
    ({"tools": [function("")]}, "has no name"),
    ({"tools": [function(), function()]}, "Two function tools have the name 'f'"),
    ({"tools": [function("f", "{nope")]}, "The schema of function 'f' is not valid JSON"),
    ({"tools": [function("f", "[]")]}, "is not a JSON object"),
    (
        {"tools": [chat_pb2.Tool(web_search=WEB(allowed_domains="a", excluded_domains="b"))]},
        "web_search: allowed_domains and excluded_domains cannot both be set",
    ),
    (
        {"tools": [chat_pb2.Tool(web_search=WEB(allowed_domains="abcdef"))]},
        "web_search: allowed_domains has 6 entries; the maximum is 5",
    ),
    (
        {"tools": [chat_pb2.Tool(x_search=X(excluded_x_handles="abcdefghijk"))]},
        "x_search: excluded_x_handles has 11 entries; the maximum is 10",
    ),
    (
        {"tools": [chat_pb2.Tool(x_search=X(from_date=timestamp(5), to_date=timestamp(4)))]},
        "from_date is after to_date",
    ),
    (
        {"tools": [chat_pb2.Tool(collections_search=chat_pb2.CollectionsSearch())]},
        "collections_search: collection_ids is empty",
    ),
    ({"tools": [chat_pb2.Tool(mcp=chat_pb2.MCP())]}, "mcp: server_url is empty"),
    (
        {"tool_choice": chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_REQUIRED)},
        "has no tools",
    ),
    (
        {"tool_choice": chat_pb2.ToolChoice(function_name="g"), "tools": [function()]},
        "names 'g', but the request has no such function",
    ),
    (
        {"response_format": chat_pb2.ResponseFormat(format_type=3)},
        "its schema is empty",
    ),
    (
        {"response_format": chat_pb2.ResponseFormat(format_type=3, schema="{")},
        "not valid JSON",
    ),
    (
        {
            "search_parameters": chat_pb2.SearchParameters(
                sources=[
                    chat_pb2.Source(
                        web=chat_pb2.WebSource(allowed_websites="a", excluded_websites="b")
                    )
                ]
            )
        },
        "web: allowed_websites and excluded_websites cannot both be set",
    ),
    (
        {
            "search_parameters": chat_pb2.SearchParameters(
                sources=[chat_pb2.Source(x=chat_pb2.XSource(included_x_handles="abcdefghijk"))]
            )
        },
        "x: included_x_handles has 11 entries; the maximum is 10",
    ),
]


@pytest.mark.parametrize(("fields", "message"), INVALID)
def test_invalid_requests_are_rejected(fields, message):
    with pytest.raises(ServiceError) as caught:
        validate_request(request("Hi", **fields), Settings())
    assert caught.value.code.name == "INVALID_ARGUMENT"
    assert message in caught.value.details


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0, "top_p": 1, "frequency_penalty": -2, "presence_penalty": 2},
        {"n": 128, "max_tokens": 1, "stop": list("abcd"), "logprobs": True, "top_logprobs": 8},
        {"tools": [function(f"f{n}", json.dumps({"type": "object"})) for n in range(128)]},
        {"tools": [chat_pb2.Tool(x_search=X(from_date=timestamp(5), to_date=timestamp(5)))]},
        {"tools": [chat_pb2.Tool(web_search=WEB(allowed_domains="abcde"))]},
    ],
)
def test_limits_are_inclusive(fields):
    validate_request(request("Hi", **fields), Settings())


def test_the_client_receives_the_error(caller):
    assert caller.expect_error("Hi", temperature=3) == (
        "INVALID_ARGUMENT",
        "temperature must be between 0 and 2, got 3.",
    )
