"""The settings of a request: every key besides the messages, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from xai_vision._validation import short_repr
from xai_vision.openai_compat._fields import dump_schema, parse_schema, read_field, write_field
from xai_vision.openai_compat._search import from_search, read_search
from xai_vision.openai_compat._tools import from_tool, read_tool, same_names
from xai_vision.openai_compat._unsupported_fields import UNSUPPORTED
from xai_vision.openai_compat._values import (
    Api,
    TranslationError,
    boolean,
    check_keys,
    check_type,
    enum,
    enum_name,
    mapping,
    read_object,
    sequence,
    string,
    strings,
    unsupported,
)
from xai_vision.proto import chat_pb2, usage_pb2

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


def read_settings(body: Mapping[str, Any], api: Api) -> dict[str, Any]:
    """Read every key besides the messages, as fields of ``GetCompletionsRequest``.

    Raises:
        TranslationError: A key is not supported, or its value is invalid.
    """
    fields: dict[str, Any] = {}
    settings = read_object("", body, (*_FIELDS[api], *_CHECKS[api]), UNSUPPORTED[api])
    for key, setting in settings.items():
        if key in _CHECKS[api]:
            _CHECKS[api][key](key, setting)
            continue
        name, path, value = _FIELDS[api][key], key, setting
        if key in _NESTED:
            path = f"{key}.{_NESTED[key]}"
            value = read_object(key, setting, (_NESTED[key],), UNSUPPORTED[key]).get(_NESTED[key])
        field = None if value is None else _read_setting(name, path, value, api)
        if name in fields:
            raise TranslationError(f"{key}: {name} is set twice", key=key)
        if field is not None:
            fields[name] = field
    if "model" not in fields:
        raise TranslationError("model is missing: name one, such as 'grok-4'", key="model")
    if api == "responses":
        # REST stores responses by default, gRPC does not.
        fields.setdefault("store_messages", True)
    return fields


def _read_setting(name: str, path: str, value: Any, api: Api) -> Any:
    if name in _ENUMS:
        return enum(path, value, _ENUMS[name])
    if name in _READERS:
        return _READERS[name](path, value, api)
    return read_field(chat_pb2.GetCompletionsRequest, name, path, value)


def write_settings(request: chat_pb2.GetCompletionsRequest, api: Api) -> dict[str, Any]:
    """Write every field besides the messages; default values are left out.

    Raises:
        TranslationError: The format cannot express a field that is set.
    """
    keys = {name: key for key, name in _FIELDS[api].items()}
    body: dict[str, Any] = {}
    for field, value in request.ListFields():
        name = field.name
        if name == "messages" or (name == "n" and value == 1 and api == "responses"):
            # The Responses API always returns one response; this package's client always sends n.
            continue
        if name not in keys:
            api_name = "Chat Completions" if api == "chat" else "the Responses API"
            raise unsupported(name, f"{api_name} has no such setting")
        key = keys[name]
        setting = _write_setting(name, value, api)
        body[key] = {_NESTED[key]: setting} if key in _NESTED else setting
    if api == "responses" and not body.pop("store", False):
        body["store"] = False
    return body


def _write_setting(name: str, value: Any, api: Api) -> Any:
    if name in _ENUMS:
        return enum_name(name, value, _ENUMS[name])
    return _WRITERS[name](value, api) if name in _WRITERS else write_field(value)


def _read_tool_choice(path: str, value: Any, api: Api) -> chat_pb2.ToolChoice:
    if not isinstance(value, Mapping):
        return chat_pb2.ToolChoice(mode=enum(path, value, TOOL_MODES))
    if api == "chat":
        check_type(value, "function", path)
        check_keys(value, ("type", "function"), path)
        path = f"{path}.function"
        value = mapping(path, value.get("function"))
    elif value.get("type") != "function":
        kind = short_repr(value.get("type"))
        raise unsupported(path, f"a tool of type {kind} cannot be required")
    check_keys(value, ("name",) if api == "chat" else ("type", "name"), path)
    return chat_pb2.ToolChoice(function_name=string(f"{path}.name", value.get("name")))


def write_tool_choice(choice: chat_pb2.ToolChoice, api: Api) -> str | dict[str, Any]:
    """Write ``tool_choice``."""
    if choice.WhichOneof("tool_choice") != "function_name":
        return enum_name("tool_choice", choice.mode, TOOL_MODES)
    function = {"name": choice.function_name}
    nested = {"function": function} if api == "chat" else function
    return {"type": "function", **nested}


def _read_response_format(path: str, value: Any, api: Api) -> chat_pb2.ResponseFormat:
    options = mapping(path, value)
    format_type = enum(f"{path}.type", options.get("type"), RESPONSE_FORMATS)
    if format_type != chat_pb2.FORMAT_TYPE_JSON_SCHEMA:
        check_keys(options, ("type",), path)
        return chat_pb2.ResponseFormat(format_type=format_type)
    # The proto has no field for the name, and the service always treats a schema as strict.
    keys = ["name", "strict", "schema"]
    if api == "chat":
        check_keys(options, ("type", "json_schema"), path)
        path = f"{path}.json_schema"
        options = mapping(path, options.get("json_schema"))
    else:
        keys.append("type")
    reasons = {"description": "put it into the schema, as the schema's own 'description'"}
    check_keys(options, keys, path, reasons)
    schema = dump_schema(f"{path}.schema", options.get("schema"))
    return chat_pb2.ResponseFormat(format_type=format_type, schema=schema)


def write_response_format(response_format: chat_pb2.ResponseFormat, api: Api) -> dict[str, Any]:
    """Write the response format. The schema's title, if it has one, becomes its name."""
    kind = enum_name("response_format", response_format.format_type, RESPONSE_FORMATS)
    if kind != "json_schema":
        if response_format.schema:
            raise unsupported(
                "response_format.schema", f"the response format {kind!r} has no schema"
            )
        return {"type": kind}
    schema = parse_schema("response_format.schema", response_format.schema or "{}")
    title = schema.get("title") if isinstance(schema, dict) else None
    name = title if isinstance(title, str) and title else "response"
    options = {"name": name, "strict": True, "schema": schema}
    return {"type": kind, **({"json_schema": options} if api == "chat" else options)}


def _read_tools(path: str, value: Any, _: Api) -> list[chat_pb2.Tool]:
    return [read_tool(tool, f"{path}[{index}]") for index, tool in enumerate(sequence(path, value))]


def _read_stop(path: str, value: Any, _: Api) -> list[str]:
    return [string(path, value)] if isinstance(value, str) else strings(path, value)


def read_include(path: str, value: Any) -> bool:
    """Return whether a request includes encrypted reasoning in its response.

    Raises:
        TranslationError: An entry is not encrypted reasoning, the only supported one.
    """
    for entry in sequence(path, value):
        if entry != ENCRYPTED_REASONING:
            raise unsupported(
                path, f"{short_repr(entry)} cannot be included; only {ENCRYPTED_REASONING!r} can"
            )
    return bool(value)


def _must_be_false(path: str, value: Any) -> None:
    if boolean(path, value):
        raise unsupported(path, "not supported by the service")


_COMMON_FIELDS: Final = {
    **same_names("model", "temperature", "top_p", "logprobs", "top_logprobs"),
    **same_names("tools", "tool_choice", "parallel_tool_calls", "max_turns", "search_parameters"),
    **same_names("service_tier", "user", "safety_identifier"),
    "store": "store_messages",
}
# The field of each key. Of two keys with one field, the last is written.
_FIELDS: Final[dict[Api, dict[str, str]]] = {
    "chat": {
        **_COMMON_FIELDS,
        **same_names("n", "seed", "stop", "frequency_penalty", "presence_penalty"),
        **same_names("reasoning_effort", "response_format"),
        "max_completion_tokens": "max_tokens",
        "max_tokens": "max_tokens",
    },
    "responses": {
        **_COMMON_FIELDS,
        "max_output_tokens": "max_tokens",
        "previous_response_id": "previous_response_id",
        "include": "use_encrypted_content",
        "reasoning": "reasoning_effort",
        "text": "response_format",
    },
}
# Keys whose value is an object with the setting under another key.
_NESTED: Final = {"reasoning": "effort", "text": "format"}
# Keys that are only checked. For the first three, gRPC has methods instead of fields.
_CHECKS: Final[dict[Api, dict[str, Callable[[str, Any], object]]]] = {
    "chat": {"stream": boolean, "stream_options": mapping, "deferred": boolean},
    "responses": {"stream": boolean, "stream_options": mapping, "background": _must_be_false},
}
_ENUMS: Final[dict[str, Mapping[str, int]]] = {
    "reasoning_effort": REASONING_EFFORTS,
    "service_tier": SERVICE_TIERS,
}
# Fields that are not read and written as their type suggests.
_READERS: Final[dict[str, Callable[[str, Any, Api], Any]]] = {
    "tools": _read_tools,
    "tool_choice": _read_tool_choice,
    "response_format": _read_response_format,
    "search_parameters": lambda path, value, _: read_search(path, value),
    "stop": _read_stop,
    "use_encrypted_content": lambda path, value, _: read_include(path, value) or None,
}
_WRITERS: Final[dict[str, Callable[[Any, Api], Any]]] = {
    "tools": lambda tools, api: [
        from_tool(tool, api, f"tools[{index}]") for index, tool in enumerate(tools)
    ],
    "tool_choice": write_tool_choice,
    "response_format": write_response_format,
    "search_parameters": lambda search, _: from_search(search),
    "use_encrypted_content": lambda _value, _api: [ENCRYPTED_REASONING],
}
