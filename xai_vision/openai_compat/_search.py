"""``search_parameters``: xAI's older search, written the same way in both formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from xai_vision.openai_compat._tools import date_or_timestamp
from xai_vision.openai_compat._values import (
    boolean,
    check_keys,
    drop_none,
    enum,
    enum_name,
    integer,
    mapping,
    sequence,
    string,
    strings,
    timestamp,
    unsupported,
)
from xai_vision.proto import chat_pb2

_MODES: Final = {
    "off": chat_pb2.OFF_SEARCH_MODE,
    "on": chat_pb2.ON_SEARCH_MODE,
    "auto": chat_pb2.AUTO_SEARCH_MODE,
}
_Reader = Callable[[str, Any], Any]
_KEYS: Final[dict[str, _Reader]] = {
    "mode": lambda path, value: enum(path, value, _MODES),
    "from_date": timestamp,
    "to_date": timestamp,
    "return_citations": boolean,
    "max_search_results": integer,
}
_SITES: Final[dict[str, _Reader]] = {
    "excluded_websites": strings,
    "country": string,
    "safe_search": boolean,
}
_SOURCES: Final[dict[str, tuple[Any, dict[str, _Reader]]]] = {
    "web": (chat_pb2.WebSource, {**_SITES, "allowed_websites": strings}),
    "news": (chat_pb2.NewsSource, _SITES),
    "x": (
        chat_pb2.XSource,
        {
            "included_x_handles": strings,
            "excluded_x_handles": strings,
            "post_favorite_count": integer,
            "post_view_count": integer,
        },
    ),
    "rss": (chat_pb2.RssSource, {"links": strings}),
}


def read_search(path: str, value: Any) -> chat_pb2.SearchParameters:
    """Read ``search_parameters``.

    Raises:
        TranslationError: A key is not supported, or its value is invalid.
    """
    options = drop_none(mapping(path, value))
    check_keys(options, (*_KEYS, "sources"), path)
    sources = sequence(f"{path}.sources", options.pop("sources", ()))
    fields = {key: _KEYS[key](f"{path}.{key}", option) for key, option in options.items()}
    search = chat_pb2.SearchParameters(**fields)
    for index, source in enumerate(sources):
        search.sources.append(_source(f"{path}.sources[{index}]", source))
    return search


def _source(path: str, value: Any) -> chat_pb2.Source:
    options = drop_none(mapping(path, value))
    kind = enum(f"{path}.type", options.pop("type", None), {name: name for name in _SOURCES})
    cls, readers = _SOURCES[kind]
    check_keys(options, readers, path)
    source = cls(**{key: readers[key](f"{path}.{key}", option) for key, option in options.items()})
    return chat_pb2.Source(**{kind: source})


def from_search(search: chat_pb2.SearchParameters) -> dict[str, Any]:
    """Write ``search_parameters``.

    Raises:
        TranslationError: A source or mode is newer than this package.
    """
    options: dict[str, Any] = {}
    for field, value in search.ListFields():
        if field.name == "mode":
            options["mode"] = enum_name("search_parameters.mode", value, _MODES)
        elif field.name == "sources":
            options["sources"] = [_from_source(source) for source in value]
        else:
            options[field.name] = date_or_timestamp(value) if field.name in _DATES else value
    return options


_DATES: Final = ("from_date", "to_date")


def _from_source(source: chat_pb2.Source) -> dict[str, Any]:
    kind = source.WhichOneof("source")
    if kind is None:
        raise unsupported(
            "search_parameters.sources", "a source is empty, or newer than this package"
        )
    options = {
        field.name: value if isinstance(value, (str, bool, int)) else list(value)
        for field, value in getattr(source, kind).ListFields()
    }
    return {"type": kind, **options}
