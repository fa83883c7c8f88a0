"""``search_parameters``: xAI's older search, written the same way in both formats."""

from __future__ import annotations

from typing import Any, Final

from xai_vision.openai_compat._fields import read_field, write_field
from xai_vision.openai_compat._values import (
    enum,
    enum_name,
    mapping,
    read_object,
    sequence,
    unsupported,
)
from xai_vision.proto import chat_pb2

_MODES: Final = {
    "off": chat_pb2.OFF_SEARCH_MODE,
    "on": chat_pb2.ON_SEARCH_MODE,
    "auto": chat_pb2.AUTO_SEARCH_MODE,
}
_SOURCES: Final[dict[str, Any]] = {
    "web": chat_pb2.WebSource,
    "news": chat_pb2.NewsSource,
    "x": chat_pb2.XSource,
    "rss": chat_pb2.RssSource,
}


def read_search(path: str, value: Any) -> chat_pb2.SearchParameters:
    """Read ``search_parameters``.

    Raises:
        TranslationError: A key is not supported, or its value is invalid.
    """
    cls = chat_pb2.SearchParameters
    fields = read_object(path, value, cls.DESCRIPTOR.fields_by_name)
    for key, option in fields.items():
        key_path = f"{path}.{key}"
        if key == "mode":
            fields[key] = enum(key_path, option, _MODES)
        elif key == "sources":
            sources = sequence(key_path, option)
            fields[key] = [_source(f"{key_path}[{n}]", source) for n, source in enumerate(sources)]
        else:
            fields[key] = read_field(cls, key, key_path, option)
    return cls(**fields)


def _source(path: str, value: Any) -> chat_pb2.Source:
    kind = enum(f"{path}.type", mapping(path, value).get("type"), {n: n for n in _SOURCES})
    cls = _SOURCES[kind]
    fields = read_object(path, value, ("type", *cls.DESCRIPTOR.fields_by_name))
    del fields["type"]
    for key, option in fields.items():
        fields[key] = read_field(cls, key, f"{path}.{key}", option)
    return chat_pb2.Source(**{kind: cls(**fields)})


def from_search(search: chat_pb2.SearchParameters) -> dict[str, Any]:
    """Write ``search_parameters``.

    Raises:
        TranslationError: A source or mode is newer than this package.
    """
    options = {field.name: write_field(value) for field, value in search.ListFields()}
    if search.mode:
        options["mode"] = enum_name("search_parameters.mode", search.mode, _MODES)
    if search.sources:
        options["sources"] = [_from_source(source) for source in search.sources]
    return options


def _from_source(source: chat_pb2.Source) -> dict[str, Any]:
    kind = source.WhichOneof("source")
    if kind is None:
        raise unsupported(
            "search_parameters.sources", "a source is empty, or newer than this package"
        )
    fields = getattr(source, kind).ListFields()
    return {"type": kind, **{field.name: write_field(value) for field, value in fields}}
