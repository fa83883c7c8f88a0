"""A conversation: its settings, its messages, and the request they make."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, MutableSequence, Sequence
from typing import TYPE_CHECKING, Any, overload

from xai_vision.chat._messages.coerce import (
    MessageLike,
    coerce_message,
    coerce_messages,
    is_compaction,
    is_message,
)
from xai_vision.chat._messages.message import Message, user
from xai_vision.chat._request.body_cache import RequestBodyCache, request_body
from xai_vision.errors import ClientClosedError, InvalidRequestError
from xai_vision.proto import chat_pb2

if TYPE_CHECKING:
    from typing_extensions import Self

    from xai_vision.chat._response.response import Response
    from xai_vision.imaging import TokenEstimate

# Field number of xai_api.GetCompletionsRequest.
_MESSAGES = 1

Settings = chat_pb2.GetCompletionsRequest

_ONE_ANSWER = Settings(n=1).SerializeToString()


class Conversation:
    """What a chat holds, without the means to send it."""

    def __init__(self, settings: Settings, messages: Iterable[MessageLike] = ()) -> None:
        self._settings = settings
        self._messages: list[Message] = []
        self._proto: Settings | None = None
        self._last_body = RequestBodyCache()
        # Most begin empty.
        if not isinstance(messages, tuple) or messages:
            self._take_in(_listed(messages))

    @property
    def messages(self) -> MessageList:
        """The messages so far, to read and to change, like a list."""
        return MessageList(self)

    @property
    def proto(self) -> Settings:
        """The whole request as protobuf, built on first use. Changes to it are kept.

        From then on images are held in it, which costs memory and time; programs that do not
        need it are better off without.
        """
        if self._proto is None:
            proto = Settings()
            proto.CopyFrom(self._settings)
            proto.messages.extend(message._as_proto() for message in self._messages)
            self._proto = proto
            self._messages = []
            self._last_body.clear()
        return self._proto

    def append(self, message: MessageLike) -> Self:
        """Add a message, or an answer, at the end; returns the chat, for chaining.

        Args:
            message: From ``user(...)`` and its kin; a Response (one message, or several when
                the service ran tools); a ``chat_pb2.Message``, also one built by xai_sdk; a dict
                in OpenAI's form, ``{"role": "user", "content": ...}``. It is copied. A
                CompactContextResponse takes the place of all messages before it.

        Raises:
            InvalidRequestError: It is none of these. The conversation is as it was.
        """
        if self._proto is None and isinstance(message, Message):
            self._messages.append(message.__copy__())
        else:
            self._take_in([message])
        return self

    def _take_in(self, values: Sequence[MessageLike]) -> None:
        """Add copies of messages: what their maker does to them later stays with the maker."""
        added: list[Message] = []
        replaces = False
        for value in values:
            if is_compaction(value):
                # It stands for all that was said before it.
                added, replaces = [], True
            added += coerce_messages(value)
        if self._proto is not None:
            if replaces:
                del self._proto.messages[:]
            self._proto.messages.extend([message.proto for message in added])
            return
        if replaces:
            self._messages.clear()
        self._messages += [copy.copy(message) for message in added]

    def _body(self, n: int = 1, question: Message | None = None, **overrides: Any) -> bytes:
        """The request's wire bytes, with some settings replaced for this call.

        Args:
            n: How many answers.
            question: A message that is asked, but no part of the conversation yet.
            **overrides: Fields of the request; lists are replaced whole.
        """
        asked = [question] if question is not None else []
        # Of a field that comes twice the last counts, so nothing has to be copied for this one.
        answers = _ONE_ANSWER if n == 1 else Settings(n=n).SerializeToString()
        if self._proto is not None:
            request = with_settings(self._proto, overrides)
            if not request.messages and not asked:
                raise InvalidRequestError(_NO_MESSAGES)
            more = Settings(messages=[message.proto for message in asked])
            return request.SerializeToString() + more.SerializeToString() + answers
        messages = [*self._messages, *asked] if asked else self._messages
        if not messages:
            raise InvalidRequestError(_NO_MESSAGES)
        rest = with_settings(self._settings, overrides).SerializeToString() + answers
        return request_body(_MESSAGES, messages, rest, self._last_body)

    @staticmethod
    def _question(content: tuple[Any, ...]) -> Message:
        """What ``ask()`` was given, as the message it is."""
        if len(content) == 1 and is_message(content[0]):
            return copy.copy(coerce_message(content[0]))
        return user(*content)

    def _answered(self, question: Message, response: Response) -> Response:
        """Put a question and its answer into the conversation, together."""
        self._take_in([question, response])
        return response

    def estimate(self) -> TokenEstimate:
        """Estimate the input tokens of the next answer, before anything is sent.

        A range: the service documents no formula. What was stored under
        ``previous_response_id`` is not in it. What counts is ``Response.usage``.
        """
        from xai_vision.chat._estimate import estimate_messages

        return estimate_messages(list(self.messages))

    def fork(self) -> Self:
        """Branch the conversation: a chat of its own with the same settings and messages.

        Images are shared, for they never change; nothing else is.
        """
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._settings = copy.deepcopy(self._settings, memo)
        twin._messages = [copy.copy(message) for message in self._messages]
        twin._proto = copy.deepcopy(self._proto, memo)
        twin._last_body = RequestBodyCache()
        return twin

    def __copy__(self) -> Self:
        # Never half a copy: two chats that share one list of messages are of no use.
        return self.__deepcopy__({})

    def __getstate__(self) -> dict[str, Any]:
        # Without the connection, which belongs to this process.
        return {name: value for name, value in self.__dict__.items() if name != "_transport"}

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name == "_transport":
                raise ClientClosedError(
                    "this chat was unpickled, without its client: chat.attach(client) gives it one"
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        settings = self._settings if self._proto is None else self._proto
        return f"<{type(self).__name__} model={settings.model!r} messages={self.messages!r}>"


class MessageList(MutableSequence[Message]):
    """The messages of a conversation, to read and to change.

    They are in the conversation's own list, or in its proto once the program has used
    ``chat.proto``, because the program can change that.
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
        messages = list(self)
        messages[index] = value
        self._replace(messages)

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
        """Insert a message before ``index``."""
        if index >= len(self):
            self._chat.append(value)
            return
        messages = list(self)
        messages.insert(index, value)
        self._replace(messages)

    def _replace(self, messages: list[Message]) -> None:
        checked = [coerce_message(message) for message in messages]
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

    __hash__ = None  # type: ignore[assignment]  # lists are not hashable

    def __repr__(self) -> str:
        return repr(list(self))


_NOT_A_LIST = "messages is a list of messages: [user('...')]"


def _listed(messages: Iterable[MessageLike]) -> list[MessageLike]:
    if isinstance(messages, (str, bytes, Mapping, Message)):
        raise InvalidRequestError(_NOT_A_LIST)
    try:
        return list(messages)
    except TypeError:
        raise InvalidRequestError(_NOT_A_LIST) from None


_NO_MESSAGES = "the conversation has no messages: append(user('...')) before asking for an answer"


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
