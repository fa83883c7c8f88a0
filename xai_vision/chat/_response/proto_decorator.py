"""The base class of xai_sdk's wrappers, for programs that check or extend it."""

from __future__ import annotations

from abc import ABC
from collections.abc import MutableMapping, MutableSequence
from typing import Any, Final, Generic, TypeVar

from google.protobuf.message import Message

from xai_vision.chat._response.chunk import Chunk, CompletionOutputChunk
from xai_vision.chat._response.response import Response

ProtoT = TypeVar("ProtoT", bound=Message)

_MAX_STRING: Final = 1000
"""The longest string that a repr shows. Images as base64 have megabytes."""
_SHOWN: Final = 100


class ProtoDecorator(ABC, Generic[ProtoT]):
    """A wrapper of a protobuf message. ``Response`` and ``Chunk`` count as subclasses."""

    def __init__(self, proto: ProtoT) -> None:
        """Wrap a message."""
        self._proto = proto

    @property
    def proto(self) -> ProtoT:
        """The message."""
        return self._proto

    def __repr__(self) -> str:
        if self._proto.ByteSize() <= _MAX_STRING:
            return str(self._proto)
        short = type(self._proto)()
        short.CopyFrom(self._proto)
        _shorten_strings(short)
        return str(short)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return vars(self) == vars(other)

    __hash__ = object.__hash__


def _shorten_strings(message: Message) -> None:
    for field, value in message.ListFields():
        if isinstance(value, (str, bytes)):
            setattr(message, field.name, _shortened(value))
        elif isinstance(value, Message):
            _shorten_strings(value)
        elif isinstance(value, (MutableMapping, MutableSequence)):
            _shorten_items(value)


def _shorten_items(items: Any) -> None:
    pairs = items.items() if isinstance(items, MutableMapping) else enumerate(items)
    for key, value in list(pairs):
        if isinstance(value, Message):
            _shorten_strings(value)
        elif isinstance(value, (str, bytes)) and len(value) > _MAX_STRING:
            items[key] = _shortened(value)


def _shortened(value: str | bytes) -> str | bytes:
    if len(value) <= _MAX_STRING:
        return value
    rest = f"... ({len(value)} in all)"
    return value[:_SHOWN] + rest if isinstance(value, str) else value[:_SHOWN] + rest.encode()


for _wrapper in (Response, Chunk, CompletionOutputChunk):
    ProtoDecorator.register(_wrapper)
