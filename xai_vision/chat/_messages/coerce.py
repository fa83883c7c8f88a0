"""Everything that can stand for a message, as messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from xai_vision.chat._messages.content import is_proto
from xai_vision.chat._messages.message import Message
from xai_vision.chat._messages.openai_messages import from_openai_message
from xai_vision.chat._messages.response_messages import compacted_by, replay
from xai_vision.chat._response.response import Response
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from xai_vision.chat._compaction import CompactContextResponse


class DumpedMessage(Protocol):
    """A message as the openai package gives it: ``response.choices[0].message``."""

    @property
    def role(self) -> str:
        """Whose turn it is."""

    def model_dump(self) -> dict[str, Any]:
        """The message as a dict."""


MessageLike: TypeAlias = (
    "Message | Response | CompactContextResponse | chat_pb2.Message | Mapping[str, Any]"
    " | DumpedMessage"
)
"""What append() takes."""


def coerce_messages(value: object) -> list[Message]:
    """The messages a value stands for: one, or the turns of an answer.

    Raises:
        InvalidRequestError: It stands for none.
    """
    if isinstance(value, Message):
        return [value]
    if isinstance(value, Mapping) or _is_openai(value):
        return [from_openai_message(value)]
    if is_proto(value, "xai_api.Message"):
        return [Message(adopt(value, chat_pb2.Message))]
    replayed = replay(value)
    if replayed is not None:
        return [Message(proto) for proto in replayed]
    raise InvalidRequestError(
        f"a conversation takes messages and answers, not {type(value).__name__}; "
        "wrap text and images in user(...)"
    )


def coerce_message(value: object) -> Message:
    """The message a value stands for.

    Raises:
        InvalidRequestError: It stands for none, or for several.
    """
    messages = coerce_messages(value)
    if len(messages) != 1:
        raise InvalidRequestError("an answer with tool turns is several messages: append() it")
    return messages[0]


def is_message(value: object) -> bool:
    """Whether it is one message, in whatever form, rather than something to put into one."""
    known = isinstance(value, (Message, Mapping)) or is_proto(value, "xai_api.Message")
    return known or _is_openai(value)


def _is_openai(value: object) -> bool:
    """Whether it is a ``DumpedMessage``."""
    return hasattr(value, "model_dump") and hasattr(value, "role")


def is_compaction(value: object) -> bool:
    """Whether it stands for all that was said before it."""
    if isinstance(value, (Message, Mapping, Response)):
        return False  # not asked for their protos, which would have to be built
    return compacted_by(value) is not None
