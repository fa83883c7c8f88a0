"""From create()'s parameters to the request's settings, checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xai_vision import _validation as checks
from xai_vision.chat._messages.content import is_proto
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2, usage_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper

MAX_TOOLS = 128
"""The service's limit for one request."""

MAX_RESPONSES = 128
"""Answers to one request: no limit is documented; this keeps a slip from costing a fortune."""


def make_settings(model: str, parameters: Mapping[str, Any]) -> chat_pb2.GetCompletionsRequest:
    """Build the request without its messages.

    Raises:
        InvalidRequestError: A value the service is sure to refuse; the text names it.
        TypeError: A keyword that create() does not have.
    """
    fields: dict[str, Any] = {"model": checks.model_name(model)}
    for name, value in parameters.items():
        convert = _CONVERT.get(name)
        if convert is None:
            raise TypeError(f"create() has no parameter {name!r}")
        if value is not None:
            fields[name] = convert(name, value)
    if fields.get("top_logprobs") is not None and not fields.get("logprobs"):
        raise InvalidRequestError("top_logprobs needs logprobs=True")
    return chat_pb2.GetCompletionsRequest(**fields)


Convert = Callable[[str, Any], Any]


def _wrong(name: str, wanted: str, value: object) -> InvalidRequestError:
    return InvalidRequestError(f"{name} must be {wanted}, not {checks.short_repr(value)}")


def _filled(name: str, value: Any) -> str:
    return checks.string(name, value, empty=False)


def _whole(low: int, high: int = 2**31 - 1) -> Convert:
    wanted = f"a whole number from {low} to {high}"

    def convert(name: str, value: Any) -> int:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise _wrong(name, wanted, value)
        if not low <= value.__index__() <= high:
            raise _wrong(name, wanted, value)
        return int(value)

    return convert


def _number(low: float, high: float) -> Convert:
    wanted = f"a number from {low:g} to {high:g}"

    def convert(name: str, value: Any) -> float:
        if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
            raise _wrong(name, wanted, value)
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise _wrong(name, wanted, value) from None
        if not (math.isfinite(number) and low <= number <= high):
            raise _wrong(name, wanted, value)
        if checks.rounds_to_zero(number):
            raise _wrong(name, "0, or a number that 32 bits do not make 0", value)
        return number

    return convert


def _stop(name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (bytes, Mapping)) or not isinstance(value, Iterable):
        raise _wrong(name, "a text, or a list of texts", value)
    texts = [checks.string(f"{name}[{place}]", one) for place, one in enumerate(value)]
    if "" in texts:  # but a blank or a line break may well end an answer
        raise InvalidRequestError(f"{name}[{texts.index('')}] is empty")
    return texts


def _enum(enum: _EnumTypeWrapper[Any], values: Mapping[Any, int]) -> Convert:
    wanted = f"one of {', '.join(map(repr, values))}"

    def convert(name: str, value: Any) -> int:
        # Compared, not looked up: a str that is an Enum's member counts, and nothing need hash.
        for word, number in values.items():
            if type(value) is not bool and value == word:
                return number
        if isinstance(value, int) and not isinstance(value, bool) and value in enum.values():
            return value
        raise _wrong(name, wanted, value)

    return convert


def _listed(convert: Convert) -> Convert:
    def convert_all(name: str, value: Any) -> list[Any]:
        if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
            raise _wrong(name, "a list", value)
        return [convert(f"{name}[{place}]", one) for place, one in enumerate(value)]

    return convert_all


def tool_list(name: str, value: Any) -> list[chat_pb2.Tool]:
    """Check and build the tools of a request."""
    from xai_vision.chat._request.tools import coerce_tool

    tools: list[chat_pb2.Tool] = _listed(coerce_tool)(name, value)
    if len(tools) > MAX_TOOLS:
        raise InvalidRequestError(f"{name}: {len(tools)} tools; a request may have {MAX_TOOLS}")
    return tools


def _response_format(name: str, value: Any) -> chat_pb2.ResponseFormat:
    # Imported on use: it needs json, which takes a millisecond to import.
    from xai_vision.chat._request.response_format import response_format

    return response_format(name, value)


_TOOL_MODES = {
    "auto": chat_pb2.TOOL_MODE_AUTO,
    "none": chat_pb2.TOOL_MODE_NONE,
    "required": chat_pb2.TOOL_MODE_REQUIRED,
}


def _tool_choice(name: str, value: Any) -> chat_pb2.ToolChoice:
    if is_proto(value, "xai_api.ToolChoice"):
        return adopt(value, chat_pb2.ToolChoice)
    mode = _enum(chat_pb2.ToolMode, _TOOL_MODES)(name, value)
    return chat_pb2.ToolChoice(mode=mode)


def _search(name: str, value: Any) -> chat_pb2.SearchParameters:
    proto = value if is_proto(value, "xai_api.SearchParameters") else None
    if proto is None:
        make = getattr(value, "_to_proto", None)
        if make is None:
            raise _wrong(name, "SearchParameters(...) of xai_vision.search", value)
        proto = make()
    return adopt(proto, chat_pb2.SearchParameters)


def _guideline(name: str, value: Any) -> chat_pb2.Guideline:
    if is_proto(value, "xai_api.Guideline"):
        return adopt(value, chat_pb2.Guideline)
    if not isinstance(value, Mapping):
        raise _wrong(name, "a dict with category and behavior", value)
    unknown = set(value) - {"type", "category", "behavior"}
    if unknown:
        raise InvalidRequestError(f"{name} has no key {sorted(unknown)[0]!r}")
    if value.get("type", "policy") != "policy":
        raise _wrong(f"{name}['type']", "'policy'", value["type"])
    category = _enum(chat_pb2.GuidelineCategory, _CATEGORIES)(
        f"{name}['category']", value.get("category")
    )
    behavior = _enum(chat_pb2.GuidelineBehavior, {"decline": chat_pb2.GUIDELINE_BEHAVIOR_DECLINE})(
        f"{name}['behavior']", value.get("behavior", "decline")
    )
    policy = chat_pb2.PolicyGuideline(
        category=category,
        behavior=behavior,
    )
    return chat_pb2.Guideline(policy=policy)


_CATEGORIES = {
    "nsfw": chat_pb2.GUIDELINE_CATEGORY_NSFW,
    "violence": chat_pb2.GUIDELINE_CATEGORY_VIOLENCE,
    "profanity": chat_pb2.GUIDELINE_CATEGORY_PROFANITY,
}

_EFFORTS = {
    "none": chat_pb2.EFFORT_NONE,
    "low": chat_pb2.EFFORT_LOW,
    "medium": chat_pb2.EFFORT_MEDIUM,
    "high": chat_pb2.EFFORT_HIGH,
    "xhigh": chat_pb2.EFFORT_XHIGH,
}

_INCLUDES = {
    name.removeprefix("INCLUDE_OPTION_").lower(): number
    for name, number in chat_pb2.IncludeOption.items()
    if number
}

_CONVERT: dict[str, Convert] = {
    "user": checks.string,
    "safety_identifier": checks.string,
    "max_tokens": _whole(1),
    "seed": _whole(-(2**31)),
    "stop": _stop,
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "logprobs": checks.boolean,
    "top_logprobs": _whole(0, 8),
    "tools": tool_list,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": checks.boolean,
    "response_format": _response_format,
    "frequency_penalty": _number(-2, 2),
    "presence_penalty": _number(-2, 2),
    "reasoning_effort": _enum(chat_pb2.ReasoningEffort, _EFFORTS),
    "search_parameters": _search,
    "store_messages": checks.boolean,
    "previous_response_id": _filled,
    "use_encrypted_content": checks.boolean,
    "max_turns": _whole(1),
    "include": _listed(_enum(chat_pb2.IncludeOption, _INCLUDES)),
    "agent_count": _enum(
        chat_pb2.AgentCount, {4: chat_pb2.AGENT_COUNT_4, 16: chat_pb2.AGENT_COUNT_16}
    ),
    "service_tier": _enum(
        usage_pb2.ServiceTier,
        {
            "default": usage_pb2.SERVICE_TIER_DEFAULT,
            "priority": usage_pb2.SERVICE_TIER_PRIORITY,
        },
    ),
    "guidelines": _listed(_guideline),
}
