"""What a chat asks of the service: each call described, none performed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

import grpc

from xai_vision.chat.compaction import Compacting, compacting
from xai_vision.chat.conversation import Conversation, Said
from xai_vision.chat.deferral import deferred
from xai_vision.chat.fold import Fold
from xai_vision.chat.formats import response_format
from xai_vision.chat.response import Chunk, Response
from xai_vision.chat.settings import MAX_ANSWERS, tool_list
from xai_vision.chat.structured import Shape
from xai_vision.errors import InvalidRequestError, StreamBrokenError
from xai_vision.proto import chat_pb2
from xai_vision.proto.chat_grpc import Chat as Rpc
from xai_vision.wire.exchange import CallOptions, Exchange, Steps
from xai_vision.wire.timing import call_seconds

T = TypeVar("T")

Timeout: TypeAlias = "float | timedelta | None"
Tools: TypeAlias = "Sequence[chat_pb2.Tool | Mapping[str, Any]] | None"

Reply: TypeAlias = chat_pb2.GetChatCompletionResponse
Piece: TypeAlias = chat_pb2.GetChatCompletionChunk
Sampling: TypeAlias = "Exchange[Reply, T]"
Streaming: TypeAlias = "Exchange[Piece, T]"
Pair: TypeAlias = tuple[Response, Chunk]
Pairs: TypeAlias = tuple[Sequence[Response], Sequence[Chunk]]


class ChatCalls(Conversation):
    """A conversation that knows which calls it can make."""

    _conversation_id: str | None = None
    _batch_request_id: str | None = None

    def _options(self, timeout: Timeout) -> CallOptions:
        metadata: tuple[tuple[str, str], ...] = ()
        if self._conversation_id is not None:
            metadata = (("x-grok-conv-id", self._conversation_id),)
        return CallOptions(timeout=call_seconds(timeout), metadata=metadata)

    def _request(self, tools: Tools, **overrides: Any) -> bytes:
        if tools is not None:
            overrides["tools"] = tool_list("tools", tools)
        return self._body(**overrides)

    def _sampling(self, tools: Tools, timeout: Timeout) -> Sampling[Response]:
        options = self._options(timeout)
        return Exchange(Rpc.GetCompletion, self._request(tools), Response, options)

    def _batch_sampling(
        self, n: int, tools: Tools, timeout: Timeout
    ) -> Sampling[Sequence[Response]]:
        options = self._options(timeout)
        body = self._request(tools, n=_answers(n))
        return Exchange(Rpc.GetCompletion, body, _each(n), options)

    def _parsing(
        self, shape: type[T], tools: Tools, timeout: Timeout
    ) -> Sampling[tuple[Response, T]]:
        options = self._options(timeout)
        wanted = Shape(shape)
        asked = response_format("shape", wanted.schema)
        body = self._request(tools, response_format=asked)
        return Exchange(
            Rpc.GetCompletion, body, lambda reply: wanted.read(Response(reply)), options
        )

    def _streaming(self, tools: Tools, timeout: Timeout) -> Streaming[Pair]:
        fold = Fold()
        response = Response(fold)

        def read(piece: Piece) -> Pair:
            fold.add(piece)
            return response, Chunk(piece)

        return self._stream_of(self._request(tools), timeout, read, [response])

    def _batch_streaming(self, n: int, tools: Tools, timeout: Timeout) -> Streaming[Pairs]:
        fold = Fold()
        responses = [Response(fold, index) for index in range(_answers(n))]

        def read(piece: Piece) -> Pairs:
            fold.add(piece)
            return responses, [Chunk(piece, index) for index in range(n)]

        return self._stream_of(self._request(tools, n=n), timeout, read, responses)

    def _stream_of(
        self, body: bytes, timeout: Timeout, read: Callable[[Piece], T], parts: list[Response]
    ) -> Streaming[T]:
        def finish() -> None:
            for response in parts:
                if response.finish_reason == "REASON_INVALID":
                    raise _unfinished(response)

        return Exchange(
            Rpc.GetCompletionChunk,
            body,
            read,
            self._options(timeout),
            partial=lambda: parts[0],
            finish=finish,
        )

    def _deferring(
        self, tools: Tools, timeout: Timeout, interval: Timeout
    ) -> Callable[[], Steps[Reply]]:
        body = self._request(tools)
        return deferred(body, self._options(None), timeout=timeout, interval=interval)

    def _batch_deferring(
        self, n: int, tools: Tools, timeout: Timeout, interval: Timeout
    ) -> Callable[[], Steps[Reply]]:
        body = self._request(tools, n=_answers(n))
        return deferred(body, self._options(None), timeout=timeout, interval=interval)

    def _compacting(self, timeout: Timeout) -> Compacting:
        settings = self._settings if self._proto is None else self._proto
        return compacting(settings.model, list(self.messages), self._options(timeout))


def compaction(model: str, messages: Sequence[Said], timeout: Timeout) -> Compacting:
    """Describe compacting a conversation that is no chat."""
    conversation = Conversation(chat_pb2.GetCompletionsRequest(), messages)
    options = CallOptions(timeout=call_seconds(timeout))
    return compacting(model, list(conversation.messages), options)


def stored(response_id: str, timeout: Timeout) -> Sampling[Sequence[Response]]:
    """Describe reading a stored answer back."""
    request = chat_pb2.GetStoredCompletionRequest(response_id=_id(response_id))
    options = CallOptions(timeout=call_seconds(timeout))
    return Exchange(Rpc.GetStoredCompletion, request.SerializeToString(), answers, options)


def deleting(
    response_id: str, timeout: Timeout
) -> Exchange[chat_pb2.DeleteStoredCompletionResponse, str]:
    """Describe deleting a stored answer."""
    request = chat_pb2.DeleteStoredCompletionRequest(response_id=_id(response_id))
    options = CallOptions(timeout=call_seconds(timeout))
    return Exchange(
        Rpc.DeleteStoredCompletion,
        request.SerializeToString(),
        lambda reply: reply.response_id,
        options,
    )


def answers(reply: Reply) -> list[Response]:
    """The answers of a reply that does not say how many were asked for.

    When the service ran tools, its outputs are turns of one answer; otherwise each is one.
    """
    if any(_is_turn(output) for output in reply.outputs):
        return [Response(reply)]
    return [Response(reply, output.index) for output in reply.outputs]


def _is_turn(output: chat_pb2.CompletionOutput) -> bool:
    client_side = (chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL, chat_pb2.TOOL_CALL_TYPE_INVALID)
    return output.message.role == chat_pb2.ROLE_TOOL or any(
        call.type not in client_side for call in output.message.tool_calls
    )


def _each(n: int) -> Callable[[Reply], list[Response]]:
    return lambda reply: [Response(reply, index) for index in range(n)]


def each_of(reply: Reply, n: int) -> list[Response]:
    """The ``n`` answers of one reply."""
    return _each(n)(reply)


def _answers(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MAX_ANSWERS:
        raise InvalidRequestError(f"n must be a whole number from 1 to {MAX_ANSWERS}, not {n!r}")
    return n


def _id(response_id: str) -> str:
    if not isinstance(response_id, str) or not response_id.strip():
        raise InvalidRequestError("response_id is empty: give the id of a stored response")
    return response_id


def _unfinished(response: Response) -> StreamBrokenError:
    error = StreamBrokenError(
        grpc.StatusCode.INTERNAL,
        "the stream ended without a finish reason, so the answer may be cut short",
        method=Rpc.GetCompletionChunk.path,
    )
    error.partial = response
    return error
