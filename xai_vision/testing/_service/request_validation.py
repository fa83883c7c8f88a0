"""Validates requests as the service does: parameters, tools and the response format."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from xai_vision.proto import chat_pb2
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._service.default_reply.schema_example import parse_schema
from xai_vision.testing._settings import Settings

_RANGES = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "frequency_penalty": (-2.0, 2.0),
    "presence_penalty": (-2.0, 2.0),
}
# By kind of tool or source: two lists of which only one may have entries, and the setting with
# the maximum number of entries.
_EXCLUSIVE_LISTS = {
    "web_search": ("allowed_domains", "excluded_domains", "max_domains"),
    "x_search": ("allowed_x_handles", "excluded_x_handles", "max_handles"),
    "web": ("allowed_websites", "excluded_websites", "max_domains"),
    "x": ("included_x_handles", "excluded_x_handles", "max_handles"),
}


def validate_request(request: chat_pb2.GetCompletionsRequest, settings: Settings) -> None:
    """Refuse a request that the service would refuse.

    Raises:
        ServiceError: INVALID_ARGUMENT; the details say what is wrong.
    """
    fields = {field.name: value for field, value in request.ListFields()}
    _check_numbers(fields, settings)
    if len(request.stop) > settings.max_stop:
        raise invalid_argument(
            f"At most {settings.max_stop} stop strings are allowed, got {len(request.stop)}."
        )
    if not all(request.stop):
        raise invalid_argument("A stop string is empty.")
    if "top_logprobs" in fields:
        _check_top_logprobs(request, settings)
    _check_tools(request, settings)
    _check_tool_choice(request)
    if request.response_format.format_type == chat_pb2.FORMAT_TYPE_JSON_SCHEMA:
        if not request.response_format.schema:
            raise invalid_argument("response_format is a JSON schema, but its schema is empty.")
        _check_schema(request.response_format.schema, "The schema of response_format")
    for source in request.search_parameters.sources:
        kind = source.WhichOneof("source")
        if kind in _EXCLUSIVE_LISTS:
            _check_lists(kind, getattr(source, kind), settings)
    if fields.get("previous_response_id") == "":
        raise invalid_argument("previous_response_id is empty.")


def _check_numbers(fields: Mapping[str, Any], settings: Settings) -> None:
    for name, (low, high) in _RANGES.items():
        value = fields.get(name, low)
        if not (math.isfinite(value) and low <= value <= high):
            raise invalid_argument(f"{name} must be between {low:g} and {high:g}, got {value:g}.")
    for name in ("max_tokens", "max_turns", "n"):
        if fields.get(name, 1) < 1:
            raise invalid_argument(f"{name} must be at least 1, got {fields[name]}.")
    if fields.get("n", 1) > settings.max_n:
        raise invalid_argument(f"n must be at most {settings.max_n}, got {fields['n']}.")


def _check_top_logprobs(request: chat_pb2.GetCompletionsRequest, settings: Settings) -> None:
    if not request.logprobs:
        raise invalid_argument("top_logprobs needs logprobs to be true.")
    if not 0 <= request.top_logprobs <= settings.max_top_logprobs:
        raise invalid_argument(
            f"top_logprobs must be between 0 and {settings.max_top_logprobs}, "
            f"got {request.top_logprobs}."
        )


def _check_tools(request: chat_pb2.GetCompletionsRequest, settings: Settings) -> None:
    tools = request.tools
    if len(tools) > settings.max_tools:
        raise invalid_argument(f"At most {settings.max_tools} tools are allowed, got {len(tools)}.")
    function_names: set[str] = set()
    for index, tool in enumerate(tools):
        kind = tool.WhichOneof("tool")
        if kind is None:
            raise invalid_argument(f"Tool {index} is empty.")
        if kind == "function":
            _check_function(tool.function, function_names)
        elif kind == "web_search":
            _check_lists(kind, tool.web_search, settings)
        elif kind == "x_search":
            _check_lists(kind, tool.x_search, settings)
            _check_dates(tool.x_search)
        elif kind == "collections_search" and not tool.collections_search.collection_ids:
            raise invalid_argument("collections_search: collection_ids is empty.")
        elif kind == "mcp" and not tool.mcp.server_url:
            raise invalid_argument("mcp: server_url is empty.")


def _check_function(function: chat_pb2.Function, names: set[str]) -> None:
    if not function.name:
        raise invalid_argument("A function tool has no name.")
    if function.name in names:
        raise invalid_argument(f"Two function tools have the name {function.name!r}.")
    names.add(function.name)
    if function.parameters:
        _check_schema(function.parameters, f"The schema of function {function.name!r}")


def _check_lists(kind: str, item: Any, settings: Settings) -> None:
    """Check the lists of a tool or search source."""
    *names, setting = _EXCLUSIVE_LISTS[kind]
    if all(getattr(item, name) for name in names):
        raise invalid_argument(f"{kind}: {' and '.join(names)} cannot both be set.")
    maximum = getattr(settings, setting)
    for name in names:
        count = len(getattr(item, name))
        if count > maximum:
            raise invalid_argument(f"{kind}: {name} has {count} entries; the maximum is {maximum}.")


def _check_dates(search: chat_pb2.XSearch) -> None:
    if search.HasField("from_date") and search.HasField("to_date"):
        start, end = search.from_date, search.to_date
        if (start.seconds, start.nanos) > (end.seconds, end.nanos):
            raise invalid_argument("x_search: from_date is after to_date.")


def _check_tool_choice(request: chat_pb2.GetCompletionsRequest) -> None:
    choice = request.tool_choice
    if choice.mode == chat_pb2.TOOL_MODE_REQUIRED and not request.tools:
        raise invalid_argument("tool_choice is required, but the request has no tools.")
    names = [tool.function.name for tool in request.tools]  # "" for tools of other kinds
    if choice.function_name and choice.function_name not in names:
        raise invalid_argument(
            f"tool_choice names {choice.function_name!r}, but the request has no such function."
        )


def _check_schema(text: str, name: str) -> None:
    if not isinstance(parse_schema(text, name), (dict, bool)):
        raise invalid_argument(f"{name} is not a JSON object.")
