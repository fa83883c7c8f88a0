"""``search_parameters``: the older kind of search, in xAI's own words in both forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from xai_vision.openai_compat._tools import day_or_moment
from xai_vision.openai_compat._values import (
    check_keys,
    flag,
    given,
    listed,
    mapping,
    moment,
    text,
    texts,
    unsupported,
    whole,
    word,
)
from xai_vision.proto import chat_pb2

__all__ = ["from_search", "read_search"]

_MODES: Final = {
    "off": chat_pb2.OFF_SEARCH_MODE,
    "on": chat_pb2.ON_SEARCH_MODE,
    "auto": chat_pb2.AUTO_SEARCH_MODE,
}
_Read = Callable[[str, Any], Any]
_KEYS: Final[dict[str, _Read]] = {
    "mode": lambda key, value: word(key, value, _MODES),
    "from_date": moment,
    "to_date": moment,
    "return_citations": flag,
    "max_search_results": whole,
}
_SITES: Final[dict[str, _Read]] = {
    "excluded_websites": texts,
    "country": text,
    "safe_search": flag,
}
_SOURCES: Final[dict[str, tuple[Any, dict[str, _Read]]]] = {
    "web": (chat_pb2.WebSource, {**_SITES, "allowed_websites": texts}),
    "news": (chat_pb2.NewsSource, _SITES),
    "x": (
        chat_pb2.XSource,
        {
            "included_x_handles": texts,
            "excluded_x_handles": texts,
            "post_favorite_count": whole,
            "post_view_count": whole,
        },
    ),
    "rss": (chat_pb2.RssSource, {"links": texts}),
}


def read_search(where: str, value: Any) -> chat_pb2.SearchParameters:
    """Read ``search_parameters``.

    Raises:
        TranslationError: A key or value that has no place there.
    """
    options = given(mapping(where, value))
    check_keys(options, (*_KEYS, "sources"), where)
    sources = listed(f"{where}.sources", options.pop("sources", ()))
    fields = {key: _KEYS[key](f"{where}.{key}", one) for key, one in options.items()}
    search = chat_pb2.SearchParameters(**fields)
    for place, source in enumerate(sources):
        search.sources.append(_source(f"{where}.sources[{place}]", source))
    return search


def _source(where: str, value: Any) -> chat_pb2.Source:
    options = given(mapping(where, value))
    kind = word(f"{where}.type", options.pop("type", None), {one: one for one in _SOURCES})
    cls, keys = _SOURCES[kind]
    check_keys(options, keys, where)
    made = cls(**{key: keys[key](f"{where}.{key}", one) for key, one in options.items()})
    return chat_pb2.Source(**{kind: made})


def from_search(search: chat_pb2.SearchParameters) -> dict[str, Any]:
    """Write ``search_parameters``.

    Raises:
        TranslationError: A source or mode that is newer than this package.
    """
    written: dict[str, Any] = {}
    for field, value in search.ListFields():
        if field.name == "mode":
            written["mode"] = _mode(value)
        elif field.name == "sources":
            written["sources"] = [_from_source(source) for source in value]
        else:
            written[field.name] = day_or_moment(value) if field.name in _DATES else value
    return written


def _mode(number: int) -> str:
    for key, known in _MODES.items():
        if known == number:
            return key
    raise unsupported("search_parameters.mode", f"there is no word for {number}")


_DATES: Final = ("from_date", "to_date")


def _from_source(source: chat_pb2.Source) -> dict[str, Any]:
    kind = source.WhichOneof("source")
    if kind is None:
        raise unsupported("search_parameters.sources", "a source of no known kind")
    fields: Mapping[str, Any] = {f.name: value for f, value in getattr(source, kind).ListFields()}
    plain = {
        key: value if isinstance(value, (str, bool, int)) else list(value)
        for key, value in fields.items()
    }
    return {"type": kind, **plain}
