"""Tools: the options of a tool's dict, and the proto it stands for.

Both formats are read the same way. The options stand under the type's name (``{"type":
"function", "function": {...}}``, as in Chat Completions and xAI's documentation) or beside the
type (as in the Responses API). An option that is None counts as left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from xai_vision._validation import did_you_mean, key_label, short_repr
from xai_vision.openai_compat._fields import dump_schema, parse_schema, read_field, write_field
from xai_vision.openai_compat._values import (
    Api,
    TranslationError,
    enum,
    invalid_value,
    mapping,
    string,
    unknown_keys_ignored,
    unsupported,
)
from xai_vision.proto import chat_pb2

_Keys: TypeAlias = "Mapping[str, str | Mapping[str, Any] | None]"
"""The option of each key, or the options of the keys of a nested dict; None: the key is ignored."""


def same_names(*names: str) -> dict[str, str]:
    """Map each name to itself."""
    return {name: name for name in names}


_LOCATION = {key: f"user_location_{key}" for key in ("country", "city", "region", "timezone")}
_DOMAINS = same_names("allowed_domains", "excluded_domains")

TOOL_OPTIONS: Final[dict[str, _Keys]] = {
    "function": same_names("name", "description", "parameters", "strict"),
    "web_search": {
        **same_names("excluded_domains", "allowed_domains"),
        **same_names("enable_image_understanding", "enable_image_search"),
        **same_names(*_LOCATION.values()),
        "filters": _DOMAINS,
        # The location's type is always "approximate"; the proto has no field for it.
        "user_location": _LOCATION | {"type": None},
    },
    "x_search": same_names(
        "from_date",
        "to_date",
        "allowed_x_handles",
        "excluded_x_handles",
        "enable_image_understanding",
        "enable_video_understanding",
    ),
    "code_execution": {},
    "image_generation": same_names("action"),
    "collections_search": {
        **same_names("collection_ids", "limit", "instructions", "retrieval_mode"),
        "vector_store_ids": "collection_ids",
        "max_num_results": "limit",
    },
    "attachment_search": same_names("limit"),
    "mcp": {
        **same_names("server_url", "server_label", "server_description"),
        **same_names("allowed_tool_names", "authorization", "extra_headers"),
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
            f"{kind}: {kind!r} must be a dict, not {short_repr(nested)}", key=kind
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
            if unknown_keys_ignored():
                continue
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
                raise TranslationError(f"{kind}: {key!r} is set twice", key=key)
            options[option] = value
        elif isinstance(value, Mapping):
            _collect(f"{kind}: {key}", value, option, options)
        else:
            raise TranslationError(
                f"{kind}: {key!r} must be a dict, not {short_repr(value)}", key=key
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
    cls: Any = type(getattr(chat_pb2.Tool(), kind))
    fields: dict[str, Any] = {}
    for name, option in options.items():
        option_path = f"{path}: {name}"
        read = _READERS.get(name)
        fields[name] = (
            read(option_path, option) if read else read_field(cls, name, option_path, option)
        )
    if kind == "web_search":
        _nest_location(fields)
    retrieval = fields.pop("retrieval_mode", None)
    tool = cls(**fields)
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


# Options that are not read as the type of their field suggests, or have no field of their name.
_READERS: Final[dict[str, Callable[[str, Any], Any]]] = {
    **dict.fromkeys(_LOCATION.values(), string),
    "parameters": dump_schema,
    "extra_headers": _headers,
    "retrieval_mode": _retrieval_mode,
}


def from_tool(tool: chat_pb2.Tool, api: Api, path: str) -> dict[str, Any]:
    """Write a tool.

    Raises:
        TranslationError: JSON cannot express the tool or one of its settings.
    """
    kind = tool.WhichOneof("tool")
    if kind is None:
        raise unsupported(path, "the tool is empty, or newer than this package")
    proto = getattr(tool, kind)
    options: dict[str, Any] = {}
    if kind in _REQUIRED:
        # Written even if empty: a tool without its required key is invalid.
        options[_REQUIRED[kind]] = write_field(getattr(proto, _REQUIRED[kind]))
    for field, value in proto.ListFields():
        if field.name.endswith("_retrieval"):
            if value.ByteSize():
                raise unsupported(f"{path}.{field.name}", "JSON cannot express its settings")
            options["retrieval_mode"] = field.name.removesuffix("_retrieval")
        elif field.name == "user_location":
            location = {part.name: text for part, text in value.ListFields()}
            options["user_location"] = {"type": "approximate", **location}
        elif field.name == "parameters":
            options["parameters"] = parse_schema(f"{path}.function.parameters", value)
        else:
            options[field.name] = write_field(value)
    if api == "responses":
        return _use_responses_names(kind, options)
    return {"type": kind, **({kind: options} if kind == "function" else options)}


def _use_responses_names(kind: str, options: dict[str, Any]) -> dict[str, Any]:
    renamed = {_RESPONSES_KEYS.get(key, key): value for key, value in options.items()}
    if kind == "collections_search" and "limit" in renamed:
        renamed["max_num_results"] = renamed.pop("limit")
    domains = {key: renamed.pop(key) for key in _DOMAINS if key in renamed}
    if domains:
        renamed["filters"] = domains
    return {"type": _RESPONSES_TYPES.get(kind, kind), **renamed}
