"""Chat: a conversation with its transport. ``_async_chat.py`` is its async twin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from xai_vision._transport.options import CallParameters, StreamParameters
from xai_vision._transport.stream import Stream
from xai_vision._transport.sync import Transport
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

    _transport: Transport


class Chat(ChatCalls):
    """A conversation with a model, created by ``client.chat.create(...)``.

    Every call has ``timeout=`` (seconds or a timedelta; default: the client's). Calls of the model
    have ``tools=``, which replaces the chat's tools for this call. All raise
    ``InvalidRequestError`` before anything is sent if the service is sure to refuse the request,
    and ``APIError`` if the call fails.
    """

    def __init__(
        self, settings: Settings, messages: Sequence[MessageLike], transport: Transport
    ) -> None:
        super().__init__(settings, messages)
        self._transport = transport

    def sample(self, *, tools: Tools = None, **call: Unpack[CallParameters]) -> Response:
        """Return the next response. The conversation does not change: ``append`` the response."""
        return self._transport.unary(self._sampling(tools, call))

    def stream(self, *, tools: Tools = None, **call: Unpack[StreamParameters]) -> Stream[Pair]:
        """Stream the next response.

        Leaving the loop early cancels the call. ``cancel()`` of the stream ends a loop from
        another thread.

        Returns:
            An iterator over pairs: the response so far (the same object each time), and the new
            chunk.

        Raises:
            StreamBrokenError: The stream ended early; ``.partial`` is the response so far.
        """
        return self._transport.stream(self._streaming(tools, call))

    def sample_batch(
        self, n: int, *, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> Sequence[Response]:
        """Return ``n`` responses (1 to 128) to the same conversation."""
        return self._transport.unary(self._batch_sampling(n, tools, call))

    def stream_batch(
        self, n: int, *, tools: Tools = None, **call: Unpack[StreamParameters]
    ) -> Stream[Pairs]:
        """Stream ``n`` responses at once.

        Returns:
            An iterator over pairs: the ``n`` responses so far, and the chunk for each.
        """
        return self._transport.stream(self._batch_streaming(n, tools, call))

    def ask(
        self, *content: ContentLike, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> Response:
        """Send a prompt, and append both the prompt and the response.

        Both are appended when the response is complete. If the call fails, the conversation is
        unchanged, so a refused image does not affect the next prompt.

        Args:
            *content: The arguments of ``user(...)``, or one message.
        """
        prompt = self._prompt(content)
        rpc = self._sampling(tools, call, prompt)
        return self._append_exchange(prompt, self._transport.unary(rpc))

    def ask_stream(
        self, *content: ContentLike, tools: Tools = None, **call: Unpack[StreamParameters]
    ) -> Stream[Pair]:
        """Like ``ask``, streamed. If the loop is left early, nothing is appended."""
        prompt = self._prompt(content)
        return self._transport.stream(self._streaming(tools, call, prompt))

    @overload
    def parse(
        self, shape: type[T], *, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> tuple[Response, T]: ...
    @overload
    def parse(
        self, shape: Any, *, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> tuple[Response, Any]: ...
    def parse(
        self, shape: Any, *, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> tuple[Response, Any]:
        """Request structured output and parse it.

        Args:
            shape: A Pydantic model, or another type that Pydantic supports (extra "pydantic"),
                such as ``list[str]`` or ``Literal["cat", "dog"]``. Type checkers know the type
                of the parsed object if the shape is a class; otherwise it is ``Any``.

        Returns:
            The response and the parsed object.

        Raises:
            StructuredOutputError: The response does not match; the error has its text.
        """
        return self._transport.unary(self._parsing(shape, tools, call))

    def defer(
        self, *, tools: Tools = None, interval: Interval = None, **call: Unpack[CallParameters]
    ) -> Response:
        """Start a deferred request and poll until its response is done.

        Args:
            tools: Tools for this call, instead of the chat's.
            interval: Seconds or a timedelta between polls. Default: 0.1, growing to 2.
            **call: ``timeout`` limits the whole wait, ten minutes by default; ``retries`` and
                ``wait_for_ready`` apply to each poll.

        Raises:
            RequestTimeoutError: The response was not done in time.
            NotFoundError: The service no longer has the response.
        """
        return Response(self._transport.run(self._deferring(tools, interval, call)()))

    def defer_batch(
        self,
        n: int,
        *,
        tools: Tools = None,
        interval: Interval = None,
        **call: Unpack[CallParameters],
    ) -> Sequence[Response]:
        """Like ``defer``, for ``n`` responses."""
        steps = self._deferring(tools, interval, call, n)
        return each_of(self._transport.run(steps()), n)

    def compact(self, **call: Unpack[CallParameters]) -> CompactContextResponse:
        """Ask the service to compact the conversation.

        The result replaces all messages.
        """
        compacted = self._transport.unary(self._compacting(call))
        self.append(compacted)
        return compacted

    def attach(self, client: ClientLike) -> Self:
        """Attach a client to an unpickled chat; return the chat."""
        self._transport = client._transport
        return self
