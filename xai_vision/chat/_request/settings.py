"""Check the parameters of ``create()`` and convert them to the request's fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from xai_vision import _validation as checks
from xai_vision.chat._messages.content import is_proto
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2, usage_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper

_OTHER_SDKS: Final = {
    "max_completion_tokens": "max_tokens=",
    "max_output_tokens": "max_tokens=",
    "stop_sequences": "stop=",
    "input": "messages=",
    "system": "messages=[system(...)]",
    "instructions": "messages=[system(...)]",
    "functions": "tools=",
    "function_call": "tool_choice=",
    "reasoning": "reasoning_effort=",
    "text": "response_format=",
    "text_format": "chat.parse(...)",
    "store": "store_messages=",
    "n": "chat.sample_batch(n)",
    "stream": "chat.stream()",
    "timeout": "timeout= of the client, or of the call, such as chat.sample(timeout=5)",
    "extra_headers": "metadata= of the client, or of the call, such as chat.sample(metadata=...)",
}
"""The names of parameters in other SDKs, and what to write instead."""

MAX_TOOLS = 128
"""The service's limit for one request."""

Converter: TypeAlias = Callable[[str, Any], Any]
"""Takes a parameter's name and value, and returns the value of the request's field."""


def make_settings(model: str, parameters: Mapping[str, Any]) -> chat_pb2.GetCompletionsRequest:
    """Build a request without messages.

    Args:
        model: The name of the model.
        parameters: The other parameters of ``create()``. None counts as left out.

    Raises:
        InvalidRequestError: The service would certainly refuse a value; the error names it.
        TypeError: ``create()`` does not have a parameter of this name.
    """
    fields: dict[str, Any] = {"model": checks.model_name(model)}
    for name, value in parameters.items():
        convert = _CONVERTERS.get(name)
        if convert is None:
            raise _unknown_parameter(name)
        if value is not None:
            fields[name] = convert(name, value)
    if fields.get("top_logprobs") is not None and not fields.get("logprobs"):
        raise InvalidRequestError("top_logprobs needs logprobs=True")
    return chat_pb2.GetCompletionsRequest(**fields)


def _unknown_parameter(name: str) -> TypeError:
    # Imported on use: only errors need them.
    from xai_vision._hints import unexpected_argument
    from xai_vision.chat._request.parameters import CreateParameters

    return unexpected_argument("create()", name, CreateParameters.__annotations__, _OTHER_SDKS)


def tool_list(name: str, value: Any) -> list[chat_pb2.Tool]:
    """Check and convert the tools of a request."""
    from xai_vision.chat._request.tools import coerce_tool

    tools: list[chat_pb2.Tool] = _list_of(coerce_tool)(name, value)
    if len(tools) > MAX_TOOLS:
        raise InvalidRequestError(
            f"{name} has {len(tools)} entries; the service accepts at most {MAX_TOOLS}"
        )
    return tools


def _invalid(name: str, expected: str, value: object) -> InvalidRequestError:
    return InvalidRequestError(f"{name} must be {expected}, not {checks.short_repr(value)}")


def _integer(min_: int, max_: int = 2**31 - 1) -> Converter:
    expected = f"an integer from {min_} to {max_}"

    def convert(name: str, value: Any) -> int:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise _invalid(name, expected, value)
        if not min_ <= value.__index__() <= max_:
            raise _invalid(name, expected, value)
        return int(value)

    return convert


def _number(min_: float, max_: float) -> Converter:
    expected = f"a number from {min_:g} to {max_:g}"

    def convert(name: str, value: Any) -> float:
        if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
            raise _invalid(name, expected, value)
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise _invalid(name, expected, value) from None
        if not (math.isfinite(number) and min_ <= number <= max_):
            raise _invalid(name, expected, value)
        if checks.rounds_to_zero(number):
            raise _invalid(name, "0 or a number that a 32-bit float does not round to 0", value)
        return number

    return convert


def _stop(name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (bytes, Mapping)) or not isinstance(value, Iterable):
        raise _invalid(name, "a string or a list of strings", value)
    strings = [checks.string(f"{name}[{index}]", item) for index, item in enumerate(value)]
    if "" in strings:  # blanks and line breaks are valid stop sequences
        raise InvalidRequestError(f"{name}[{strings.index('')}] is empty")
    return strings


def _enum(enum: _EnumTypeWrapper[Any], values: Mapping[Any, int]) -> Converter:
    expected = f"one of {', '.join(map(repr, values))}"

    def convert(name: str, value: Any) -> int:
        # Compared and not looked up, so that members of a str Enum and unhashable values work.
        for known, number in values.items():
            if type(value) is not bool and value == known:
                return number
        if isinstance(value, int) and not isinstance(value, bool) and value in enum.values():
            return value
        raise _invalid(name, expected, value)

    return convert


def _list_of(convert: Converter) -> Converter:
    def convert_all(name: str, value: Any) -> list[Any]:
        if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
            raise _invalid(name, "a list", value)
        return [convert(f"{name}[{index}]", item) for index, item in enumerate(value)]

    return convert_all


def _response_format(name: str, value: Any) -> chat_pb2.ResponseFormat:
    # Imported on use: it needs json, which takes a millisecond to import.
    from xai_vision.chat._request.response_format import response_format

    return response_format(name, value)


response_count = _integer(1, 128)
"""Converts the number of responses to one request. The service documents no limit; this one keeps a
typing error from becoming expensive."""

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


def _search_parameters(name: str, value: Any) -> chat_pb2.SearchParameters:
    proto = value if is_proto(value, "xai_api.SearchParameters") else None
    if proto is None:
        # xai_sdk's SearchParameters have the same method.
        to_proto = getattr(value, "_to_proto", None)
        if to_proto is None:
            raise _invalid(name, "SearchParameters(...) of xai_vision.search", value)
        proto = to_proto()
    return adopt(proto, chat_pb2.SearchParameters)


def _guideline(name: str, value: Any) -> chat_pb2.Guideline:
    if is_proto(value, "xai_api.Guideline"):
        return adopt(value, chat_pb2.Guideline)
    if not isinstance(value, Mapping):
        raise _invalid(name, "a dict with category and behavior", value)
    unknown = set(value) - {"type", "category", "behavior"}
    if unknown:
        raise InvalidRequestError(
            f"{name} has an unknown key {sorted(unknown)[0]!r}. "
            "Use 'type', 'category' and 'behavior'"
        )
    if value.get("type", "policy") != "policy":
        raise _invalid(f"{name}['type']", "'policy'", value["type"])
    category = _enum(chat_pb2.GuidelineCategory, GuidelineCategoryMap)(
        f"{name}['category']", value.get("category")
    )
    behavior = _enum(chat_pb2.GuidelineBehavior, GuidelineBehaviorMap)(
        f"{name}['behavior']", value.get("behavior", "decline")
    )
    policy = chat_pb2.PolicyGuideline(category=category, behavior=behavior)
    return chat_pb2.Guideline(policy=policy)


GuidelineBehaviorMap = {"decline": chat_pb2.GUIDELINE_BEHAVIOR_DECLINE}

GuidelineCategoryMap = {
    "nsfw": chat_pb2.GUIDELINE_CATEGORY_NSFW,
    "violence": chat_pb2.GUIDELINE_CATEGORY_VIOLENCE,
    "profanity": chat_pb2.GUIDELINE_CATEGORY_PROFANITY,
}

_REASONING_EFFORTS = {
    "none": chat_pb2.EFFORT_NONE,
    "low": chat_pb2.EFFORT_LOW,
    "medium": chat_pb2.EFFORT_MEDIUM,
    "high": chat_pb2.EFFORT_HIGH,
    "xhigh": chat_pb2.EFFORT_XHIGH,
}

IncludeOptionMap = {
    name.removeprefix("INCLUDE_OPTION_").lower(): number
    for name, number in chat_pb2.IncludeOption.items()
    if number
}

AgentCountMap = {4: chat_pb2.AGENT_COUNT_4, 16: chat_pb2.AGENT_COUNT_16}

ServiceTierMap = {
    "default": usage_pb2.SERVICE_TIER_DEFAULT,
    "priority": usage_pb2.SERVICE_TIER_PRIORITY,
}

_CONVERTERS: dict[str, Converter] = {
    "user": checks.string,
    "safety_identifier": checks.string,
    "max_tokens": _integer(1),
    "seed": _integer(-(2**31)),
    "stop": _stop,
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "logprobs": checks.boolean,
    "top_logprobs": _integer(0, 8),
    "tools": tool_list,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": checks.boolean,
    "response_format": _response_format,
    "frequency_penalty": _number(-2, 2),
    "presence_penalty": _number(-2, 2),
    "reasoning_effort": _enum(chat_pb2.ReasoningEffort, _REASONING_EFFORTS),
    "search_parameters": _search_parameters,
    "store_messages": checks.boolean,
    "previous_response_id": partial(checks.string, empty=False),
    "use_encrypted_content": checks.boolean,
    "max_turns": _integer(1),
    "include": _list_of(_enum(chat_pb2.IncludeOption, IncludeOptionMap)),
    "agent_count": _enum(chat_pb2.AgentCount, AgentCountMap),
    "service_tier": _enum(usage_pb2.ServiceTier, ServiceTierMap),
    "guidelines": _list_of(_guideline),
}
