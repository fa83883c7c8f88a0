"""AsyncChat: the async twin of Chat, which documents the calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters, StreamParameters
from xai_vision._transport.stream import AsyncStream
from xai_vision.chat._chat_calls import ChatCalls, Interval, Pair, Pairs, Tools, each_of
from xai_vision.chat._compaction import CompactContextResponse
from xai_vision.chat._conversation import Settings
from xai_vision.chat._messages.coerce import MessageLike
from xai_vision.chat._messages.factories import ContentLike
from xai_vision.chat._response.response import Response

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

T = TypeVar("T")


class ClientLike(Protocol):
    """A client; the class itself would be an import circle."""

    _transport: AsyncTransport


class AsyncChat(ChatCalls):
    """A conversation with a model for asyncio; see ``Chat``.

    Cancelling the task that waits for a call cancels the call.
    """

    def __init__(
        self, settings: Settings, messages: Sequence[MessageLike], transport: AsyncTransport
    ) -> None:
        super().__init__(settings, messages)
        self._transport = transport

    async def sample(self, *, tools: Tools = None, **call: Unpack[CallParameters]) -> Response:
        """See ``Chat.sample``."""
        return await self._transport.unary(self._sampling(tools, call))

    def stream(self, *, tools: Tools = None, **call: Unpack[StreamParameters]) -> AsyncStream[Pair]:
        """See ``Chat.stream``."""
        return self._transport.stream(self._streaming(tools, call))

    async def sample_batch(
        self, n: int, *, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> Sequence[Response]:
        """See ``Chat.sample_batch``."""
        return await self._transport.unary(self._batch_sampling(n, tools, call))

    def stream_batch(
        self, n: int, *, tools: Tools = None, **call: Unpack[StreamParameters]
    ) -> AsyncStream[Pairs]:
        """See ``Chat.stream_batch``."""
        return self._transport.stream(self._batch_streaming(n, tools, call))

    async def ask(
        self, *content: ContentLike, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> Response:
        """See ``Chat.ask``."""
        prompt = self._prompt(content)
        rpc = self._sampling(tools, call, prompt)
        return self._append_exchange(prompt, await self._transport.unary(rpc))

    def ask_stream(
        self, *content: ContentLike, tools: Tools = None, **call: Unpack[StreamParameters]
    ) -> AsyncStream[Pair]:
        """See ``Chat.ask_stream``."""
        prompt = self._prompt(content)
        return self._transport.stream(self._streaming(tools, call, prompt))

    @overload
    async def parse(
        self, shape: type[T], *, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> tuple[Response, T]: ...
    @overload
    async def parse(
        self, shape: Any, *, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> tuple[Response, Any]: ...
    async def parse(
        self, shape: Any, *, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> tuple[Response, Any]:
        """See ``Chat.parse``."""
        return await self._transport.unary(self._parsing(shape, tools, call))

    async def defer(
        self, *, tools: Tools = None, interval: Interval = None, **call: Unpack[CallParameters]
    ) -> Response:
        """See ``Chat.defer``."""
        return Response(await self._transport.run(self._deferring(tools, interval, call)()))

    async def defer_batch(
        self,
        n: int,
        *,
        tools: Tools = None,
        interval: Interval = None,
        **call: Unpack[CallParameters],
    ) -> Sequence[Response]:
        """See ``Chat.defer_batch``."""
        steps = self._deferring(tools, interval, call, n)
        return each_of(await self._transport.run(steps()), n)

    async def compact(self, **call: Unpack[CallParameters]) -> CompactContextResponse:
        """See ``Chat.compact``."""
        compacted = await self._transport.unary(self._compacting(call))
        self.append(compacted)
        return compacted

    def attach(self, client: ClientLike) -> Self:
        """Attach a client to an unpickled chat; return the chat."""
        self._transport = client._transport
        return self
