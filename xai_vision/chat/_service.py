"""``client.chat``: creates conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

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
from xai_vision.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel
    from typing_extensions import Unpack

    from xai_vision.chat._request.parameters import (
        AgentCount,
        Guideline,
        IncludeOption,
        ReasoningEffort,
        ResponseFormat,
        ServiceTier,
        ToolMode,
    )
    from xai_vision.chat._request.tools import ToolLike
    from xai_vision.proto import chat_pb2, usage_pb2
    from xai_vision.search import SearchParameters

ChatT = TypeVar("ChatT", bound=ChatCalls)
_F = TypeVar("_F", bound=Callable[..., Any])

_EXAMPLE = "client.chat.create(model).append(user(...)).sample()"
# The names of attributes in other SDKs.
RENAMED = {"completions": _EXAMPLE, "responses": _EXAMPLE, "messages": _EXAMPLE}


def _runs(function: Callable[..., Any]) -> Callable[[_F], _F]:
    """Make the decorator of a method that only declares parameters; the function runs instead.

    Editors, type checkers and ``help()`` show the method. The function gets only the arguments
    that the caller passed: checking 28 values of None would double the time of ``create()``.
    """

    def replace(method: _F) -> _F:
        return cast("_F", wraps(method)(function))

    return replace


def _messages(value: Any) -> Any:
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidRequestError(
            f"messages must be a list of messages, not {type(value).__name__}"
        )
    return value


def _create(self: ChatFactory[ChatT], model: str, **parameters: Any) -> ChatT:
    messages = _messages(parameters.pop("messages", None))
    conversation_id = parameters.pop("conversation_id", None)
    if conversation_id is not None:
        checks.metadata_value("conversation_id", conversation_id)
    batch_request_id = parameters.pop("batch_request_id", None)
    checks.optional_string("batch_request_id", batch_request_id)
    chat = self._chat_class(make_settings(model, parameters), messages, self._transport)
    chat._conversation_id = conversation_id
    chat._batch_request_id = batch_request_id
    return chat


class ChatFactory(HintsAttributes, Generic[ChatT]):
    """The methods of both services that create chats. They send nothing."""

    _renamed = RENAMED
    _chat_class: Callable[[Settings, Sequence[MessageLike], Any], ChatT]
    _transport: Any

    @_runs(_create)
    def create(
        self,
        model: str,
        *,
        conversation_id: str | None = None,
        messages: Sequence[MessageLike] | None = None,
        user: str | None = None,
        safety_identifier: str | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
        stop: Sequence[str] | str | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        logprobs: bool | None = None,
        top_logprobs: int | None = None,
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolMode | chat_pb2.ToolChoice | None = None,
        parallel_tool_calls: bool | None = None,
        response_format: (
            ResponseFormat | chat_pb2.ResponseFormat | type[BaseModel] | Mapping[str, Any] | None
        ) = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        reasoning_effort: ReasoningEffort | chat_pb2.ReasoningEffort.ValueType | None = None,
        search_parameters: SearchParameters | chat_pb2.SearchParameters | None = None,
        store_messages: bool | None = None,
        previous_response_id: str | None = None,
        use_encrypted_content: bool | None = None,
        max_turns: int | None = None,
        include: Sequence[IncludeOption | chat_pb2.IncludeOption.ValueType] | None = None,
        agent_count: AgentCount | chat_pb2.AgentCount.ValueType | None = None,
        batch_request_id: str | None = None,
        service_tier: ServiceTier | usage_pb2.ServiceTier.ValueType | None = None,
        guidelines: Sequence[Guideline | chat_pb2.Guideline] | None = None,
    ) -> ChatT:
        """Create a chat without sending anything. This method is never a coroutine.

        None counts as left out. ``CreateParameters`` has the types of the keywords.

        Args:
            model: The model, such as "grok-4".
            conversation_id: A string that all requests of one conversation share. The service then
                routes them to the same server, where its cache is warm.
            messages: The first messages of the conversation.
            user: Your id of the end user, for abuse reports.
            safety_identifier: A stable, anonymous id of the end user, for the service's safety
                checks.
            max_tokens: The maximum number of tokens in a response, at least 1. Default: the model's
                limit.
            seed: A 32-bit integer. The service tries to answer equal requests with equal seeds
                equally.
            stop: Stop sequences: the response ends before the first of them. A string is one
                sequence.
            temperature: The sampling temperature, from 0 (always the likeliest token) to 2.
                Default: 1.
            top_p: Sample from the likeliest tokens with this total probability, from 0 to 1.
                Default: 1.
            logprobs: Whether to return the log probability of each token of the response. Default:
                False.
            top_logprobs: The number of likeliest tokens to return at each position, from 0 to 8.
                Needs ``logprobs=True``.
            tools: The tools that the model may call, at most 128: ``tool(...)``, Python functions,
                the functions of ``xai_vision.tools``, and dicts in the documented form, such as
                ``{"type": "web_search"}``.
            tool_choice: Whether the model may ("auto", the default), must not ("none") or must
                ("required") call a tool. ``required_tool(name)`` names the tool that it must call.
            parallel_tool_calls: Whether the model may call several tools at once. Default: True.
            response_format: "text" (the default), "json_object", a Pydantic model, or a JSON schema
                as a dict.
            frequency_penalty: From -2 to 2. Above 0, a token gets less likely each time it appears.
                Default: 0.
            presence_penalty: From -2 to 2. Above 0, a token gets less likely once it has appeared.
                Default: 0.
            reasoning_effort: How long a reasoning model reasons. Default: the model's own.
            search_parameters: Live search in its older form. ``tools=[web_search()]`` replaces it.
            store_messages: Whether the service stores the conversation, so that
                ``previous_response_id`` can continue it. Default: False. The service advises
                against it for conversations with images.
            previous_response_id: The id of a stored response to continue. Its conversation precedes
                this one.
            use_encrypted_content: Whether to return the model's reasoning in encrypted form, for
                appending. Default: False.
            max_turns: The maximum number of turns with tools before the response, at least 1.
            include: Additional output to return, such as "inline_citations" or the outputs of
                tools.
            agent_count: The number of agents that a multi-agent model starts.
            batch_request_id: Your id of this request in a batch. It is not part of the request
                itself.
            service_tier: "priority" requests are served sooner at a higher price. Default:
                "default".
            guidelines: Rules about content, which the service enforces.

        Raises:
            InvalidRequestError: A value that the service is sure to refuse; the message names it.
            TypeError: A keyword is unknown; the message suggests another.

        Examples:
            >>> from xai_vision import Client
            >>> from xai_vision.chat import user
            >>> client = Client(api_key="xai-...")
            >>> chat = client.chat.create("grok-4", temperature=0.2)
            >>> chat = chat.append(user("Hello"))
        """
        raise NotImplementedError

    def from_openai(self, **body: Any) -> ChatT:
        """Create a chat from a request in OpenAI's format without sending anything.

        This method is never a coroutine.

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
        from xai_vision.chat._messages.openai_messages import from_openai_request

        model, parameters, messages = from_openai_request(body)
        return self.create(model, messages=messages, **parameters)


class ChatService(ChatFactory[Chat]):
    """Creates chats and reads stored responses."""

    _chat_class = Chat
    _transport: Transport

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

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


class AsyncChatService(ChatFactory[AsyncChat]):
    """Creates chats and reads stored responses."""

    _chat_class = AsyncChat
    _transport: AsyncTransport

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

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
