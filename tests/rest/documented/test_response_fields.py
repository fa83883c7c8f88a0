"""Check the table of response fields in docs/rest.md: it is complete and correct."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rest.documented.doc_tables import rows
from xai_vision.openai_compat import from_response
from xai_vision.proto import chat_pb2, usage_pb2

CLIENT = {"id": "1", "type": 1, "function": {"name": "f", "arguments": "{}"}}
SERVICE = CLIENT | {"type": 6, "status": 1}
ROWS = {row.strip("`"): columns for row, columns in rows("part of a response").items()}


def response(**more: Any) -> chat_pb2.GetChatCompletionResponse:
    result = chat_pb2.GetChatCompletionResponse(id="1", **more)
    if not result.outputs:
        result.outputs.append(output())
    return result


def output(**more: Any) -> chat_pb2.CompletionOutput:
    message = {"content": "Hi", "role": 2} | more.pop("message", {})
    return chat_pb2.CompletionOutput(message=message, **more)


def with_message(**message: Any) -> chat_pb2.GetChatCompletionResponse:
    return response(outputs=[output(message=message)])


CITATION = {"id": "1", "web_citation": {"url": "u"}}
FIELDS: dict[str, tuple[Any, dict[str, tuple[Any, Any]]]] = {
    "GetChatCompletionResponse": (
        chat_pb2.GetChatCompletionResponse,
        {
            "id": (response(), chat_pb2.GetChatCompletionResponse(id="2", outputs=[output()])),
            "outputs": (response(), response(outputs=[output(message={"content": "x"})])),
            "created": (response(), response(created={"seconds": 1})),
            "model": (response(), response(model="m")),
            "usage": (response(), response(usage={"total_tokens": 1})),
            "citations": (response(), response(citations=["u"])),
            "service_tier": (response(), response(service_tier=2)),
            "system_fingerprint": (response(), response(system_fingerprint="x")),
            "settings": (response(), response(settings={"user": "x"})),
            "debug_output": (response(), response(debug_output={"prompt": "x"})),
            "output_files": (response(), response(output_files=[{"file_id": "x"}])),
        },
    ),
    "CompletionOutput": (
        chat_pb2.CompletionOutput,
        {
            "finish_reason": (response(), response(outputs=[output(finish_reason=1)])),
            "message": (response(), response(outputs=[output(message={"content": "x"})])),
            "logprobs": (
                response(),
                response(outputs=[output(logprobs={"content": [{"token": "x"}]})]),
            ),
        },
    ),
    "CompletionMessage": (
        chat_pb2.CompletionMessage,
        {
            "content": (response(), with_message(content="x")),
            "reasoning_content": (response(), with_message(reasoning_content="x")),
            "tool_calls": (response(), with_message(tool_calls=[CLIENT])),
            "citations": (response(), with_message(citations=[CITATION])),
            "encrypted_content": (response(), with_message(encrypted_content="x")),
        },
    ),
    "InlineCitation": (
        chat_pb2.InlineCitation,
        {
            name: (
                with_message(citations=[CITATION]),
                with_message(citations=[CITATION | {name: value}]),
            )
            for name, value in (
                ("id", "2"),
                ("start_index", 1),
                ("end_index", 1),
                ("web_citation", {"url": "x"}),
            )
        }
        | {
            name: (with_message(), with_message(citations=[{name: {}}]))
            for name in ("x_citation", "collections_citation")
        },
    ),
    "ToolCall` of a function": (
        chat_pb2.ToolCall,
        {
            name: (
                with_message(tool_calls=[CLIENT]),
                with_message(tool_calls=[CLIENT | {name: value}]),
            )
            for name, value in (
                ("id", "2"),
                ("function", {"name": "g"}),
                ("status", 3),
                ("error_message", "x"),
            )
        },
    ),
    "ToolCall` of an MCP server": (
        chat_pb2.ToolCall,
        {
            name: (
                with_message(tool_calls=[SERVICE]),
                with_message(tool_calls=[SERVICE | {name: value}]),
            )
            for name, value in (
                ("id", "2"),
                ("type", 3),
                ("function", {"name": "g"}),
                ("status", 3),
                ("error_message", "x"),
            )
        },
    ),
    "SamplingUsage": (
        usage_pb2.SamplingUsage,
        {
            field.name: (
                response(usage={}),
                response(
                    usage={
                        field.name: [1]
                        if "used" in field.name[-4:] and "tools" in field.name
                        else 7
                    }
                ),
            )
            for field in usage_pb2.SamplingUsage.DESCRIPTOR.fields
        },
    ),
    "RequestSettings": (
        chat_pb2.RequestSettings,
        {
            name: (response(settings={}), response(settings={name: value}))
            for name, value in (
                ("max_tokens", 7),
                ("parallel_tool_calls", True),
                ("previous_response_id", "x"),
                ("reasoning_effort", 1),
                ("temperature", 0.5),
                ("response_format", {"format_type": 2}),
                ("tool_choice", {"mode": 2}),
                ("tools", [{"web_search": {}}]),
                ("top_p", 0.5),
                ("user", "x"),
                ("store_messages", True),
                ("search_parameters", {"mode": 1}),
                ("use_encrypted_content", True),
                ("include", [7]),
            )
        },
    ),
}
# Described below the table.
BELOW = {"CompletionOutput": {"index"}, "CompletionMessage": {"role"}}
BELOW |= {"ToolCall` of a function": {"type"}}


def test_table_lists_every_field():
    assert set(ROWS) == set(FIELDS)
    for row, (cls, changes) in FIELDS.items():
        documented = {name for column in ROWS[row] for name in column}
        assert documented == set(changes), row
        assert {f.name for f in cls.DESCRIPTOR.fields} == documented | BELOW.get(row, set()), row


@pytest.mark.parametrize(
    ("row", "name", "column"),
    [
        (row, name, column)
        for row, columns in ROWS.items()
        for column, names in enumerate(columns)
        for name in names
    ],
)
def test_field_is_written_as_documented(row, name, column):
    before, after = FIELDS[row][1][name]
    assert before != after
    written = {
        api: from_response(after, api=api) != from_response(before, api=api)
        for api in ("chat", "responses")
    }
    assert written == {"chat": column in (0, 1), "responses": column in (0, 2)}
