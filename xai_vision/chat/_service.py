"""``client.chat``: creates conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from xai_vision import _validation as checks
from xai_vision._hints import HintsAttributes
from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters
from xai_vision._transport.sync import Transport
from xai_vision.chat._async_chat import AsyncChat
from xai_vision.chat._chat import Chat
from xai_vision.chat._chat_calls import ChatCalls, compaction, deleting, stored
from xai_vision.chat._compaction import CompactContextResponse
from xai_vision.chat._conversation import Settings
from xai_vision.chat._messages.coerce import MessageLike
from xai_vision.chat._request.settings import make_settings
from xai_vision.chat._response.response import Response

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from xai_vision.chat._request.parameters import CreateParameters

_C = TypeVar("_C", bound=ChatCalls)

_EXAMPLE = "client.chat.create(model).append(user(...)).sample()"
# The names of attributes in other SDKs.
RENAMED = {"completions": _EXAMPLE, "responses": _EXAMPLE, "messages": _EXAMPLE}


class ChatService(HintsAttributes):
    """Creates chats and reads stored responses."""

    _renamed = RENAMED

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, model: str, **parameters: Unpack[CreateParameters]) -> Chat:
        """Create a chat without sending anything.

        Args:
            model: The model, such as "grok-4".
            **parameters: See ``CreateParameters`` for units, ranges and defaults.

        Raises:
            InvalidRequestError: A value that the service is sure to refuse; the message names it.

        Examples:
            >>> from xai_vision import Client
            >>> from xai_vision.chat import user
            >>> client = Client(api_key="xai-...")
            >>> chat = client.chat.create("grok-4", temperature=0.2)
            >>> chat = chat.append(user("Hello"))
        """
        return _create(Chat, self._transport, model, parameters)

    def from_openai(self, **body: Any) -> Chat:
        """Create a chat from a request in OpenAI's format without sending anything.

        Args:
            **body: The arguments of ``chat.completions.create`` (with ``messages``) or of
                ``responses.create`` (with ``input``), including ``extra_body``. Their defaults
                apply: the latter stores the response unless ``store=False``.

        Raises:
            InvalidRequestError: A key that gRPC does not support, or a value that the service is
                sure to refuse; the message names it. Use ``chat.stream()`` instead of
                ``stream=True``.

        Examples:
            >>> from xai_vision import Client
            >>> client = Client(api_key="xai-...")
            >>> chat = client.chat.from_openai(
            ...     model="grok-4", messages=[{"role": "user", "content": "Hello"}]
            ... )
        """
        return _from_openai(self.create, body)

    def get_stored_completion(
        self, response_id: str, **call: Unpack[CallParameters]
    ) -> Sequence[Response]:
        """Return a stored response, or several if ``sample_batch`` created several.

        Raises:
            NotFoundError: The id is unknown or has expired.
        """
        return self._transport.unary(stored(response_id, call))

    def delete_stored_completion(self, response_id: str, **call: Unpack[CallParameters]) -> str:
        """Delete a stored response; return its id.

        Raises:
            NotFoundError: The id is unknown or has expired.
        """
        return self._transport.unary(deleting(response_id, call))

    def compact_context(
        self, model: str, messages: Sequence[MessageLike], **call: Unpack[CallParameters]
    ) -> CompactContextResponse:
        """Compact a conversation; ``append`` the result to a new chat."""
        return self._transport.unary(compaction(model, messages, call))


class AsyncChatService(HintsAttributes):
    """Creates chats and reads stored responses."""

    _renamed = RENAMED

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    def create(self, model: str, **parameters: Unpack[CreateParameters]) -> AsyncChat:
        """Create a chat; see ``ChatService.create``. This method is not a coroutine."""
        return _create(AsyncChat, self._transport, model, parameters)

    def from_openai(self, **body: Any) -> AsyncChat:
        """See ``ChatService.from_openai``. This method is not a coroutine."""
        return _from_openai(self.create, body)

    async def get_stored_completion(
        self, response_id: str, **call: Unpack[CallParameters]
    ) -> Sequence[Response]:
        """See ``ChatService.get_stored_completion``."""
        return await self._transport.unary(stored(response_id, call))

    async def delete_stored_completion(
        self, response_id: str, **call: Unpack[CallParameters]
    ) -> str:
        """See ``ChatService.delete_stored_completion``."""
        return await self._transport.unary(deleting(response_id, call))

    async def compact_context(
        self, model: str, messages: Sequence[MessageLike], **call: Unpack[CallParameters]
    ) -> CompactContextResponse:
        """See ``ChatService.compact_context``."""
        return await self._transport.unary(compaction(model, messages, call))


def _from_openai(create: Callable[..., _C], body: dict[str, Any]) -> _C:
    from xai_vision.chat._messages.openai_messages import from_openai_request

    model, parameters, messages = from_openai_request(body)
    return create(model, messages=messages, **parameters)


def _create(
    chat_class: Callable[[Settings, Sequence[MessageLike], Any], _C],
    transport: Transport | AsyncTransport,
    model: str,
    parameters: Any,
) -> _C:
    settings = dict(parameters)
    messages = settings.pop("messages", None) or ()
    conversation_id = settings.pop("conversation_id", None)
    if conversation_id is not None:
        checks.metadata_value("conversation_id", conversation_id)
    batch_request_id = settings.pop("batch_request_id", None)
    checks.optional_string("batch_request_id", batch_request_id)
    chat = chat_class(make_settings(model, settings), messages, transport)
    chat._conversation_id = conversation_id
    chat._batch_request_id = batch_request_id
    return chat
