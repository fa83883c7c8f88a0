"""The settings of a request: every key besides the messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

from xai_vision._validation import short_repr
from xai_vision.openai_compat._search import read_search
from xai_vision.openai_compat._tools import read_tool
from xai_vision.openai_compat._unsupported_fields import UNSUPPORTED
from xai_vision.openai_compat._values import (
    TranslationError,
    boolean,
    check_keys,
    check_type,
    drop_none,
    dump_schema,
    enum,
    integer,
    mapping,
    number,
    sequence,
    string,
    strings,
    unsupported,
)
from xai_vision.proto import chat_pb2, usage_pb2

Api: TypeAlias = Literal["chat", "responses"]

REASONING_EFFORTS: Final = {
    "none": chat_pb2.EFFORT_NONE,
    "low": chat_pb2.EFFORT_LOW,
    "medium": chat_pb2.EFFORT_MEDIUM,
    "high": chat_pb2.EFFORT_HIGH,
    "xhigh": chat_pb2.EFFORT_XHIGH,
}
TOOL_MODES: Final = {
    "auto": chat_pb2.TOOL_MODE_AUTO,
    "none": chat_pb2.TOOL_MODE_NONE,
    "required": chat_pb2.TOOL_MODE_REQUIRED,
}
SERVICE_TIERS: Final = {
    "auto": usage_pb2.SERVICE_TIER_UNSPECIFIED,
    "default": usage_pb2.SERVICE_TIER_DEFAULT,
    "priority": usage_pb2.SERVICE_TIER_PRIORITY,
}
RESPONSE_FORMATS: Final = {
    "text": chat_pb2.FORMAT_TYPE_TEXT,
    "json_object": chat_pb2.FORMAT_TYPE_JSON_OBJECT,
    "json_schema": chat_pb2.FORMAT_TYPE_JSON_SCHEMA,
}
ENCRYPTED_REASONING: Final = "reasoning.encrypted_content"
Fields: TypeAlias = dict[str, Any]
_Reader: TypeAlias = Callable[[str, Any], Fields]


def check_api(api: Api) -> Api:
    """Check that a value is one of the two formats.

    Raises:
        TranslationError: It is not one of them.
    """
    return enum("api", api, {name: name for name in get_args(Api)})


def read_settings(body: Mapping[str, Any], api: Api) -> Fields:
    """Read every key besides the messages, as fields of ``GetCompletionsRequest``.

    Raises:
        TranslationError: A key is not supported, or its value is invalid.
    """
    fields: Fields = {}
    readers = _CHAT if api == "chat" else _RESPONSES
    settings = drop_none(body)
    check_keys(settings, readers, reasons=UNSUPPORTED[api])
    for key, value in settings.items():
        for name, field in readers[key](key, value).items():
            if name in fields:
                raise TranslationError(f"{key}: {name} is given twice", key=key)
            fields[name] = field
    if "model" not in fields:
        raise TranslationError("model is missing: name one, such as 'grok-4'", key="model")
    if api == "responses":
        # REST stores responses by default, gRPC does not.
        fields.setdefault("store_messages", True)
    return fields


def _field(name: str, read: Callable[[str, Any], Any]) -> _Reader:
    return lambda path, value: {name: read(path, value)}


def _only_check(read: Callable[[str, Any], Any]) -> _Reader:
    """Check a delivery key (stream, deferred), for which gRPC uses a different method."""

    def check(path: str, value: Any) -> Fields:
        read(path, value)
        return {}

    return check


def _stop(path: str, value: Any) -> list[str]:
    return [string(path, value)] if isinstance(value, str) else strings(path, value)


def _tools(path: str, value: Any) -> list[chat_pb2.Tool]:
    return [read_tool(tool, f"{path}[{index}]") for index, tool in enumerate(sequence(path, value))]


def _chat_tool_choice(path: str, value: Any) -> chat_pb2.ToolChoice:
    if not isinstance(value, Mapping):
        return chat_pb2.ToolChoice(mode=enum(path, value, TOOL_MODES))
    check_type(value, "function", path)
    check_keys(value, ("type", "function"), path)
    function = mapping(f"{path}.function", value.get("function"))
    check_keys(function, ("name",), f"{path}.function")
    return chat_pb2.ToolChoice(function_name=string(f"{path}.function.name", function.get("name")))


def _responses_tool_choice(path: str, value: Any) -> chat_pb2.ToolChoice:
    if not isinstance(value, Mapping):
        return chat_pb2.ToolChoice(mode=enum(path, value, TOOL_MODES))
    kind = value.get("type")
    if kind != "function":
        raise unsupported(path, f"a tool of type {short_repr(kind)} cannot be required")
    check_keys(value, ("type", "name"), path)
    return chat_pb2.ToolChoice(function_name=string(f"{path}.name", value.get("name")))


def _chat_format(path: str, value: Any) -> Fields:
    response_format = mapping(path, value)
    kind = _format_type(path, response_format)
    if kind != "json_schema":
        check_keys(response_format, ("type",), path)
        return _format(kind)
    check_keys(response_format, ("type", "json_schema"), path)
    path = f"{path}.json_schema"
    return _format(kind, path, mapping(path, response_format.get("json_schema")))


def _responses_format(path: str, value: Any) -> Fields:
    response_format = mapping(path, value)
    kind = _format_type(path, response_format)
    if kind != "json_schema":
        check_keys(response_format, ("type",), path)
        return _format(kind)
    options = {name: option for name, option in response_format.items() if name != "type"}
    return _format(kind, path, options)


def _format_type(path: str, response_format: Mapping[str, Any]) -> str:
    return enum(
        f"{path}.type", response_format.get("type"), {name: name for name in RESPONSE_FORMATS}
    )


def _format(kind: str, path: str = "", options: Mapping[str, Any] | None = None) -> Fields:
    response_format = chat_pb2.ResponseFormat(format_type=RESPONSE_FORMATS[kind])
    if options is not None:
        # The proto has no field for the name, and the service always treats a schema as strict.
        reasons = {"description": "put it into the schema, as the schema's own 'description'"}
        check_keys(options, ("name", "strict", "schema"), path, reasons)
        response_format.schema = dump_schema(f"{path}.schema", options.get("schema"))
    return {"response_format": response_format}


def _text(path: str, value: Any) -> Fields:
    options = drop_none(mapping(path, value))
    check_keys(options, ("format",), path, UNSUPPORTED["text"])
    if "format" not in options:
        return {}
    return _responses_format(f"{path}.format", options["format"])


def _reasoning(path: str, value: Any) -> Fields:
    options = drop_none(mapping(path, value))
    check_keys(options, ("effort",), path, UNSUPPORTED["reasoning"])
    if "effort" not in options:
        return {}
    return {"reasoning_effort": enum(f"{path}.effort", options["effort"], REASONING_EFFORTS)}


def read_include(path: str, value: Any) -> Fields:
    """Read the additional output that a request asks for.

    Raises:
        TranslationError: An entry is not encrypted reasoning, the only supported one.
    """
    for entry in sequence(path, value):
        if entry != ENCRYPTED_REASONING:
            raise unsupported(
                path, f"{short_repr(entry)} cannot be included; only {ENCRYPTED_REASONING!r} can"
            )
    return {"use_encrypted_content": True} if value else {}


def _must_be_false(path: str, value: Any) -> Fields:
    if boolean(path, value):
        raise unsupported(path, "not supported by the service")
    return {}


_COMMON: Final[dict[str, _Reader]] = {
    "model": _field("model", string),
    "temperature": _field("temperature", number),
    "top_p": _field("top_p", number),
    "logprobs": _field("logprobs", boolean),
    "top_logprobs": _field("top_logprobs", integer),
    "tools": _field("tools", _tools),
    "parallel_tool_calls": _field("parallel_tool_calls", boolean),
    "max_turns": _field("max_turns", integer),
    "search_parameters": _field("search_parameters", read_search),
    "service_tier": _field("service_tier", lambda path, value: enum(path, value, SERVICE_TIERS)),
    "store": _field("store_messages", boolean),
    "user": _field("user", string),
    "safety_identifier": _field("safety_identifier", string),
    "stream": _only_check(boolean),
    "stream_options": _only_check(mapping),
}
_CHAT: Final[dict[str, _Reader]] = {
    **_COMMON,
    "n": _field("n", integer),
    "max_tokens": _field("max_tokens", integer),
    "max_completion_tokens": _field("max_tokens", integer),
    "seed": _field("seed", integer),
    "stop": _field("stop", _stop),
    "frequency_penalty": _field("frequency_penalty", number),
    "presence_penalty": _field("presence_penalty", number),
    "reasoning_effort": _field(
        "reasoning_effort", lambda path, value: enum(path, value, REASONING_EFFORTS)
    ),
    "tool_choice": _field("tool_choice", _chat_tool_choice),
    "response_format": _chat_format,
    "deferred": _only_check(boolean),
}
_RESPONSES: Final[dict[str, _Reader]] = {
    **_COMMON,
    "max_output_tokens": _field("max_tokens", integer),
    "previous_response_id": _field("previous_response_id", string),
    "include": read_include,
    "reasoning": _reasoning,
    "text": _text,
    "tool_choice": _field("tool_choice", _responses_tool_choice),
    "background": _must_be_false,
}
KEYS: Final[dict[Api, frozenset[str]]] = {
    "chat": frozenset((*_CHAT, "messages")),
    "responses": frozenset((*_RESPONSES, "input", "instructions")),
}
"""The keys that requests of each format can have."""
