"""Descriptions of the calls of a chat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import grpc

from xai_vision import _validation as checks
from xai_vision._transport.options import CallOptions, call_options
from xai_vision._transport.rpc import CallInfo, CallSequence, RpcCall
from xai_vision.chat._compaction import Compacting, compacting
from xai_vision.chat._conversation import Conversation
from xai_vision.chat._messages.coerce import MessageLike
from xai_vision.chat._messages.message import Message
from xai_vision.chat._request.settings import response_count, tool_list
from xai_vision.chat._response.accumulator import StreamAccumulator
from xai_vision.chat._response.chunk import Chunk
from xai_vision.chat._response.reply_source import CompleteReply, ReplySource
from xai_vision.chat._response.response import Response
from xai_vision.chat._telemetry import request_attributes, response_attributes
from xai_vision.errors import StreamBrokenError
from xai_vision.proto import chat_pb2
from xai_vision.proto.chat_pb2_grpc import Chat as Rpc

if TYPE_CHECKING:
    from xai_vision.chat._request.tools import ToolLike

T = TypeVar("T")

Interval: TypeAlias = "float | timedelta | None"
Call: TypeAlias = "Mapping[str, Any]"
"""The keywords of ``CallParameters`` or ``StreamParameters``."""
Tools: TypeAlias = "Sequence[ToolLike] | None"

Reply: TypeAlias = chat_pb2.GetChatCompletionResponse
ChunkProto: TypeAlias = chat_pb2.GetChatCompletionChunk
Sampling: TypeAlias = "RpcCall[Reply, T]"
Streaming: TypeAlias = "RpcCall[ChunkProto, T]"
Pair: TypeAlias = tuple[Response, Chunk]
Pairs: TypeAlias = tuple[Sequence[Response], Sequence[Chunk]]


class ChatCalls(Conversation):
    """A conversation that can describe its calls."""

    _conversation_id: str | None = None
    _batch_request_id: str | None = None

    def _options(self, call: Call, *, stream: bool = False) -> CallOptions:
        metadata: tuple[tuple[str, str], ...] = ()
        if self._conversation_id is not None:
            metadata = (("x-grok-conv-id", self._conversation_id),)
        return call_options(call, metadata, stream=stream)

    def _request(self, tools: Tools, **overrides: Any) -> bytes:
        if tools is not None:
            overrides["tools"] = tool_list("tools", tools)
        return self._body(**overrides)

    def _sampling(
        self, tools: Tools, call: Call, prompt: Message | None = None
    ) -> Sampling[Response]:
        body = self._request(tools, prompt=prompt)
        return self._unary(body, Response, call, prompt=prompt)

    def _batch_sampling(self, n: int, tools: Tools, call: Call) -> Sampling[Sequence[Response]]:
        n = response_count("n", n)
        body = self._request(tools, n=n)
        return self._unary(body, lambda reply: each_of(reply, n), call, n)

    def _parsing(self, shape: type[T], tools: Tools, call: Call) -> Sampling[tuple[Response, T]]:
        # Imported on use, because most programs do not need it.
        from xai_vision.chat._request.response_format import response_format
        from xai_vision.chat._request.structured_output import OutputType

        output_type = OutputType(shape)
        fmt = response_format("shape", output_type.schema)
        body = self._request(tools, response_format=fmt)
        return self._unary(body, lambda reply: output_type.parse(Response(reply)), call)

    def _unary(
        self,
        body: bytes,
        read: Callable[[ReplySource], T],
        call: Call,
        n: int | None = None,
        prompt: Message | None = None,
    ) -> Sampling[T]:
        info = CallInfo()
        return RpcCall(
            Rpc.GetCompletion,
            body,
            lambda reply: read(CompleteReply(reply, info)),
            self._options(call),
            info=info,
            request_attributes=lambda: request_attributes(self, self._conversation_id, n, prompt),
            response_attributes=response_attributes,
        )

    def _streaming(
        self, tools: Tools, call: Call, prompt: Message | None = None
    ) -> Streaming[Pair]:
        accumulator = StreamAccumulator(CallInfo())
        response = Response(accumulator)

        def read(chunk: ChunkProto) -> Pair:
            accumulator.add(chunk)
            return response, Chunk(chunk)

        body = self._request(tools, prompt=prompt)
        return self._stream_of(accumulator, body, call, read, [response], prompt)

    def _batch_streaming(self, n: int, tools: Tools, call: Call) -> Streaming[Pairs]:
        n = response_count("n", n)
        accumulator = StreamAccumulator(CallInfo())
        responses = [Response(accumulator, index) for index in range(n)]

        def read(chunk: ChunkProto) -> Pairs:
            accumulator.add(chunk)
            return responses, [Chunk(chunk, index) for index in range(n)]

        return self._stream_of(accumulator, self._request(tools, n=n), call, read, responses)

    def _stream_of(
        self,
        accumulator: StreamAccumulator,
        body: bytes,
        call: Call,
        read: Callable[[ChunkProto], T],
        responses: list[Response],
        prompt: Message | None = None,
    ) -> Streaming[T]:
        n = len(responses) if len(responses) > 1 else None

        def finish() -> None:
            for response in responses:
                if response.finish_reason == "REASON_INVALID":
                    raise _unfinished()
            if prompt is not None:
                self._append_exchange(prompt, responses[0])

        return RpcCall(
            Rpc.GetCompletionChunk,
            body,
            read,
            self._options(call, stream=True),
            info=accumulator.info,
            partial=lambda: responses if n else responses[0],
            finish=finish,
            request_attributes=lambda: request_attributes(
                self, self._conversation_id, n, prompt, stream=True
            ),
            response_attributes=lambda _: response_attributes(responses),
        )

    def _deferring(
        self, tools: Tools, interval: Interval, call: Call, n: int | None = None
    ) -> Callable[[], CallSequence[ReplySource]]:
        from xai_vision.chat._deferred import deferred

        body = self._request(tools) if n is None else self._request(tools, n=response_count("n", n))
        return deferred(body, self._options(call), interval)

    def _compacting(self, call: Call) -> Compacting:
        settings = self._settings if self._proto is None else self._proto
        return compacting(settings.model, list(self.messages), self._options(call))


def compaction(model: str, messages: Sequence[MessageLike], call: Call) -> Compacting:
    """Describe the compaction of messages that are not a chat."""
    conversation = Conversation(chat_pb2.GetCompletionsRequest(), messages)
    options = call_options(call)
    return compacting(model, list(conversation.messages), options)


def stored(response_id: str, call: Call) -> Sampling[Sequence[Response]]:
    """Describe reading a stored response."""
    request = chat_pb2.GetStoredCompletionRequest(response_id=_id(response_id))
    info = CallInfo()
    return RpcCall(
        Rpc.GetStoredCompletion,
        request.SerializeToString(),
        lambda reply: _responses_of(reply, CompleteReply(reply, info)),
        call_options(call),
        info=info,
    )


def deleting(response_id: str, call: Call) -> RpcCall[chat_pb2.DeleteStoredCompletionResponse, str]:
    """Describe deleting a stored response."""
    request = chat_pb2.DeleteStoredCompletionRequest(response_id=_id(response_id))
    options = call_options(call)
    return RpcCall(
        Rpc.DeleteStoredCompletion,
        request.SerializeToString(),
        lambda reply: reply.response_id,
        options,
    )


def _responses_of(reply: Reply, source: ReplySource) -> list[Response]:
    """Return the responses of a reply with an unknown number of responses.

    If server-side tools ran, the outputs are turns of one response; otherwise each is a response.
    """
    if any(_is_turn(output) for output in reply.outputs):
        return [Response(source)]
    return [Response(source, output.index) for output in reply.outputs]


def _is_turn(output: chat_pb2.CompletionOutput) -> bool:
    client_side = (chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL, chat_pb2.TOOL_CALL_TYPE_INVALID)
    return output.message.role == chat_pb2.ROLE_TOOL or any(
        call.type not in client_side for call in output.message.tool_calls
    )


def each_of(reply: ReplySource, n: int) -> list[Response]:
    """Return the ``n`` responses of a reply."""
    return [Response(reply, index) for index in range(n)]


def _id(response_id: str) -> str:
    return checks.string("response_id", response_id, empty=False)


def _unfinished() -> StreamBrokenError:
    return StreamBrokenError(
        grpc.StatusCode.INTERNAL,
        "the stream ended without a finish reason, so the response may be incomplete",
        method=Rpc.GetCompletionChunk.path,
    )
