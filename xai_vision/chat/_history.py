"""A conversation's messages, as a list."""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence
from typing import TYPE_CHECKING, Any, overload

from xai_vision.chat._messages.coerce import as_message
from xai_vision.chat._messages.message import Message

if TYPE_CHECKING:
    from xai_vision.chat._conversation import Conversation


class Messages(MutableSequence[Message]):
    """The messages of a conversation, to read and to change.

    They live in one of two places: our own list, or the conversation's proto once somebody has
    taken that (``chat.proto``), for whoever holds it may change it.
    """

    __slots__ = ("_chat",)

    def __init__(self, chat: Conversation) -> None:
        self._chat = chat

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> MutableSequence[Message]: ...
    def __getitem__(self, index: int | slice) -> Message | MutableSequence[Message]:
        proto = self._chat._proto
        if proto is None:
            return self._chat._messages[index]
        if isinstance(index, slice):
            return [Message(message) for message in proto.messages[index]]
        return Message(proto.messages[index])

    @overload
    def __setitem__(self, index: int, value: Message) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[Message]) -> None: ...
    def __setitem__(self, index: int | slice, value: Any) -> None:
        held = list(self)
        held[index] = value
        self._replace(held)

    def __delitem__(self, index: int | slice) -> None:
        proto = self._chat._proto
        if proto is None:
            del self._chat._messages[index]
        else:
            del proto.messages[index]

    def __len__(self) -> int:
        proto = self._chat._proto
        return len(self._chat._messages if proto is None else proto.messages)

    def insert(self, index: int, value: Message) -> None:
        """Put a message before the one at ``index``."""
        if index >= len(self):
            self._chat.append(value)
            return
        held = list(self)
        held.insert(index, value)
        self._replace(held)

    def _replace(self, messages: list[Message]) -> None:
        checked = [as_message(message) for message in messages]
        proto = self._chat._proto
        if proto is None:
            self._chat._messages[:] = checked
        else:
            protos = [message.proto for message in checked]
            del proto.messages[:]
            proto.messages.extend(protos)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (str, bytes)) or not hasattr(other, "__iter__"):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # like every list

    def __repr__(self) -> str:
        return repr(list(self))
