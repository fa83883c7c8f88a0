"""What the service refuses before it thinks: numbers out of range, tools that contradict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xai_vision.proto import chat_pb2
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._service.default_reply import schema_example as schemas
from xai_vision.testing._settings import Settings

_RANGES = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "frequency_penalty": (-2.0, 2.0),
    "presence_penalty": (-2.0, 2.0),
}


def validate_request(request: chat_pb2.GetCompletionsRequest, settings: Settings) -> None:
    """Refuse a request the service would not take.

    Raises:
        ServiceError: INVALID_ARGUMENT, with what is wrong.
    """
    given = {field.name: value for field, value in request.ListFields()}
    _numbers(given, settings)
    _stops(given.get("stop", ()), settings)
    _logprobs(request, settings)
    if "tools" in given or "tool_choice" in given:
        _tools(request.tools, settings)
        _choice(request)
    if "response_format" in given:
        _format(request.response_format)
    if "search_parameters" in given:
        for source in request.search_parameters.sources:
            _source(source, settings)
    if given.get("previous_response_id") == "":
        raise invalid_argument("previous_response_id is empty.")


def _numbers(given: Mapping[str, Any], settings: Settings) -> None:
    for name in _RANGES.keys() & given.keys():
        (low, high), value = _RANGES[name], given[name]
        if not (math.isfinite(value) and low <= value <= high):
            raise invalid_argument(f"{name} must be between {low:g} and {high:g}, got {value:g}.")
    for name in ("max_tokens", "max_turns", "n"):
        if given.get(name, 1) < 1:
            raise invalid_argument(f"{name} must be at least 1, got {given[name]}.")
    if given.get("n", 1) > settings.max_n:
        raise invalid_argument(f"n must be at most {settings.max_n}, got {given['n']}.")


def _stops(stops: Sequence[str], settings: Settings) -> None:
    if len(stops) > settings.max_stop:
        raise invalid_argument(
            f"At most {settings.max_stop} stop strings are allowed, got {len(stops)}."
        )
    if not all(stops):
        raise invalid_argument("A stop string is empty.")


def _logprobs(request: chat_pb2.GetCompletionsRequest, settings: Settings) -> None:
    if not request.HasField("top_logprobs"):
        return
    if not request.logprobs:
        raise invalid_argument("top_logprobs needs logprobs to be true.")
    if not 0 <= request.top_logprobs <= settings.max_top_logprobs:
        raise invalid_argument(
            f"top_logprobs must be between 0 and {settings.max_top_logprobs}, "
            f"got {request.top_logprobs}."
        )


def _tools(tools: Sequence[chat_pb2.Tool], settings: Settings) -> None:
    if len(tools) > settings.max_tools:
        raise invalid_argument(f"At most {settings.max_tools} tools are allowed, got {len(tools)}.")
    names: set[str] = set()
    for number, tool in enumerate(tools):
        kind = tool.WhichOneof("tool")
        if kind is None:
            raise invalid_argument(f"Tool {number} is empty.")
        if kind == "function":
            _function(tool.function, names)
        elif kind == "web_search":
            _web(tool.web_search, settings)
        elif kind == "x_search":
            _x(tool.x_search, settings)
        elif kind == "collections_search" and not tool.collections_search.collection_ids:
            raise invalid_argument("collections_search names no collection.")
        elif kind == "mcp" and not tool.mcp.server_url:
            raise invalid_argument("mcp names no server_url.")


def _function(function: chat_pb2.Function, names: set[str]) -> None:
    if not function.name:
        raise invalid_argument("A function tool has no name.")
    if function.name in names:
        raise invalid_argument(f"Two function tools are called {function.name!r}.")
    names.add(function.name)
    if function.parameters:
        _json_object(function.parameters, f"The parameters of function {function.name!r}")


def _web(tool: chat_pb2.WebSearch, settings: Settings) -> None:
    _lists(
        "web_search", "domains", tool.allowed_domains, tool.excluded_domains, settings.max_domains
    )


def _x(tool: chat_pb2.XSearch, settings: Settings) -> None:
    _lists(
        "x_search",
        "handles",
        tool.allowed_x_handles,
        tool.excluded_x_handles,
        settings.max_handles,
    )
    if tool.HasField("from_date") and tool.HasField("to_date"):
        _dates("x_search", tool.from_date, tool.to_date)


def _source(source: chat_pb2.Source, settings: Settings) -> None:
    kind = source.WhichOneof("source")
    if kind == "web":
        _lists(
            "web source",
            "websites",
            source.web.allowed_websites,
            source.web.excluded_websites,
            settings.max_domains,
        )
    elif kind == "x":
        _lists(
            "x source",
            "handles",
            source.x.included_x_handles,
            source.x.excluded_x_handles,
            settings.max_handles,
        )


def _lists(tool: str, noun: str, allowed: Sequence[str], barred: Sequence[str], most: int) -> None:
    if allowed and barred:
        raise invalid_argument(f"{tool}: allowed and excluded {noun} cannot both be set.")
    for which, given in (("allowed", allowed), ("excluded", barred)):
        if len(given) > most:
            raise invalid_argument(
                f"{tool}: at most {most} {which} {noun} are taken, got {len(given)}."
            )


def _dates(tool: str, start: Any, end: Any) -> None:
    if (start.seconds, start.nanos) > (end.seconds, end.nanos):
        raise invalid_argument(f"{tool}: from_date is after to_date.")


def _choice(request: chat_pb2.GetCompletionsRequest) -> None:
    choice = request.tool_choice
    if choice.mode == chat_pb2.TOOL_MODE_REQUIRED and not request.tools:
        raise invalid_argument("tool_choice is required, but the request has no tools.")
    if choice.function_name and choice.function_name not in _functions(request.tools):
        raise invalid_argument(
            f"tool_choice names {choice.function_name!r}, which is no tool given."
        )


def _functions(tools: Iterable[chat_pb2.Tool]) -> set[str]:
    return {tool.function.name for tool in tools if tool.WhichOneof("tool") == "function"}


def _format(form: chat_pb2.ResponseFormat) -> None:
    if form.format_type != chat_pb2.FORMAT_TYPE_JSON_SCHEMA:
        return
    if not form.schema:
        raise invalid_argument("response_format is a JSON schema, but no schema was given.")
    _json_object(form.schema, "The schema of response_format")


def _json_object(text: str, what: str) -> None:
    value = schemas.parse_schema(text, what)
    if not isinstance(value, (dict, bool)):
        raise invalid_argument(f"{what} is no JSON object.")
