"""The table of docs/rest.md about answers is complete, and true."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rest.places import rows
from xai_vision.openai_compat import from_response
from xai_vision.proto import chat_pb2, usage_pb2

CLIENT = {"id": "1", "type": 1, "function": {"name": "f", "arguments": "{}"}}
SERVICE = CLIENT | {"type": 6, "status": 1}
ANSWERS = {row.strip("`"): columns for row, columns in rows("part of a response").items()}


def answer(**more: Any) -> chat_pb2.GetChatCompletionResponse:
    made = chat_pb2.GetChatCompletionResponse(id="1", **more)
    if not made.outputs:
        made.outputs.append(output())
    return made


def output(**more: Any) -> chat_pb2.CompletionOutput:
    said = {"content": "Hi", "role": 2} | more.pop("message", {})
    return chat_pb2.CompletionOutput(message=said, **more)


def speaking(**said: Any) -> chat_pb2.GetChatCompletionResponse:
    return answer(outputs=[output(message=said)])


CITED = {"id": "1", "web_citation": {"url": "u"}}
FIELDS: dict[str, tuple[Any, dict[str, tuple[Any, Any]]]] = {
    "GetChatCompletionResponse": (
        chat_pb2.GetChatCompletionResponse,
        {
            "id": (answer(), chat_pb2.GetChatCompletionResponse(id="2", outputs=[output()])),
            "outputs": (answer(), answer(outputs=[output(message={"content": "x"})])),
            "created": (answer(), answer(created={"seconds": 1})),
            "model": (answer(), answer(model="m")),
            "usage": (answer(), answer(usage={"total_tokens": 1})),
            "citations": (answer(), answer(citations=["u"])),
            "service_tier": (answer(), answer(service_tier=2)),
            "system_fingerprint": (answer(), answer(system_fingerprint="x")),
            "settings": (answer(), answer(settings={"user": "x"})),
            "debug_output": (answer(), answer(debug_output={"prompt": "x"})),
            "output_files": (answer(), answer(output_files=[{"file_id": "x"}])),
        },
    ),
    "CompletionOutput": (
        chat_pb2.CompletionOutput,
        {
            "finish_reason": (answer(), answer(outputs=[output(finish_reason=1)])),
            "message": (answer(), answer(outputs=[output(message={"content": "x"})])),
            "logprobs": (
                answer(),
                answer(outputs=[output(logprobs={"content": [{"token": "x"}]})]),
            ),
        },
    ),
    "CompletionMessage": (
        chat_pb2.CompletionMessage,
        {
            "content": (answer(), speaking(content="x")),
            "reasoning_content": (answer(), speaking(reasoning_content="x")),
            "tool_calls": (answer(), speaking(tool_calls=[CLIENT])),
            "citations": (answer(), speaking(citations=[CITED])),
            "encrypted_content": (answer(), speaking(encrypted_content="x")),
        },
    ),
    "InlineCitation": (
        chat_pb2.InlineCitation,
        {
            name: (speaking(citations=[CITED]), speaking(citations=[CITED | {name: value}]))
            for name, value in (
                ("id", "2"),
                ("start_index", 1),
                ("end_index", 1),
                ("web_citation", {"url": "x"}),
            )
        }
        | {
            name: (speaking(), speaking(citations=[{name: {}}]))
            for name in ("x_citation", "collections_citation")
        },
    ),
    "ToolCall` of a function": (
        chat_pb2.ToolCall,
        {
            name: (speaking(tool_calls=[CLIENT]), speaking(tool_calls=[CLIENT | {name: value}]))
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
            name: (speaking(tool_calls=[SERVICE]), speaking(tool_calls=[SERVICE | {name: value}]))
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
                answer(usage={}),
                answer(
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
            name: (answer(settings={}), answer(settings={name: value}))
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
# Said in words below the table.
BELOW = {"CompletionOutput": {"index"}, "CompletionMessage": {"role"}}
BELOW |= {"ToolCall` of a function": {"type"}}


def test_every_field_of_an_answer_is_in_the_table():
    assert set(ANSWERS) == set(FIELDS)
    for row, (cls, tried) in FIELDS.items():
        listed = {name for column in ANSWERS[row] for name in column}
        assert listed == set(tried), row
        assert {f.name for f in cls.DESCRIPTOR.fields} == listed | BELOW.get(row, set()), row


@pytest.mark.parametrize(
    ("row", "name", "column"),
    [
        (row, name, column)
        for row, columns in ANSWERS.items()
        for column, names in enumerate(columns)
        for name in names
    ],
)
def test_what_becomes_of_every_field_of_an_answer(row, name, column):
    before, after = FIELDS[row][1][name]
    assert before != after
    shown = {
        api: from_response(after, api=api) != from_response(before, api=api)
        for api in ("chat", "responses")
    }
    assert shown == {"chat": column in (0, 1), "responses": column in (0, 2)}
