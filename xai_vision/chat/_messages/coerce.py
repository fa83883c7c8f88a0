"""Conversion of message-like values to messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from xai_vision.chat._messages.content import is_proto
from xai_vision.chat._messages.message import Message
from xai_vision.chat._messages.openai_messages import from_openai_message
from xai_vision.chat._messages.response_messages import compacted_by, messages_from_response
from xai_vision.chat._response.response import Response
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from xai_vision.chat._compaction import CompactContextResponse


class DumpedMessage(Protocol):
    """A message of the openai package: ``response.choices[0].message``."""

    @property
    def role(self) -> str:
        """The role of the author."""
        ...

    def model_dump(self) -> dict[str, Any]:
        """Return the message as a dict."""
        ...


OpenAIMessage: TypeAlias = Mapping[str, Any] | DumpedMessage
"""A message in OpenAI's format: a dict, or an object of the openai package."""

# A string of one literal: pyright does not read adjacent literals as a type.
MessageLike: TypeAlias = (
    "Message | Response | CompactContextResponse | chat_pb2.Message | OpenAIMessage"
)
"""The values that append() accepts."""


def coerce_messages(value: object) -> list[Message]:
    """Convert a value to messages: one, or several for a response with tool turns.

    Raises:
        InvalidRequestError: The value is not message-like.
    """
    if isinstance(value, Message):
        return [value]
    if isinstance(value, Mapping) or _is_openai(value):
        return [from_openai_message(value)]
    if is_proto(value, "xai_api.Message"):
        return [Message(adopt(value, chat_pb2.Message))]
    protos = messages_from_response(value)
    if protos is not None:
        return [Message(proto) for proto in protos]
    raise InvalidRequestError(
        f"a conversation accepts messages and responses, not {type(value).__name__}; "
        "wrap text and images in user(...)"
    )


def coerce_message(value: object) -> Message:
    """Convert a value to one message.

    Raises:
        InvalidRequestError: The value is not message-like, or has several messages.
    """
    messages = coerce_messages(value)
    if len(messages) != 1:
        raise InvalidRequestError("a response with tool turns has several messages; use append()")
    return messages[0]


def is_message(value: object) -> bool:
    """Return whether a value is a message rather than a part of one."""
    known = isinstance(value, (Message, Mapping)) or is_proto(value, "xai_api.Message")
    return known or _is_openai(value)


def _is_openai(value: object) -> bool:
    """Return whether a value is a ``DumpedMessage``."""
    return hasattr(value, "model_dump") and hasattr(value, "role")


def is_compaction(value: object) -> bool:
    """Return whether a value replaces all earlier messages."""
    if isinstance(value, (Message, Mapping, Response)):
        return False  # their protos would have to be built
    return compacted_by(value) is not None
