"""The base class of xai_sdk's wrappers, for programs that check or extend it."""

from __future__ import annotations

from abc import ABC
from typing import Generic, TypeVar

from google.protobuf.message import Message

from xai_vision.chat._response.chunk import Chunk, CompletionOutputChunk
from xai_vision.chat._response.response import Response

ProtoT = TypeVar("ProtoT", bound=Message)


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
        return str(self._proto)


for _wrapper in (Response, Chunk, CompletionOutputChunk):
    ProtoDecorator.register(_wrapper)
