"""Everything of a request besides its messages, key by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

from xai_vision import _validation as checks
from xai_vision.openai_compat._search import read_search
from xai_vision.openai_compat._tools import read_tool
from xai_vision.openai_compat._unsupported_fields import UNPLACED
from xai_vision.openai_compat._values import (
    TranslationError,
    check_keys,
    check_type,
    flag,
    given,
    listed,
    mapping,
    number,
    schema_text,
    text,
    texts,
    unsupported,
    whole,
    word,
)
from xai_vision.proto import chat_pb2, usage_pb2

__all__ = [
    "EFFORTS",
    "ENCRYPTED",
    "FORMATS",
    "KEYS",
    "MODES",
    "TIERS",
    "Api",
    "check_api",
    "read_include",
    "read_settings",
]

Api: TypeAlias = Literal["chat", "responses"]

EFFORTS: Final = {
    "none": chat_pb2.EFFORT_NONE,
    "low": chat_pb2.EFFORT_LOW,
    "medium": chat_pb2.EFFORT_MEDIUM,
    "high": chat_pb2.EFFORT_HIGH,
    "xhigh": chat_pb2.EFFORT_XHIGH,
}
MODES: Final = {
    "auto": chat_pb2.TOOL_MODE_AUTO,
    "none": chat_pb2.TOOL_MODE_NONE,
    "required": chat_pb2.TOOL_MODE_REQUIRED,
}
TIERS: Final = {
    "auto": usage_pb2.SERVICE_TIER_UNSPECIFIED,
    "default": usage_pb2.SERVICE_TIER_DEFAULT,
    "priority": usage_pb2.SERVICE_TIER_PRIORITY,
}
FORMATS: Final = {
    "text": chat_pb2.FORMAT_TYPE_TEXT,
    "json_object": chat_pb2.FORMAT_TYPE_JSON_OBJECT,
    "json_schema": chat_pb2.FORMAT_TYPE_JSON_SCHEMA,
}
ENCRYPTED: Final = "reasoning.encrypted_content"
Fields: TypeAlias = dict[str, Any]
_Read: TypeAlias = Callable[[str, Any], Fields]
_Schema: TypeAlias = Callable[[str, Mapping[str, Any]], "tuple[str, Any]"]
"""Where a format's schema stands, and what it says of it."""


def check_api(api: Api) -> Api:
    """Which of the two forms is meant.

    Raises:
        TranslationError: Neither.
    """
    return word("api", api, {one: one for one in get_args(Api)})


def read_settings(body: Mapping[str, Any], api: Api) -> Fields:
    """Read all keys but those of the conversation, as fields of GetCompletionsRequest.

    Raises:
        TranslationError: A key that has no place in the message, or a value that is wrong.
    """
    fields: Fields = {}
    keys = _CHAT if api == "chat" else _RESPONSES
    options = given(body)
    check_keys(options, keys, why=UNPLACED[api])
    for key, value in options.items():
        for name, one in keys[key](key, value).items():
            if name in fields:
                raise TranslationError(f"{key}: {name} is given twice", key=key)
            fields[name] = one
    if "model" not in fields:
        raise TranslationError("model is missing: name one, such as 'grok-4'", key="model")
    if api == "responses":
        # Over REST an answer is stored unless the request says no; over gRPC the other way round.
        fields.setdefault("store_messages", True)
    return fields


def _as(field: str, read: Callable[[str, Any], Any]) -> _Read:
    return lambda key, value: {field: read(key, value)}


def _apart(read: Callable[[str, Any], Any]) -> _Read:
    """Of what says how the answer is to come: over gRPC that is which method is called."""

    def checked(key: str, value: Any) -> Fields:
        read(key, value)
        return {}

    return checked


def _stop(key: str, value: Any) -> list[str]:
    return [text(key, value)] if isinstance(value, str) else texts(key, value)


def _tools(key: str, value: Any) -> list[chat_pb2.Tool]:
    return [read_tool(one, f"{key}[{place}]") for place, one in enumerate(listed(key, value))]


def _chat_choice(key: str, value: Any) -> chat_pb2.ToolChoice:
    if not isinstance(value, Mapping):
        return chat_pb2.ToolChoice(mode=word(key, value, MODES))
    check_type(value, "function", key)
    check_keys(value, ("type", "function"), key)
    function = mapping(f"{key}.function", value.get("function"))
    check_keys(function, ("name",), f"{key}.function")
    return chat_pb2.ToolChoice(function_name=text(f"{key}.function.name", function.get("name")))


def _choice(key: str, value: Any) -> chat_pb2.ToolChoice:
    if not isinstance(value, Mapping):
        return chat_pb2.ToolChoice(mode=word(key, value, MODES))
    if value.get("type") != "function":
        raise unsupported(
            key, f"a tool of type {checks.shown(value.get('type'))} cannot be demanded"
        )
    check_keys(value, ("type", "name"), key)
    return chat_pb2.ToolChoice(function_name=text(f"{key}.name", value.get("name")))


def _format(key: str, form: Mapping[str, Any], schema_of: _Schema) -> Fields:
    kind = word(f"{key}.type", form.get("type"), {one: one for one in FORMATS})
    made = chat_pb2.ResponseFormat(format_type=FORMATS[kind])
    if kind != "json_schema":
        check_keys(form, ("type",), key)
        return {"response_format": made}
    place, found = schema_of(key, form)
    options = mapping(place, found)
    # The name is for people and has no field; the service is strict whatever is said.
    why = {"description": "put it into the schema, as its own 'description'"}
    check_keys(options, ("name", "strict", "schema"), place, why)
    made.schema = schema_text(f"{place}.schema", options.get("schema"))
    return {"response_format": made}


def _chat_format(key: str, value: Any) -> Fields:
    def schema_of(key: str, form: Mapping[str, Any]) -> tuple[str, Any]:
        check_keys(form, ("type", "json_schema"), key)
        return f"{key}.json_schema", form.get("json_schema")

    return _format(key, mapping(key, value), schema_of)


def _responses_format(key: str, value: Any) -> Fields:
    def schema_of(key: str, form: Mapping[str, Any]) -> tuple[str, Any]:
        return key, {name: one for name, one in form.items() if name != "type"}

    return _format(key, mapping(key, value), schema_of)


def _text_options(key: str, value: Any) -> Fields:
    options = given(mapping(key, value))
    check_keys(options, ("format",), key, UNPLACED["text"])
    if "format" not in options:
        return {}
    return _responses_format(f"{key}.format", options["format"])


def _reasoning(key: str, value: Any) -> Fields:
    options = given(mapping(key, value))
    check_keys(options, ("effort",), key, UNPLACED["reasoning"])
    if "effort" not in options:
        return {}
    return {"reasoning_effort": word(f"{key}.effort", options["effort"], EFFORTS)}


def read_include(key: str, value: Any) -> Fields:
    """Read what an answer is to have besides.

    Raises:
        TranslationError: Something else than encrypted thinking, which is all there is.
    """
    for one in listed(key, value):
        if one != ENCRYPTED:
            raise unsupported(
                key, f"{checks.shown(one)} cannot be included; only {ENCRYPTED!r} can"
            )
    return {"use_encrypted_content": True} if value else {}


def _never(key: str, value: Any) -> Fields:
    if flag(key, value):
        raise unsupported(key, "the service does not do that")
    return {}


_COMMON: Final[dict[str, _Read]] = {
    "model": _as("model", text),
    "temperature": _as("temperature", number),
    "top_p": _as("top_p", number),
    "logprobs": _as("logprobs", flag),
    "top_logprobs": _as("top_logprobs", whole),
    "tools": _as("tools", _tools),
    "parallel_tool_calls": _as("parallel_tool_calls", flag),
    "max_turns": _as("max_turns", whole),
    "search_parameters": _as("search_parameters", read_search),
    "service_tier": _as("service_tier", lambda key, value: word(key, value, TIERS)),
    "store": _as("store_messages", flag),
    "user": _as("user", text),
    "safety_identifier": _as("safety_identifier", text),
    "stream": _apart(flag),
    "stream_options": _apart(mapping),
}
_CHAT: Final[dict[str, _Read]] = {
    **_COMMON,
    "n": _as("n", whole),
    "max_tokens": _as("max_tokens", whole),
    "max_completion_tokens": _as("max_tokens", whole),
    "seed": _as("seed", whole),
    "stop": _as("stop", _stop),
    "frequency_penalty": _as("frequency_penalty", number),
    "presence_penalty": _as("presence_penalty", number),
    "reasoning_effort": _as("reasoning_effort", lambda key, value: word(key, value, EFFORTS)),
    "tool_choice": _as("tool_choice", _chat_choice),
    "response_format": _chat_format,
    "deferred": _apart(flag),
}
_RESPONSES: Final[dict[str, _Read]] = {
    **_COMMON,
    "max_output_tokens": _as("max_tokens", whole),
    "previous_response_id": _as("previous_response_id", text),
    "include": read_include,
    "reasoning": _reasoning,
    "text": _text_options,
    "tool_choice": _as("tool_choice", _choice),
    "background": _never,
}
KEYS: Final[dict[Api, frozenset[str]]] = {
    "chat": frozenset((*_CHAT, "messages")),
    "responses": frozenset((*_RESPONSES, "input", "instructions")),
}
"""The keys that each form's requests can have."""
