"""What the fake answers where no rule of a test says it.

It always does the same for the same request: it uses each server-side tool it is given once,
calls a function where it must or where the question speaks of it, fills a schema, and otherwise
describes what arrived.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from xai_vision.proto import chat_pb2
from xai_vision.testing._rules.reply import FunctionCall, Reply, ServerToolCall
from xai_vision.testing._service.default_reply import schema_example as schemas
from xai_vision.testing._service.default_reply.describe import describe
from xai_vision.testing._service.default_reply.placeholder_image import image_generation_result
from xai_vision.testing._service.request_reader import ConversationSummary


def default_reply(request: chat_pb2.GetCompletionsRequest, reading: ConversationSummary) -> Reply:
    """Choose an answer to a request.

    Raises:
        ServiceError: INVALID_ARGUMENT, a schema that can't be met.
    """
    use = _function_wanted(request, reading)
    if use is not None:
        return Reply(tool_calls=(use,))
    text = _text(request, reading)
    steps, cited = _steps(request, reading)
    cited += _live_search(request.search_parameters)
    return Reply(text, steps=steps, citations=cited, choices=_choices(request, text))


def _live_search(search: chat_pb2.SearchParameters) -> tuple[str, ...]:
    """Sources of the older kind of search, one for each that is named."""
    if search.mode not in (chat_pb2.ON_SEARCH_MODE, chat_pb2.AUTO_SEARCH_MODE):
        return ()
    kinds = [source.WhichOneof("source") or "web" for source in search.sources] or ["web"]
    found = [f"https://example.com/{kind}" for kind in kinds]
    if search.HasField("max_search_results"):
        found = found[: search.max_search_results]
    return tuple(found) if search.return_citations else ()


def _text(request: chat_pb2.GetCompletionsRequest, reading: ConversationSummary) -> str:
    form = request.response_format
    if form.format_type == chat_pb2.FORMAT_TYPE_JSON_SCHEMA:
        schema = schemas.parse_schema(form.schema, "The schema of response_format")
        return json.dumps(schemas.example(schema), ensure_ascii=False)
    if form.format_type == chat_pb2.FORMAT_TYPE_JSON_OBJECT:
        return json.dumps({"answer": describe(reading)}, ensure_ascii=False)
    return describe(reading)


def _choices(request: chat_pb2.GetCompletionsRequest, text: str) -> tuple[str, ...]:
    free = request.response_format.format_type in (
        chat_pb2.FORMAT_TYPE_INVALID,
        chat_pb2.FORMAT_TYPE_TEXT,
    )
    if request.n < 2 or not free:
        return ()
    return tuple(f"Answer {number} of {request.n}. {text}" for number in range(1, request.n + 1))


def _function_wanted(
    request: chat_pb2.GetCompletionsRequest, reading: ConversationSummary
) -> FunctionCall | None:
    functions = [t.function for t in request.tools if t.WhichOneof("tool") == "function"]
    choice = request.tool_choice
    # Results are here: to call again what was just answered would go on without end, also
    # where the request says that a call is required.
    if not functions or reading.tool_results or choice.mode == chat_pb2.TOOL_MODE_NONE:
        return None
    for function in functions:
        if function.name == choice.function_name or _speaks_of(function.name, reading.prompt):
            return _use(function)
    return _use(functions[0]) if choice.mode == chat_pb2.TOOL_MODE_REQUIRED else None


def _speaks_of(name: str, prompt: str) -> bool:
    """Whether a question has a word of four letters or more from a function's name in it."""
    words = re.findall(r"[a-z]{4,}", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    said = prompt.lower()
    return name.lower() in said or any(word in said for word in words)


def _use(function: chat_pb2.Function) -> FunctionCall:
    arguments: Any = {}
    if function.parameters:
        what = f"The parameters of function {function.name!r}"
        arguments = schemas.example(schemas.parse_schema(function.parameters, what))
    return FunctionCall(function.name, arguments if isinstance(arguments, dict) else {})


def _steps(
    request: chat_pb2.GetCompletionsRequest, reading: ConversationSummary
) -> tuple[tuple[ServerToolCall, ...], tuple[str, ...]]:
    if request.tool_choice.mode == chat_pb2.TOOL_MODE_NONE or reading.tool_results:
        return (), ()
    steps: list[ServerToolCall] = []
    cited: list[str] = []
    for tool in request.tools:
        for step, url in _uses(tool, reading.prompt or "image"):
            steps.append(step)
            if url and url not in cited:
                cited.append(url)
    if request.HasField("max_turns"):
        steps = steps[: request.max_turns]
    return tuple(steps), tuple(cited)


def _uses(tool: chat_pb2.Tool, query: str) -> Iterator[tuple[ServerToolCall, str]]:
    """The steps one tool leads to, each with the URL it found, or ""."""
    kind = tool.WhichOneof("tool")
    if kind == "web_search":
        yield from _web(tool.web_search, query)
    elif kind == "x_search":
        yield from _x(tool.x_search, query)
    elif kind == "code_execution":
        yield ServerToolCall(kind, {"code": "print(6 * 7)"}, "42\n"), ""
    elif kind == "collections_search":
        where = tool.collections_search.collection_ids[0]
        yield (
            ServerToolCall(kind, {"query": query}, "A passage."),
            f"collections://{where}/files/file-1",
        )
    elif kind == "mcp":
        name = next(iter(tool.mcp.allowed_tool_names), "search")
        function = f"{tool.mcp.server_label or 'server'}.{name}"
        yield ServerToolCall(kind, {"query": query}, "A result.", function), ""
    elif kind == "attachment_search":
        yield ServerToolCall(kind, {"query": query}, "A passage."), ""
    elif kind == "image_generation":
        yield ServerToolCall(kind, {"prompt": query}, image_generation_result(query)), ""


def _web(tool: chat_pb2.WebSearch, query: str) -> Iterator[tuple[ServerToolCall, str]]:
    domain = next(iter(tool.allowed_domains), "example.com")
    page, image = f"https://{domain}/found", f"https://{domain}/found.png"
    yield ServerToolCall("web_search", {"query": query}, f"1. {page}"), page
    if tool.enable_image_search:
        yield ServerToolCall("image_search", {"query": query}, f"1. {image}"), ""
    if tool.enable_image_understanding:
        yield ServerToolCall("view_image", {"image_url": image}, "An image."), ""


def _x(tool: chat_pb2.XSearch, query: str) -> Iterator[tuple[ServerToolCall, str]]:
    handle = next(iter(tool.allowed_x_handles), "example").lstrip("@")
    post = f"https://x.com/{handle}/status/1"
    yield ServerToolCall("x_search", {"query": query}, f"1. {post}"), post
    if tool.enable_image_understanding:
        image = "https://pbs.twimg.com/media/found.png"
        yield ServerToolCall("view_image", {"image_url": image}, "An image."), ""
    if tool.enable_video_understanding:
        yield ServerToolCall("view_x_video", {"video_url": f"{post}/video/1"}, "A film."), ""
