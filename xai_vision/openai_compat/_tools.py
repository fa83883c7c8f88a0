"""Tools: what a dict of ``tools=[...]`` may hold, and the tool it stands for.

Both forms are read the same way: options under the type's name (``{"type": "function",
"function": {...}}``, as Chat Completions and xAI's documents have it) or beside the type (as the
Responses API has it). An option that is None counts as left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias

from xai_vision import _validation as checks
from xai_vision.openai_compat._values import (
    TranslationError,
    flag,
    meant,
    moment,
    schema_of,
    schema_text,
    spot,
    text,
    texts,
    unsupported,
    whole,
    wrong,
)
from xai_vision.proto import chat_pb2

__all__ = ["FORMS", "from_tool", "read_tool", "tool_options"]

_Keys: TypeAlias = "Mapping[str, str | Mapping[str, Any] | None]"
"""Which option each key is, or which each key of the dict under it is; None for no matter."""


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_LOCATION = {key: f"user_location_{key}" for key in ("country", "city", "region", "timezone")}
_DOMAINS = _same("allowed_domains", "excluded_domains")

FORMS: Final[dict[str, _Keys]] = {
    "function": _same("name", "description", "parameters", "strict"),
    "web_search": {
        **_same("excluded_domains", "allowed_domains"),
        **_same("enable_image_understanding", "enable_image_search"),
        **_same(*_LOCATION.values()),
        "filters": _DOMAINS,
        # The type is always "approximate", and no field of the message.
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
# What the Responses API calls them.
_SYNONYMS: Final = {"code_interpreter": "code_execution", "file_search": "collections_search"}
_TYPES: Final = {name: synonym for synonym, name in _SYNONYMS.items()}
_RENAMED: Final = {
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
    """Take a tool's dict apart.

    Returns:
        Its type, a key of ``FORMS``, and its options under their names there. Their values are
        as they were given.

    Raises:
        TranslationError: A type or key that there is not, or one that is missing.
    """
    options_given = dict(value)
    kind = options_given.pop("type", None)
    if not isinstance(kind, str):
        raise TranslationError(
            "a tool's dict has a 'type', such as 'web_search' or 'function'", key="type"
        )
    name = _SYNONYMS.get(kind, kind)
    keys = FORMS.get(name)
    if keys is None:
        raise TranslationError(
            f"no tool has the type {checks.shown(kind)}{_known(kind, FORMS)}",
            key="type",
            unsupported=True,
        )
    nested = options_given.pop(kind, None)
    if not (nested is None or isinstance(nested, Mapping)):
        raise TranslationError(
            f"{kind}: {kind!r} must hold a dict, not {checks.shown(nested)}", key=kind
        )
    options: dict[str, Any] = {}
    for part in (nested or {}, options_given):
        _collect(kind, part, keys, options)
    needed = _REQUIRED.get(name)
    if needed and needed not in options:
        raise TranslationError(f"{kind} needs {needed!r}", key=needed)
    return name, options


def _collect(kind: str, part: Mapping[str, Any], keys: _Keys, options: dict[str, Any]) -> None:
    for key, value in part.items():
        if key not in keys:
            raise TranslationError(
                f"{kind} has no key {checks.shown(key)}{_known(key, keys)}",
                key=spot(key),
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
                f"{kind}: {key!r} must hold a dict, not {checks.shown(value)}", key=key
            )


def _known(word: object, known: Iterable[str]) -> str:
    return meant(word, known) or f"; there are {', '.join(map(repr, known)) or 'none'}"


def read_tool(value: Any, where: str) -> chat_pb2.Tool:
    """Read a tool. Limits and contradictions are the service's to find.

    Raises:
        TranslationError: It is none, or an option is unknown or of a wrong type.
    """
    if not isinstance(value, Mapping):
        raise wrong(where, "an object", value)
    try:
        kind, options = tool_options(value)
    except TranslationError as error:
        raise TranslationError(
            f"{where}: {error}", key=f"{where}.{error.key}", unsupported=error.unsupported
        ) from None
    fields = {name: _VALUES[name](f"{where}: {name}", one) for name, one in options.items()}
    if kind == "web_search":
        fields = _located(fields)
    elif kind == "collections_search" and "retrieval_mode" in fields:
        getattr(tool_of := chat_pb2.CollectionsSearch(), fields.pop("retrieval_mode")).SetInParent()
        tool_of.MergeFrom(chat_pb2.CollectionsSearch(**fields))
        return chat_pb2.Tool(collections_search=tool_of)
    made = _CLASSES[kind](**fields)
    return chat_pb2.Tool(**{kind: made})


def _located(fields: dict[str, Any]) -> dict[str, Any]:
    place = {key: fields.pop(name) for key, name in _LOCATION.items() if name in fields}
    if place:
        fields["user_location"] = chat_pb2.WebSearchUserLocation(**place)
    return fields


def _headers(key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise wrong(key, "an object", value)
    return {
        text(key, name): text(f"{key}[{checks.shown(name)}]", one) for name, one in value.items()
    }


def _retrieval(key: str, value: Any) -> str:
    words = ("hybrid", "semantic", "keyword")
    if not isinstance(value, str) or value not in words:
        raise wrong(key, f"one of {', '.join(map(repr, words))}", value)
    return f"{value}_retrieval"


_VALUES: Final[dict[str, Callable[[str, Any], Any]]] = {
    **dict.fromkeys(("name", "description", "action", "instructions"), text),
    **dict.fromkeys(("server_url", "server_label", "server_description", "authorization"), text),
    **dict.fromkeys(_LOCATION.values(), text),
    **dict.fromkeys(("allowed_domains", "excluded_domains", "collection_ids"), texts),
    **dict.fromkeys(("allowed_x_handles", "excluded_x_handles", "allowed_tool_names"), texts),
    **dict.fromkeys(("strict", "enable_image_understanding"), flag),
    **dict.fromkeys(("enable_image_search", "enable_video_understanding"), flag),
    **dict.fromkeys(("from_date", "to_date"), moment),
    "limit": whole,
    "parameters": schema_text,
    "extra_headers": _headers,
    "retrieval_mode": _retrieval,
}
_CLASSES: Final[dict[str, Any]] = {
    "function": chat_pb2.Function,
    "web_search": chat_pb2.WebSearch,
    "x_search": chat_pb2.XSearch,
    "code_execution": chat_pb2.CodeExecution,
    "image_generation": chat_pb2.ImageGeneration,
    "collections_search": chat_pb2.CollectionsSearch,
    "attachment_search": chat_pb2.AttachmentSearch,
    "mcp": chat_pb2.MCP,
}


def from_tool(tool: chat_pb2.Tool, api: Literal["chat", "responses"], where: str) -> dict[str, Any]:
    """Write a tool.

    Raises:
        TranslationError: It is of a kind, or has settings, that JSON has no words for.
    """
    kind = tool.WhichOneof("tool")
    if kind is None:
        raise unsupported(where, "the tool is empty, or newer than this package")
    if kind == "function":
        written = _function(tool.function, where)
        if api == "chat":
            return {"type": "function", "function": written}
        return {"type": "function", **written}
    written = {"type": kind}
    if kind in _REQUIRED:
        # There even if it is empty, or it would be no tool.
        written[_REQUIRED[kind]] = _plain(getattr(getattr(tool, kind), _REQUIRED[kind]))
    for field, value in getattr(tool, kind).ListFields():
        if field.name.endswith("_retrieval"):
            if value.ByteSize():
                raise unsupported(f"{where}.{field.name}", "its settings have no form in JSON")
            written["retrieval_mode"] = field.name.removesuffix("_retrieval")
        elif field.name == "user_location":
            place = {part.name: one for part, one in value.ListFields()}
            written["user_location"] = {"type": "approximate", **place}
        else:
            written[field.name] = _plain(value)
    return _renamed(written) if api == "responses" else written


def _renamed(written: dict[str, Any]) -> dict[str, Any]:
    """The words that the Responses API has of its own."""
    renamed = {_RENAMED.get(key, key): value for key, value in written.items()}
    renamed["type"] = _TYPES.get(written["type"], written["type"])
    if renamed["type"] == "file_search" and "limit" in renamed:
        renamed["max_num_results"] = renamed.pop("limit")
    domains = {key: renamed.pop(key) for key in _DOMAINS if key in renamed}
    if domains:
        renamed["filters"] = domains
    return renamed


def _plain(value: Any) -> Any:
    if isinstance(value, (str, bool, int)):
        return value
    if hasattr(value, "ToJsonString"):
        return day_or_moment(value)
    return dict(value) if hasattr(value, "items") else list(value)


def day_or_moment(stamp: Any) -> str:
    """Write a moment: as a day where it is the midnight that one begins with."""
    written: str = stamp.ToJsonString()
    return written.removesuffix("T00:00:00Z")


def _function(function: chat_pb2.Function, where: str) -> dict[str, Any]:
    written: dict[str, Any] = {"name": function.name}
    if function.description:
        written["description"] = function.description
    if function.parameters:
        written["parameters"] = schema_of(f"{where}.function.parameters", function.parameters)
    if function.strict:
        written["strict"] = True
    return written
