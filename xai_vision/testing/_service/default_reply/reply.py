"""Choose the reply to a request that no rule of a test matches.

The same request always gets the same reply. It calls each server-side tool once, calls a function
if the request requires one or the prompt mentions it, fits the schema if there is one, and
otherwise describes the request. With a reader of images, the description and the values contain
the text and the codes of the images.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xai_vision.proto import chat_pb2
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._rules.tool_calls import FunctionCall, ServerToolCall
from xai_vision.testing._service.default_reply.describe import describe
from xai_vision.testing._service.default_reply.image_contents import Contents, contents_of
from xai_vision.testing._service.default_reply.placeholder_image import image_generation_result
from xai_vision.testing._service.default_reply.schema_example import example, parse_schema
from xai_vision.testing._service.request_reader import ConversationSummary

if TYPE_CHECKING:
    from xai_vision.testing._eyes.image_text import ImageText
    from xai_vision.testing._eyes.reader import ImageReader


def default_reply(
    request: chat_pb2.GetCompletionsRequest,
    summary: ConversationSummary,
    reader: ImageReader | None = None,
) -> Reply:
    """Choose the reply to a request.

    Args:
        request: The request.
        summary: The conversation.
        reader: Reads the text and the codes of the images; None if nothing does.

    Raises:
        ServiceError: INVALID_ARGUMENT, no value fits a schema of the request.
    """
    texts = [reader.read(image) for image in summary.images] if reader else None
    contents = contents_of(texts) if texts else {}
    function = _function_to_call(request, summary)
    if function is not None:
        return Reply(tool_calls=(_function_call(function, contents),))
    text = _text(request, summary, texts, contents)
    calls, citations = _server_tool_calls(request, summary)
    citations += _live_search_citations(request.search_parameters)
    return Reply(text, steps=calls, citations=citations, choices=_choices(request, text))


def _live_search_citations(search: chat_pb2.SearchParameters) -> tuple[str, ...]:
    enabled = search.mode in (chat_pb2.ON_SEARCH_MODE, chat_pb2.AUTO_SEARCH_MODE)
    if not (enabled and search.return_citations):
        return ()
    kinds = [source.WhichOneof("source") or "web" for source in search.sources] or ["web"]
    limit = search.max_search_results if search.HasField("max_search_results") else None
    return tuple(f"https://example.com/{kind}" for kind in kinds[:limit])


def _text(
    request: chat_pb2.GetCompletionsRequest,
    summary: ConversationSummary,
    texts: Sequence[ImageText | None] | None,
    contents: Contents,
) -> str:
    response_format = request.response_format
    if response_format.format_type == chat_pb2.FORMAT_TYPE_JSON_SCHEMA:
        schema = parse_schema(response_format.schema, "The schema of response_format")
        return json.dumps(example(schema, contents), ensure_ascii=False)
    description = describe(summary, texts)
    if response_format.format_type == chat_pb2.FORMAT_TYPE_JSON_OBJECT:
        return json.dumps({"answer": description}, ensure_ascii=False)
    return description


def _choices(request: chat_pb2.GetCompletionsRequest, text: str) -> tuple[str, ...]:
    text_formats = (chat_pb2.FORMAT_TYPE_INVALID, chat_pb2.FORMAT_TYPE_TEXT)
    if request.n < 2 or request.response_format.format_type not in text_formats:
        return ()
    return tuple(f"Answer {number} of {request.n}. {text}" for number in range(1, request.n + 1))


def _function_to_call(
    request: chat_pb2.GetCompletionsRequest, summary: ConversationSummary
) -> chat_pb2.Function | None:
    functions = [t.function for t in request.tools if t.WhichOneof("tool") == "function"]
    choice = request.tool_choice
    # After a tool result no function is called, even if the request requires a call: the
    # conversation would never end.
    if not functions or summary.tool_results or choice.mode == chat_pb2.TOOL_MODE_NONE:
        return None
    for function in functions:
        if choice.function_name:
            if function.name == choice.function_name:
                return function
        elif _mentions(summary.prompt, function.name):
            return function
    return functions[0] if choice.mode == chat_pb2.TOOL_MODE_REQUIRED else None


def _mentions(prompt: str, name: str) -> bool:
    """Return whether a prompt contains a function's name, or a word of four letters from it."""
    words = re.findall(r"[a-z]{4,}", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    return any(word in prompt.lower() for word in (name.lower(), *words))


def _function_call(function: chat_pb2.Function, contents: Contents) -> FunctionCall:
    arguments: Any = {}
    if function.parameters:
        name = f"The parameters of function {function.name!r}"
        arguments = example(parse_schema(function.parameters, name), contents)
    return FunctionCall(function.name, arguments if isinstance(arguments, dict) else {})


def _server_tool_calls(
    request: chat_pb2.GetCompletionsRequest, summary: ConversationSummary
) -> tuple[tuple[ServerToolCall, ...], tuple[str, ...]]:
    """Return the calls of server-side tools, and the URLs to cite."""
    if request.tool_choice.mode == chat_pb2.TOOL_MODE_NONE or summary.tool_results:
        return (), ()
    query = summary.prompt or "image"
    results = [result for tool in request.tools for result in _results(tool, query)]
    limit = request.max_turns if request.HasField("max_turns") else None
    urls = dict.fromkeys(url for _, url in results if url)
    return tuple(call for call, _ in results[:limit]), tuple(urls)


def _results(tool: chat_pb2.Tool, query: str) -> Iterator[tuple[ServerToolCall, str]]:
    """Yield the calls of a server-side tool, each with the URL to cite, or ""."""
    kind = tool.WhichOneof("tool")
    arguments = {"query": query}
    match kind:
        case "web_search":
            domain = next(iter(tool.web_search.allowed_domains), "example.com")
            page, image = f"https://{domain}/found", f"https://{domain}/found.png"
            yield ServerToolCall(kind, arguments, f"1. {page}"), page
            if tool.web_search.enable_image_search:
                yield ServerToolCall("image_search", arguments, f"1. {image}"), ""
            if tool.web_search.enable_image_understanding:
                yield ServerToolCall("view_image", {"image_url": image}, "An image."), ""
        case "x_search":
            handle = next(iter(tool.x_search.allowed_x_handles), "example").lstrip("@")
            post = f"https://x.com/{handle}/status/1"
            yield ServerToolCall(kind, arguments, f"1. {post}"), post
            if tool.x_search.enable_image_understanding:
                image = "https://pbs.twimg.com/media/found.png"
                yield ServerToolCall("view_image", {"image_url": image}, "An image."), ""
            if tool.x_search.enable_video_understanding:
                video = f"{post}/video/1"
                yield ServerToolCall("view_x_video", {"video_url": video}, "A video."), ""
        case "code_execution":
            yield ServerToolCall(kind, {"code": "print(6 * 7)"}, "42\n"), ""
        case "collections_search":
            url = f"collections://{tool.collections_search.collection_ids[0]}/files/file-1"
            yield ServerToolCall(kind, arguments, "A passage."), url
        case "attachment_search":
            yield ServerToolCall(kind, arguments, "A passage."), ""
        case "mcp":
            name = next(iter(tool.mcp.allowed_tool_names), "search")
            function = f"{tool.mcp.server_label or 'server'}.{name}"
            yield ServerToolCall(kind, arguments, "A result.", function), ""
        case "image_generation":
            yield ServerToolCall(kind, {"prompt": query}, image_generation_result(query)), ""
