"""A conversation: its settings, its messages, and the request they make."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision.chat.body import LastBody, request_body
from xai_vision.chat.content import is_proto
from xai_vision.chat.dicts import message_from
from xai_vision.chat.history import Messages
from xai_vision.chat.message import Message, user
from xai_vision.chat.replay import replay
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2
from xai_vision.proto.convert import adopt

if TYPE_CHECKING:
    from typing_extensions import Self

    from xai_vision.chat.compaction import CompactContextResponse
    from xai_vision.chat.response import Response
    from xai_vision.images import TokenEstimate

# Field number of xai_api.GetCompletionsRequest.
_MESSAGES = 1

Settings = chat_pb2.GetCompletionsRequest
Said: TypeAlias = (
    "Message | Response | CompactContextResponse | chat_pb2.Message | Mapping[str, Any]"
)
"""What append() takes."""


class Conversation:
    """What a chat holds, without the means to send it."""

    def __init__(self, settings: Settings, messages: Iterable[Said] = ()) -> None:
        self._settings = settings
        self._messages: list[Message] = [as_message(message) for message in messages]
        self._proto: Settings | None = None
        self._last_body = LastBody()

    @property
    def messages(self) -> Messages:
        """The messages so far, to read and to change, like a list."""
        return Messages(self)

    @property
    def proto(self) -> Settings:
        """The whole request as protobuf, built on first use. Changes to it are kept.

        From then on pictures are held in it, which costs memory and time; programs that do not
        need it are better off without.
        """
        if self._proto is None:
            proto = Settings()
            proto.CopyFrom(self._settings)
            proto.messages.extend(message.proto for message in self._messages)
            self._proto = proto
            self._messages = []
            self._last_body.forget()
        return self._proto

    def append(self, message: Said) -> Self:
        """Add a message, or an answer, at the end; returns the chat, for chaining.

        Args:
            message: From ``user(...)`` and its kin; a Response (one message, or several when
                the service ran tools); a CompactContextResponse; a ``chat_pb2.Message``, also
                one built by xai_sdk; a dict in OpenAI's form, ``{"role": "user", "content": ...}``.

        Raises:
            InvalidRequestError: It is none of these. The conversation is as it was.
        """
        added = as_messages(message)
        if self._proto is None:
            self._messages.extend(added)
        else:
            self._proto.messages.extend([one.proto for one in added])
        return self

    def _body(self, **overrides: Any) -> bytes:
        """The request's wire bytes, with some settings replaced for this call."""
        if self._proto is not None:
            return _checked(with_settings(self._proto, overrides)).SerializeToString()
        if not self._messages:
            raise InvalidRequestError(_NO_MESSAGES)
        settings = with_settings(self._settings, overrides)
        rest = settings.SerializeToString()
        return request_body(_MESSAGES, self._messages, rest, self._last_body)

    @contextmanager
    def _turn(self, content: tuple[Any, ...]) -> Iterator[Callable[[Response], Response]]:
        """Add a question; hand out what adds its answer; take both back if there is none."""
        before = len(self.messages)
        is_message = len(content) == 1 and _is_message(content[0])
        self.append(content[0] if is_message else user(*content))
        try:
            yield self._answered
        except BaseException:
            del self.messages[before:]
            raise

    def _answered(self, response: Response) -> Response:
        self.append(response)
        return response

    def estimate(self) -> TokenEstimate:
        """Estimate the input tokens of the next answer, before anything is sent.

        A range: the service documents no formula. What was stored under
        ``previous_response_id`` is not in it. What counts is ``Response.usage``.
        """
        from xai_vision.chat.estimate import estimate_messages

        return estimate_messages(list(self.messages))

    def fork(self) -> Self:
        """Branch the conversation: a chat of its own with the same settings and messages.

        Pictures are shared, for they never change; nothing else is.
        """
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = copy.copy(self)
        twin._settings = copy.deepcopy(self._settings, memo)
        twin._messages = copy.deepcopy(self._messages, memo)
        twin._proto = copy.deepcopy(self._proto, memo)
        twin._last_body = LastBody()
        return twin

    def __repr__(self) -> str:
        settings = self._settings if self._proto is None else self._proto
        return f"<{type(self).__name__} model={settings.model!r} messages={self.messages!r}>"


_NO_MESSAGES = "the conversation has no messages: append(user('...')) before asking for an answer"


def _checked(request: Settings) -> Settings:
    if not request.messages:
        raise InvalidRequestError(_NO_MESSAGES)
    return request


def with_settings(settings: Settings, overrides: dict[str, Any]) -> Settings:
    """A copy with some fields replaced, lists whole; the same object when there are none."""
    if not overrides:
        return settings
    changed = Settings()
    changed.CopyFrom(settings)
    for name in overrides:
        changed.ClearField(name)  # type: ignore[arg-type]  # a field's name, by our own callers
    changed.MergeFrom(Settings(**overrides))
    return changed


def as_messages(value: object) -> list[Message]:
    """Every kind of thing that append() takes, as messages."""
    if isinstance(value, Message):
        return [value]
    if isinstance(value, Mapping):
        return [message_from(value)]
    if is_proto(value, "xai_api.Message"):
        return [Message(adopt(value, chat_pb2.Message))]
    replayed = replay(value)
    if replayed is not None:
        return [Message(proto) for proto in replayed]
    raise InvalidRequestError(
        f"a conversation takes messages and answers, not {type(value).__name__}; "
        "wrap text and pictures in user(...)"
    )


def _is_message(value: object) -> bool:
    return isinstance(value, (Message, Mapping)) or is_proto(value, "xai_api.Message")


def as_message(value: object) -> Message:
    """A value that stands for exactly one message."""
    messages = as_messages(value)
    if len(messages) != 1:
        raise InvalidRequestError("an answer with tool turns is several messages: append() it")
    return messages[0]
