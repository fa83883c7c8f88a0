"""The tables in docs/rest.md: for each row, a request with its object, and values to try."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[3] / "docs" / "rest.md"
HI = {"role": "user", "content": "Hi"}
DATA = "data:text/plain;base64,aGk="


def rows(heading: str) -> dict[str, list[list[str]]]:
    """Return a table's rows: the first column, and the words in each of the other columns."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    table = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        first, *rest = (cell.strip() for cell in line.strip("|").split("|"))
        table[first] = [[word.strip("`") for word in cell.split()] for cell in rest]
    return table


def chat(**more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [HI], **more}


def responses(**more: Any) -> dict[str, Any]:
    return {"model": "m", "input": [HI], **more}


def chat_part(part: Any) -> dict[str, Any]:
    return chat(messages=[{"role": "user", "content": [HI["content"], part]}])


def item(one: Any) -> dict[str, Any]:
    return responses(input=[HI, one])


def part(one: Any) -> dict[str, Any]:
    return item({"role": "user", "content": ["Hi", one]})


@dataclass(frozen=True)
class Place:
    """The object that a row describes.

    Attributes:
        types: The names of its types in the openai package.
        put: Makes a request that contains the object.
        base: The object before a key is set.
        values: The values to set, by key; "x" for every other key.
    """

    types: tuple[str, ...]
    put: Callable[[Any], dict[str, Any]]
    base: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


SCHEMA = {"type": "object", "title": "x"}
FUNCTION = {"name": "f"}
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
LOCATION = {"city": "Oslo"}
_SETTINGS = {
    "temperature": 0.5,
    "top_p": 0.5,
    "logprobs": True,
    "top_logprobs": 2,
    "tools": [{"type": "mcp", "server_url": "u"}],
    "tool_choice": "none",
    "parallel_tool_calls": False,
    "service_tier": "priority",
    "search_parameters": {"mode": "on"},
    "max_turns": 3,
    "stream": True,
    "stream_options": {"include_usage": True},
    "model": "other",
}
_NUMBERS = {"n": 2, "max_tokens": 3, "max_completion_tokens": 3, "seed": 4, "stop": ["x"]}
_ITEM = {"id": "i", "status": "incomplete"}

PLACES = {
    "a request to Chat Completions": Place(
        ("CompletionCreateParamsNonStreaming",),
        lambda one: one,
        chat(),
        {
            **_SETTINGS,
            **_NUMBERS,
            "messages": [{"role": "user", "content": "other"}],
            "frequency_penalty": 1,
            "presence_penalty": 1,
            "response_format": {"type": "json_object"},
            "reasoning_effort": "low",
            "store": True,
            "deferred": True,
        },
    ),
    "a request to Responses": Place(
        ("ResponseCreateParamsNonStreaming",),
        lambda one: one,
        responses(),
        {
            **_SETTINGS,
            "input": "other",
            "max_output_tokens": 3,
            "text": {"format": {"type": "json_object"}},
            "reasoning": {"effort": "low"},
            "include": ["reasoning.encrypted_content"],
            "store": False,
            "background": True,
        },
    ),
    "`text`": Place(
        ("ResponseTextConfigParam",),
        lambda one: responses(text=one),
        values={"format": {"type": "json_object"}},
    ),
    "`reasoning`": Place(
        ("Reasoning",), lambda one: responses(reasoning=one), values={"effort": "low"}
    ),
    "a JSON schema": Place(
        ("JSONSchema", "ResponseFormatTextJSONSchemaConfigParam"),
        lambda one: chat(response_format={"type": "json_schema", "json_schema": one}),
        {"schema": {}},
        {"schema": SCHEMA, "strict": True},
    ),
    "a message of the model (Chat Completions)": Place(
        ("ChatCompletionAssistantMessageParam",),
        lambda one: chat(messages=[HI, one]),
        {"role": "assistant", "content": "a"},
        {"role": "user", "tool_calls": [CALL], "annotations": [{}], "parsed": {"a": 1}},
    ),
    "another message (Chat Completions)": Place(
        (
            "ChatCompletionDeveloperMessageParam",
            "ChatCompletionSystemMessageParam",
            "ChatCompletionUserMessageParam",
            "ChatCompletionToolMessageParam",
        ),
        lambda one: chat(messages=[HI, one]),
        {"role": "tool", "content": "a"},
        {"role": "user"},
    ),
    "a call in `tool_calls`": Place(
        ("ChatCompletionMessageFunctionToolCallParam",),
        lambda one: chat(messages=[HI, {"role": "assistant", "tool_calls": [one]}]),
        CALL,
        {"function": {"name": "g", "arguments": "{}"}, "index": 1},
    ),
    "its `function`": Place(
        ("Function",),
        lambda one: chat(
            messages=[HI, {"role": "assistant", "tool_calls": [{"id": "1", "function": one}]}]
        ),
        {"name": "f", "arguments": "{}"},
    ),
    "a message (Responses)": Place(
        ("EasyInputMessageParam", "Message", "ResponseOutputMessageParam"),
        item,
        {"role": "developer", "content": "a"},
        {"role": "user"},
    ),
    "a text part": Place(
        (
            "ChatCompletionContentPartTextParam",
            "ResponseInputTextParam",
            "ResponseOutputTextParam",
            "ResponseInputTextContentParam",
        ),
        part,
        {"type": "input_text", "text": "a"},
        {"annotations": [{}], "logprobs": [{}]},
    ),
    "an image part (Chat Completions)": Place(
        ("ChatCompletionContentPartImageParam",),
        chat_part,
        {"type": "image_url", "image_url": {"url": "u"}},
        {"image_url": {"url": "other"}},
    ),
    "its `image_url`": Place(
        ("ImageURL",),
        lambda one: chat_part({"type": "image_url", "image_url": one}),
        {"url": "u"},
        {"detail": "low"},
    ),
    "an image part (Responses)": Place(
        ("ResponseInputImageParam", "ResponseInputImageContentParam"),
        part,
        {"type": "input_image", "image_url": "u"},
        {"detail": "low", "file_id": {"file_id": "x", "image_url": None}},
    ),
    "a file part (Chat Completions)": Place(
        ("File",),
        chat_part,
        {"type": "file", "file": {"file_id": "f"}},
        {"file": {"file_id": "other"}},
    ),
    "its `file`": Place(
        ("FileFile",),
        lambda one: chat_part({"type": "file", "file": one}),
        {"file_data": DATA},
        {"file_data": "YQ==", "file_id": {"file_data": None, "file_id": "f"}},
    ),
    "a file part (Responses)": Place(
        ("ResponseInputFileParam", "ResponseInputFileContentParam"),
        part,
        {"type": "input_file", "file_data": DATA},
        {
            "file_data": "YQ==",
            "file_id": {"file_data": None, "file_id": "f"},
            "file_url": {"file_data": None, "file_url": "u"},
        },
    ),
    "a refusal part": Place(
        ("ChatCompletionContentPartRefusalParam", "ResponseOutputRefusalParam"),
        part,
        {"type": "refusal", "refusal": ""},
    ),
    "a `function_call` item": Place(
        ("ResponseFunctionToolCallParam",),
        item,
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    ),
    "a `function_call_output` item": Place(
        ("FunctionCallOutput",),
        item,
        {"type": "function_call_output", "call_id": "c", "output": "a"},
    ),
    "a `reasoning` item": Place(
        ("ResponseReasoningItemParam",),
        item,
        {"type": "reasoning", "summary": []},
        {
            "summary": [{"type": "summary_text", "text": "a"}],
            "content": [{"type": "reasoning_text", "text": "a"}],
        },
    ),
    "a `web_search_call` item": Place(
        ("ResponseFunctionWebSearchParam",),
        item,
        {"type": "web_search_call", "action": {"type": "search", "query": "q"}},
        {**_ITEM, "action": {"type": "open_page", "url": "u"}},
    ),
    "its `action`": Place(
        ("ActionSearch", "ActionOpenPage", "ActionFind"),
        lambda one: item({"type": "web_search_call", "id": "i", "action": one}),
        {"type": "search"},
        {"queries": ["a", "b"], "sources": [{"type": "url", "url": "u"}]},
    ),
    "a `code_interpreter_call` item": Place(
        ("ResponseCodeInterpreterToolCallParam",),
        item,
        {"type": "code_interpreter_call"},
        {**_ITEM, "outputs": [{"type": "logs", "logs": "a"}]},
    ),
    "a `file_search_call` item": Place(
        ("ResponseFileSearchToolCallParam",),
        item,
        {"type": "file_search_call", "queries": ["q"]},
        {**_ITEM, "queries": ["a", "b"], "results": [{"text": "a"}]},
    ),
    "an `image_generation_call` item": Place(
        ("ImageGenerationCall",), item, {"type": "image_generation_call"}, _ITEM
    ),
    "an `mcp_call` item": Place(("McpCall",), item, {"type": "mcp_call", "name": "f"}, _ITEM),
    "a `custom_tool_call` item": Place(
        ("ResponseCustomToolCallParam",),
        item,
        {"type": "custom_tool_call", "name": "x_search", "input": "{}"},
        {"status": "failed", "name": "view_image"},
    ),
    "a function (Chat Completions)": Place(
        ("FunctionDefinition",),
        lambda one: chat(tools=[{"type": "function", "function": one}]),
        FUNCTION,
        {"parameters": SCHEMA, "strict": True},
    ),
    "a `function` tool (Responses)": Place(
        ("FunctionToolParam",),
        lambda one: responses(tools=[one]),
        {"type": "function", **FUNCTION},
        {"parameters": SCHEMA, "strict": True},
    ),
    "a `web_search` tool": Place(
        ("WebSearchToolParam",),
        lambda one: responses(tools=[one]),
        {"type": "web_search"},
        {
            "filters": {"allowed_domains": ["a.com"]},
            "user_location": {"type": "approximate", "city": "Oslo"},
            "enable_image_understanding": False,
            "enable_image_search": False,
        },
    ),
    "its `user_location`": Place(
        ("UserLocation",),
        lambda one: responses(tools=[{"type": "web_search", "user_location": one}]),
        {"type": "approximate"},
    ),
    "a `file_search` tool": Place(
        ("FileSearchToolParam",),
        lambda one: responses(tools=[one]),
        {"type": "file_search", "vector_store_ids": ["a"]},
        {"vector_store_ids": ["b"], "max_num_results": 3},
    ),
    "a `code_interpreter` tool": Place(
        ("CodeInterpreter",), lambda one: responses(tools=[one]), {"type": "code_interpreter"}
    ),
    "an `image_generation` tool": Place(
        ("ImageGeneration",), lambda one: responses(tools=[one]), {"type": "image_generation"}
    ),
    "an `mcp` tool": Place(
        ("Mcp",),
        lambda one: responses(tools=[one]),
        {"type": "mcp", "server_url": "u"},
        {"allowed_tools": ["a"], "headers": {"a": "b"}},
    ),
}
