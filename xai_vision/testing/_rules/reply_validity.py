"""Checks whether the service could send the reply of a rule to a request.

Replies of tests drift from the program: a function or a parameter gets another name, and a test
whose reply has the old one proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from xai_vision._validation import did_you_mean
from xai_vision.proto import chat_pb2
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._rules.schema_check import UnusableSchemaError, mismatch
from xai_vision.testing._rules.tool_calls import FunctionCall
from xai_vision.testing._validation import short_repr

_TRUNCATED: Final = ("length", "max_context", "time_limit")
_NEEDED: Final = {
    "image_search": "enable_image_search of web_search",
    "view_image": "enable_image_understanding of web_search or x_search",
    "view_x_video": "enable_video_understanding of x_search",
    "attachment_search": "a file in a message, or the tool attachment_search",
}
# With one of these keys, an object may have properties that "properties" does not name.
_OPEN_KEYS: Final = (
    *("additionalProperties", "patternProperties", "unevaluatedProperties", "propertyNames"),
    *("$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if"),
    *("dependentSchemas", "dependencies"),
)


def reply_error(reply: Reply, request: chat_pb2.GetCompletionsRequest) -> str:
    """Return why the service cannot send ``reply`` to the request, or "".

    Raises:
        ImportError: There is a JSON schema to check, but jsonschema is not installed.
    """
    if reply.unchecked:
        return ""
    return next(_errors(reply, request), "")


def _errors(reply: Reply, request: chat_pb2.GetCompletionsRequest) -> Iterator[str]:
    choice = request.tool_choice
    calls_tool = bool(reply.tool_calls or reply.steps)
    if calls_tool and choice.mode == chat_pb2.TOOL_MODE_NONE:
        yield "it calls a tool, but the request has tool_choice='none'"
    # xAI does not document whether a forced choice also applies after the tool's result.
    after_result = bool(request.messages) and request.messages[-1].role == chat_pb2.ROLE_TOOL
    if not calls_tool and not after_result and reply.finish not in _TRUNCATED:
        if choice.mode == chat_pb2.TOOL_MODE_REQUIRED:
            yield "it does not call a tool, but the request has tool_choice='required'"
        elif choice.function_name:
            yield f"it does not call {choice.function_name!r}, which tool_choice names"
    single = request.HasField("parallel_tool_calls") and not request.parallel_tool_calls
    if single and len(reply.tool_calls) > 1:
        yield "it has several tool calls, but the request has parallel_tool_calls=False"
    functions = {
        tool.function.name: tool.function
        for tool in request.tools
        if tool.WhichOneof("tool") == "function"
    }
    for call in reply.tool_calls:
        if call.name not in functions:
            known = ", ".join(functions) or "no functions"
            hint = did_you_mean(call.name, functions) or f"; it has {known}"
            yield f"the request does not have the function {call.name!r}{hint}"
        elif choice.function_name not in ("", call.name):
            yield f"it calls {call.name!r}, but tool_choice names {choice.function_name!r}"
        else:
            yield from _argument_errors(call, functions[call.name].parameters)
    tools = _server_tools(request)
    for step in reply.steps:
        if step.tool not in tools:
            needed = f"; it needs {_NEEDED[step.tool]}" if step.tool in _NEEDED else ""
            yield f"the request does not have the server-side tool {step.tool!r}{needed}"
    # With calls of functions, the text is not the answer yet.
    if not reply.tool_calls and reply.finish not in _TRUNCATED:
        for text in reply.choices or (reply.text,):
            yield from _text_errors(text, request.response_format)


def _argument_errors(call: FunctionCall, parameters: str) -> Iterator[str]:
    """Yield what is wrong with the arguments. Text that is not valid JSON is on purpose."""
    try:
        arguments = _read_json(call.arguments_json)
    except ValueError:
        return
    label = f"the arguments of {call.name!r}"
    if not isinstance(arguments, dict):
        yield f"{label} are not a JSON object"
        return
    schema = json.loads(parameters) if parameters else {}
    if schema not in ({}, True):
        # Programs also declare parameters in other dialects, which the service reads.
        with suppress(UnusableSchemaError):
            if error := mismatch(schema, arguments):
                yield f"{label} do not match its parameters: {error}"
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if isinstance(properties, Mapping) and not _is_open(schema):
        for name in arguments:
            if name not in properties:
                hint = did_you_mean(name, properties)
                yield f"{label} have {name!r}, which its parameters do not declare{hint}"


def _read_json(text: str) -> Any:
    """Read JSON text. NaN and infinities are not valid JSON.

    Raises:
        ValueError: The text is not valid JSON.
    """

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not valid JSON")

    return json.loads(text, parse_constant=refuse)


def _is_open(schema: Any) -> bool:
    return any(key in schema for key in _OPEN_KEYS)


def _server_tools(request: chat_pb2.GetCompletionsRequest) -> set[str]:
    """Return the server-side tools that the model may call."""
    tools: set[str] = set()
    for tool in request.tools:
        kind = tool.WhichOneof("tool")
        tools.add(kind or "")
        if kind == "web_search" and tool.web_search.enable_image_search:
            tools.add("image_search")
        if kind == "x_search" and tool.x_search.enable_video_understanding:
            tools.add("view_x_video")
        search = getattr(tool, kind, None) if kind in ("web_search", "x_search") else None
        if search is not None and search.enable_image_understanding:
            tools.add("view_image")
    contents = (content for message in request.messages for content in message.content)
    if any(content.WhichOneof("content") == "file" for content in contents):
        tools.add("attachment_search")
    return tools


def _text_errors(text: str, response_format: chat_pb2.ResponseFormat) -> Iterator[str]:
    kind = response_format.format_type
    if kind not in (chat_pb2.FORMAT_TYPE_JSON_OBJECT, chat_pb2.FORMAT_TYPE_JSON_SCHEMA):
        return
    try:
        value = _read_json(text)
    except ValueError:
        yield f"the request asks for JSON, but the text is not valid JSON: {short_repr(text)}"
        return
    if kind == chat_pb2.FORMAT_TYPE_JSON_OBJECT:
        if not isinstance(value, dict):
            yield f"the request asks for a JSON object, not {short_repr(text)}"
        return
    # The service also reads schemas that jsonschema does not, such as other dialects of regex.
    with suppress(UnusableSchemaError):
        if error := mismatch(json.loads(response_format.schema), value):
            yield f"the text does not match the requested schema: {error}"
