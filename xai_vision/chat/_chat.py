"""Chat: a conversation and the wire to send it over. Its twin with await is in achat.py."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Protocol, TypeVar

from xai_vision._transport.options import CallParameters, StreamParameters
from xai_vision._transport.sync import Transport
from xai_vision.chat._chat_calls import ChatCalls, Interval, Pair, Pairs, Streaming, Tools, each_of
from xai_vision.chat._compaction import CompactContextResponse
from xai_vision.chat._conversation import Settings
from xai_vision.chat._messages.coerce import MessageLike
from xai_vision.chat._messages.message import ContentLike, Message
from xai_vision.chat._response.response import Response

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

T = TypeVar("T")


class _Client(Protocol):
    """A client; the class itself would be an import circle."""

    _transport: Transport


class Chat(ChatCalls):
    """A conversation with a model. Made by ``client.chat.create(...)``.

    Every call takes ``timeout=`` (seconds or a timedelta; default: the client's) and, where the
    model answers, ``tools=`` for this call only, in place of the chat's. All raise
    ``InvalidRequestError`` for what is sure to be refused, before anything is sent, and
    ``APIError`` for a call that failed.
    """

    def __init__(
        self, settings: Settings, messages: Sequence[MessageLike], transport: Transport
    ) -> None:
        super().__init__(settings, messages)
        self._transport = transport

    def sample(self, *, tools: Tools = None, **call: Unpack[CallParameters]) -> Response:
        """Ask for the next answer. The conversation is not changed: ``append`` the answer."""
        return self._transport.unary(self._sampling(tools, call))

    def stream(
        self, *, tools: Tools = None, **call: Unpack[StreamParameters]
    ) -> Generator[Pair, None, None]:
        """Ask for the next answer and get it in chunks as it is written.

        Leaving the loop early, or closing the iterator, cancels the call.

        Yields:
            The answer as far as it has come (one object that grows), and the new chunk.

        Raises:
            StreamBrokenError: The answer stopped before its end; ``.partial`` has what came.
        """
        return self._transport.stream(self._streaming(tools, call))

    def sample_batch(
        self, n: int, *, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> Sequence[Response]:
        """Ask for ``n`` answers (1 to 128) to the same conversation at once."""
        return self._transport.unary(self._batch_sampling(n, tools, call))

    def stream_batch(
        self, n: int, *, tools: Tools = None, **call: Unpack[StreamParameters]
    ) -> Generator[Pairs, None, None]:
        """Ask for ``n`` answers at once, in chunks.

        Yields:
            The ``n`` answers as far as they have come, and what this chunk adds to each.
        """
        return self._transport.stream(self._batch_streaming(n, tools, call))

    def ask(
        self, *content: ContentLike, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> Response:
        """Append a question, get its answer, and append that.

        Both become part of the conversation together, when the answer is there: if it fails, the
        conversation is as it was, and a refused image is not in the way of the next question.

        Args:
            *content: What ``user(...)`` takes, or one message.
        """
        question = self._question(content)
        asking = self._sampling(tools, call, question)
        return self._answered(question, self._transport.unary(asking))

    def ask_stream(
        self, *content: ContentLike, tools: Tools = None, **call: Unpack[StreamParameters]
    ) -> Generator[Pair, None, None]:
        """Like ``ask``, in chunks. Left early, nothing becomes part of the conversation."""
        question = self._question(content)
        return self._following(question, self._streaming(tools, call, question))

    def _following(self, question: Message, asking: Streaming[Pair]) -> Generator[Pair, None, None]:
        response = None
        with closing(self._transport.stream(asking)) as pairs:
            for response, chunk in pairs:
                yield response, chunk
        if response is not None:
            self._answered(question, response)

    def parse(
        self, shape: type[T], *, tools: Tools = None, **call: Unpack[CallParameters]
    ) -> tuple[Response, T]:
        """Ask for an answer that fits a shape, and read it.

        Args:
            shape: A Pydantic model, or another type Pydantic can describe (extra "pydantic").

        Returns:
            The answer, and the object it was read as.

        Raises:
            StructuredOutputError: The answer does not fit; it has the text and what is wrong.
        """
        return self._transport.unary(self._parsing(shape, tools, call))

    def defer(
        self, *, tools: Tools = None, interval: Interval = None, **call: Unpack[CallParameters]
    ) -> Response:
        """Leave the request with the service and ask until its answer is done.

        Args:
            tools: For this call only, in place of the chat's.
            interval: Seconds or a timedelta between two questions. Default: 0.1 growing to 2.
            **call: ``timeout`` is what to wait in all, ten minutes by default; ``retries`` and
                ``wait_for_ready`` are for each question.

        Raises:
            RequestTimeoutError: It was not done in that time.
            NotFoundError: The service no longer has the answer.
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
        """Like ``defer``, for ``n`` answers."""
        steps = self._deferring(tools, interval, call, n)
        return each_of(self._transport.run(steps()), n)

    def compact(self, **call: Unpack[CallParameters]) -> CompactContextResponse:
        """Have the service make the conversation short.

        The result takes the place of all messages; the conversation goes on from there.
        """
        compacted = self._transport.unary(self._compacting(call))
        self.append(compacted)
        return compacted

    def attach(self, client: _Client) -> Self:
        """Give a chat that was unpickled a client to send it with; returns the chat."""
        self._transport = client._transport
        return self
