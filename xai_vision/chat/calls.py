"""What a chat asks of the service: each call described, none performed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import grpc

from xai_vision.chat.conversation import Conversation, Settings
from xai_vision.chat.fold import Fold
from xai_vision.chat.response import Chunk, Response
from xai_vision.errors import StreamBrokenError
from xai_vision.proto import chat_pb2
from xai_vision.proto.chat_grpc import Chat as Rpc
from xai_vision.wire.exchange import CallOptions, Exchange
from xai_vision.wire.timing import call_seconds

Timeout: TypeAlias = "float | timedelta | None"
Tools: TypeAlias = "Sequence[chat_pb2.Tool | Mapping[str, Any]] | None"

Sampling: TypeAlias = Exchange[chat_pb2.GetChatCompletionResponse, Response]
Streaming: TypeAlias = Exchange[chat_pb2.GetChatCompletionChunk, tuple[Response, Chunk]]


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
            from xai_vision.chat.settings import make_settings

            checked: Settings = make_settings("-", {"tools": tools})
            overrides["tools"] = checked.tools
        return self._body(**overrides)

    def _sampling(self, tools: Tools, timeout: Timeout) -> Sampling:
        return Exchange(Rpc.GetCompletion, self._request(tools), Response, self._options(timeout))

    def _streaming(self, tools: Tools, timeout: Timeout) -> Streaming:
        fold = Fold()
        response = Response(fold)

        def read(chunk: chat_pb2.GetChatCompletionChunk) -> tuple[Response, Chunk]:
            fold.add(chunk)
            return response, Chunk(chunk)

        def finish() -> None:
            if response.finish_reason == "REASON_INVALID":
                raise _unfinished(response)

        return Exchange(
            Rpc.GetCompletionChunk,
            self._request(tools),
            read,
            self._options(timeout),
            partial=lambda: response,
            finish=finish,
        )


def _unfinished(response: Response) -> StreamBrokenError:
    error = StreamBrokenError(
        grpc.StatusCode.INTERNAL,
        "the stream ended without a finish reason, so the answer may be cut short",
        method=Rpc.GetCompletionChunk.path,
    )
    error.partial = response
    return error
