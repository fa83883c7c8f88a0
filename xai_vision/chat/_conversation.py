"""A conversation: its settings, its messages, and the request they make."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, MutableSequence, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, overload

from xai_vision._hints import HintsAttributes
from xai_vision.chat._messages.coerce import (
    MessageLike,
    coerce_message,
    coerce_messages,
    is_compaction,
    is_message,
)
from xai_vision.chat._messages.factories import user
from xai_vision.chat._messages.message import Message
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

_ONE_RESPONSE = Settings(n=1).SerializeToString()


class Conversation(HintsAttributes):
    """The state of a chat, without a transport."""

    _renamed: ClassVar = {
        "content": "sample().content",
        "invoke": "sample()",
        "run": "sample()",
        "send": "append(user(...)) and sample(), or ask(...)",
    }

    def __init__(self, settings: Settings, messages: Iterable[MessageLike] = ()) -> None:
        self._settings = settings
        self._messages: list[Message] = []
        self._proto: Settings | None = None
        self._body_cache = RequestBodyCache()
        # Most conversations start empty.
        if not isinstance(messages, tuple) or messages:
            self._append_all(_listed(messages))

    @property
    def messages(self) -> MessageList:
        """The messages, as a mutable list."""
        return MessageList(self)

    @property
    def proto(self) -> Settings:
        """The request as protobuf, built on first use. Changes to it are part of the conversation.

        From then on it contains the images, which costs memory and time. Programs that do not need
        it should not use it.
        """
        if self._proto is None:
            proto = Settings()
            proto.CopyFrom(self._settings)
            proto.messages.extend(message._as_proto() for message in self._messages)
            self._proto = proto
            self._messages = []
            self._body_cache.clear()
        return self._proto

    def append(self, message: MessageLike) -> Self:
        """Append a message or a response; return the chat, for chaining.

        Args:
            message: A message from ``user(...)`` or a similar function; a Response (several
                messages if server-side tools ran); a ``chat_pb2.Message``, also of xai_sdk; a
                dict in OpenAI's format, ``{"role": "user", "content": ...}``. It is copied. A
                CompactContextResponse replaces all messages.

        Raises:
            InvalidRequestError: The value is none of these. The conversation is unchanged.
        """
        if self._proto is None and isinstance(message, Message):
            self._messages.append(message.__copy__())
        else:
            self._append_all([message])
        return self

    def _append_all(self, values: Sequence[MessageLike]) -> None:
        """Append copies of messages, so that later changes by the caller have no effect."""
        added: list[Message] = []
        replaces = False
        for value in values:
            if is_compaction(value):
                # It replaces all earlier messages.
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

    def _body(self, n: int | None = 1, prompt: Message | None = None, **overrides: Any) -> bytes:
        """Return the request body, with settings overridden for this call.

        Args:
            n: Number of responses; None leaves it out, as in a batch.
            prompt: A message that is sent but not part of the conversation yet.
            **overrides: Fields of the request; lists are replaced.
        """
        extra = [prompt] if prompt is not None else []
        # protobuf uses the last value of a repeated scalar field, so the settings need no copy.
        count = _ONE_RESPONSE if n == 1 else Settings(n=n).SerializeToString()
        if self._proto is not None:
            request = with_settings(self._proto, overrides)
            if not request.messages and not extra:
                raise InvalidRequestError(_NO_MESSAGES)
            more = Settings(messages=[message.proto for message in extra])
            return request.SerializeToString() + more.SerializeToString() + count
        messages = [*self._messages, *extra] if extra else self._messages
        if not messages:
            raise InvalidRequestError(_NO_MESSAGES)
        fields = with_settings(self._settings, overrides).SerializeToString() + count
        return request_body(_MESSAGES, messages, fields, self._body_cache)

    @staticmethod
    def _prompt(content: tuple[Any, ...]) -> Message:
        """Return the message for the arguments of ``ask()``."""
        if len(content) == 1 and is_message(content[0]):
            return copy.copy(coerce_message(content[0]))
        return user(*content)

    def _append_exchange(self, prompt: Message, response: Response) -> Response:
        """Append a prompt and its response together."""
        self._append_all([prompt, response])
        return response

    def estimate(self) -> TokenEstimate:
        """Estimate the input tokens of the next call without sending anything.

        The estimate is a range, because the service documents no formula. It does not include a
        stored conversation (``previous_response_id``). ``Response.usage`` has the real number.
        """
        from xai_vision.chat._estimate import estimate_messages

        return estimate_messages(list(self.messages))

    def fork(self) -> Self:
        """Return an independent copy of the chat with the same settings and messages.

        Images are shared because they are immutable.
        """
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        copied._settings = copy.deepcopy(self._settings, memo)
        copied._messages = [copy.copy(message) for message in self._messages]
        copied._proto = copy.deepcopy(self._proto, memo)
        copied._body_cache = RequestBodyCache()
        return copied

    def __copy__(self) -> Self:
        # A shallow copy would share the list of messages, so copy.copy() copies deeply.
        return self.__deepcopy__({})

    def __getstate__(self) -> dict[str, Any]:
        # The connection belongs to this process.
        return {name: value for name, value in self.__dict__.items() if name != "_transport"}

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name == "_transport":
                raise ClientClosedError(
                    "this chat was unpickled without a client; call chat.attach(client)"
                )
            return super().__getattr__(name)

    def __repr__(self) -> str:
        settings = self._settings if self._proto is None else self._proto
        return f"<{type(self).__name__} model={settings.model!r} messages={self.messages!r}>"


class MessageList(MutableSequence[Message]):
    """The messages of a conversation, as a mutable list.

    They are in the conversation's own list, or in its proto once the program has used
    ``chat.proto``, because the program can change that.
    """

    __slots__ = ("_chat",)

    def __init__(self, chat: Conversation) -> None:
        self._chat = chat

    @property
    def _items(self) -> MutableSequence[Any]:
        proto = self._chat._proto
        return self._chat._messages if proto is None else proto.messages

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
        del self._items[index]

    def __len__(self) -> int:
        return len(self._items)

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
        if isinstance(other, (str, bytes)) or not isinstance(other, Iterable):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # lists are not hashable

    def __repr__(self) -> str:
        return repr(list(self))


def _listed(messages: Iterable[MessageLike]) -> list[MessageLike]:
    is_single = isinstance(messages, (str, bytes, Mapping, Message))
    if is_single or not isinstance(messages, Iterable):
        raise InvalidRequestError("messages must be a list of messages, such as [user('...')]")
    return list(messages)


_NO_MESSAGES = "the conversation has no messages; append(user('...')) first"


def with_settings(settings: Settings, overrides: dict[str, Any]) -> Settings:
    """Return a copy with overridden fields, or the same object without overrides."""
    if not overrides:
        return settings
    changed = Settings()
    changed.CopyFrom(settings)
    for name in overrides:
        changed.ClearField(name)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # our callers pass names of fields
    changed.MergeFrom(Settings(**overrides))
    return changed
