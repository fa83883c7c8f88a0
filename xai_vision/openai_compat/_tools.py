"""Tools: the options of a tool's dict, and the proto it stands for.

Both formats are read the same way. The options stand under the type's name (``{"type":
"function", "function": {...}}``, as in Chat Completions and xAI's documentation) or beside the
type (as in the Responses API). An option that is None counts as left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias

from xai_vision._validation import did_you_mean, key_label, short_repr
from xai_vision.openai_compat._values import (
    TranslationError,
    boolean,
    dump_schema,
    enum,
    integer,
    invalid_value,
    mapping,
    parse_schema,
    string,
    strings,
    timestamp,
    unsupported,
)
from xai_vision.proto import chat_pb2

_Keys: TypeAlias = "Mapping[str, str | Mapping[str, Any] | None]"
"""The option of each key, or the options of the keys of a nested dict; None: the key is ignored."""


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_LOCATION = {key: f"user_location_{key}" for key in ("country", "city", "region", "timezone")}
_DOMAINS = _same("allowed_domains", "excluded_domains")

TOOL_OPTIONS: Final[dict[str, _Keys]] = {
    "function": _same("name", "description", "parameters", "strict"),
    "web_search": {
        **_same("excluded_domains", "allowed_domains"),
        **_same("enable_image_understanding", "enable_image_search"),
        **_same(*_LOCATION.values()),
        "filters": _DOMAINS,
        # The location's type is always "approximate"; the proto has no field for it.
        "user_location": _LOCATION | {"type": None},
    },
    "x_search": _same(
        "from_date",
        "to_date",
        "allowed_x_handles",
        "excluded_x_handles",
        "enable_image_understanding",
        "enable_video_understanding",
    ),
    "code_execution": {},
    "image_generation": _same("action"),
    "collections_search": {
        **_same("collection_ids", "limit", "instructions", "retrieval_mode"),
        "vector_store_ids": "collection_ids",
        "max_num_results": "limit",
    },
    "attachment_search": _same("limit"),
    "mcp": {
        **_same("server_url", "server_label", "server_description"),
        **_same("allowed_tool_names", "authorization", "extra_headers"),
        "allowed_tools": "allowed_tool_names",
        "headers": "extra_headers",
    },
}
# The Responses API's type names and option names, where they differ.
_TYPE_ALIASES: Final = {"code_interpreter": "code_execution", "file_search": "collections_search"}
_RESPONSES_TYPES: Final = {name: alias for alias, name in _TYPE_ALIASES.items()}
_RESPONSES_KEYS: Final = {
    "collection_ids": "vector_store_ids",
    "allowed_tool_names": "allowed_tools",
    "extra_headers": "headers",
}
_REQUIRED: Final = {
    "function": "name",
    "collections_search": "collection_ids",
    "mcp": "server_url",
}


def tool_options(value: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Split a tool's dict into its type and its options.

    Returns:
        The type, a key of ``TOOL_OPTIONS``, and the options under the names used there. The
        values are not checked.

    Raises:
        TranslationError: The type or a key is unknown, or a required key is missing.
    """
    outer = dict(value)
    kind = outer.pop("type", None)
    if not isinstance(kind, str):
        raise TranslationError(
            "a tool's dict has a 'type', such as 'web_search' or 'function'", key="type"
        )
    name = _TYPE_ALIASES.get(kind, kind)
    keys = TOOL_OPTIONS.get(name)
    if keys is None:
        raise TranslationError(
            f"no tool has the type {short_repr(kind)}{_suggest(kind, TOOL_OPTIONS)}",
            key="type",
            unsupported=True,
        )
    nested = outer.pop(kind, None)
    if not (nested is None or isinstance(nested, Mapping)):
        raise TranslationError(
            f"{kind}: {kind!r} must hold a dict, not {short_repr(nested)}", key=kind
        )
    options: dict[str, Any] = {}
    for part in (nested or {}, outer):
        _collect(kind, part, keys, options)
    required = _REQUIRED.get(name)
    if required and required not in options:
        raise TranslationError(f"{kind} needs {required!r}", key=required)
    return name, options


def _collect(kind: str, part: Mapping[str, Any], keys: _Keys, options: dict[str, Any]) -> None:
    for key, value in part.items():
        if key not in keys:
            raise TranslationError(
                f"{kind} has no key {short_repr(key)}{_suggest(key, keys)}",
                key=key_label(key),
                unsupported=True,
            )
        option = keys[key]
        if value is None or option is None:
            continue
        if isinstance(option, str):
            if option in options:
                raise TranslationError(f"{kind}: {key!r} is given twice", key=key)
            options[option] = value
        elif isinstance(value, Mapping):
            _collect(f"{kind}: {key}", value, option, options)
        else:
            raise TranslationError(
                f"{kind}: {key!r} must hold a dict, not {short_repr(value)}", key=key
            )


def _suggest(word: object, known: Iterable[str]) -> str:
    return did_you_mean(word, known) or f"; there are {', '.join(map(repr, known)) or 'none'}"


def read_tool(value: Any, path: str) -> chat_pb2.Tool:
    """Read a tool. The service checks limits and contradictions.

    Raises:
        TranslationError: The tool is not an object, or an option is unknown or of a wrong type.
    """
    if not isinstance(value, Mapping):
        raise invalid_value(path, "an object", value)
    try:
        kind, options = tool_options(value)
    except TranslationError as error:
        raise TranslationError(
            f"{path}: {error}", key=f"{path}.{error.key}", unsupported=error.unsupported
        ) from None
    fields = {name: _READERS[name](f"{path}: {name}", option) for name, option in options.items()}
    if kind == "web_search":
        _nest_location(fields)
    retrieval = fields.pop("retrieval_mode", None)
    tool = _PROTOS[kind](**fields)
    if retrieval is not None:
        getattr(tool, retrieval).SetInParent()
    return chat_pb2.Tool(**{kind: tool})


def _nest_location(fields: dict[str, Any]) -> None:
    location = {key: fields.pop(name) for key, name in _LOCATION.items() if name in fields}
    if location:
        fields["user_location"] = chat_pb2.WebSearchUserLocation(**location)


def _headers(path: str, value: Any) -> dict[str, str]:
    return {
        string(path, name): string(f"{path}[{short_repr(name)}]", header)
        for name, header in mapping(path, value).items()
    }


def _retrieval_mode(path: str, value: Any) -> str:
    modes = {name: f"{name}_retrieval" for name in ("hybrid", "semantic", "keyword")}
    return enum(path, value, modes)


_READERS: Final[dict[str, Callable[[str, Any], Any]]] = {
    **dict.fromkeys(("name", "description", "action", "instructions"), string),
    **dict.fromkeys(("server_url", "server_label", "server_description", "authorization"), string),
    **dict.fromkeys(_LOCATION.values(), string),
    **dict.fromkeys(("allowed_domains", "excluded_domains", "collection_ids"), strings),
    **dict.fromkeys(("allowed_x_handles", "excluded_x_handles", "allowed_tool_names"), strings),
    **dict.fromkeys(("strict", "enable_image_understanding"), boolean),
    **dict.fromkeys(("enable_image_search", "enable_video_understanding"), boolean),
    **dict.fromkeys(("from_date", "to_date"), timestamp),
    "limit": integer,
    "parameters": dump_schema,
    "extra_headers": _headers,
    "retrieval_mode": _retrieval_mode,
}
_PROTOS: Final[dict[str, Any]] = {
    "function": chat_pb2.Function,
    "web_search": chat_pb2.WebSearch,
    "x_search": chat_pb2.XSearch,
    "code_execution": chat_pb2.CodeExecution,
    "image_generation": chat_pb2.ImageGeneration,
    "collections_search": chat_pb2.CollectionsSearch,
    "attachment_search": chat_pb2.AttachmentSearch,
    "mcp": chat_pb2.MCP,
}


def from_tool(tool: chat_pb2.Tool, api: Literal["chat", "responses"], path: str) -> dict[str, Any]:
    """Write a tool.

    Raises:
        TranslationError: JSON cannot express the tool or one of its settings.
    """
    kind = tool.WhichOneof("tool")
    if kind is None:
        raise unsupported(path, "the tool is empty, or newer than this package")
    if kind == "function":
        function = _from_function(tool.function, path)
        if api == "chat":
            return {"type": "function", "function": function}
        return {"type": "function", **function}
    options: dict[str, Any] = {"type": kind}
    if kind in _REQUIRED:
        # Written even if empty: a tool without its required key is invalid.
        options[_REQUIRED[kind]] = _json_value(getattr(getattr(tool, kind), _REQUIRED[kind]))
    for field, value in getattr(tool, kind).ListFields():
        if field.name.endswith("_retrieval"):
            if value.ByteSize():
                raise unsupported(f"{path}.{field.name}", "JSON cannot express its settings")
            options["retrieval_mode"] = field.name.removesuffix("_retrieval")
        elif field.name == "user_location":
            location = {part.name: text for part, text in value.ListFields()}
            options["user_location"] = {"type": "approximate", **location}
        else:
            options[field.name] = _json_value(value)
    return _use_responses_names(options) if api == "responses" else options


def _use_responses_names(options: dict[str, Any]) -> dict[str, Any]:
    renamed = {_RESPONSES_KEYS.get(key, key): value for key, value in options.items()}
    renamed["type"] = _RESPONSES_TYPES.get(options["type"], options["type"])
    if renamed["type"] == "file_search" and "limit" in renamed:
        renamed["max_num_results"] = renamed.pop("limit")
    domains = {key: renamed.pop(key) for key in _DOMAINS if key in renamed}
    if domains:
        renamed["filters"] = domains
    return renamed


def _json_value(value: Any) -> Any:
    if isinstance(value, (str, bool, int)):
        return value
    if hasattr(value, "ToJsonString"):
        return date_or_timestamp(value)
    return dict(value) if hasattr(value, "items") else list(value)


def date_or_timestamp(stamp: Any) -> str:
    """Write a timestamp; midnight UTC becomes a date."""
    text: str = stamp.ToJsonString()
    return text.removesuffix("T00:00:00Z")


def _from_function(function: chat_pb2.Function, path: str) -> dict[str, Any]:
    options: dict[str, Any] = {"name": function.name}
    if function.description:
        options["description"] = function.description
    if function.parameters:
        options["parameters"] = parse_schema(f"{path}.function.parameters", function.parameters)
    if function.strict:
        options["strict"] = True
    return options
