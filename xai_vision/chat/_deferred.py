"""Deferred responses: start a request and poll for its result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import grpc

from xai_vision._transport.options import CallOptions
from xai_vision._transport.polling import Wait
from xai_vision._transport.rpc import CallInfo, CallSequence, RpcCall
from xai_vision.chat._response.conversions import enum_name
from xai_vision.chat._response.reply_source import CompleteReply, ReplySource
from xai_vision.errors import APIError, NotFoundError, ServerError
from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.proto.chat_pb2_grpc import Chat as Rpc


def deferred(
    body: bytes,
    options: CallOptions,
    interval: float | timedelta | None,
) -> Callable[[], CallSequence[ReplySource]]:
    """Check the interval and describe the calls of a deferred response.

    Args:
        body: The request.
        options: The options of each call; their timeout limits the whole wait (default 600 s).
        interval: Seconds between polls; None starts at 0.1 and grows to 2.
    """
    wait = Wait(options, interval)
    return lambda: _steps(body, wait)


def _steps(body: bytes, wait: Wait) -> CallSequence[ReplySource]:
    wait.start()
    start = RpcCall(
        Rpc.StartDeferredCompletion, body, lambda reply: reply.request_id, wait.options()
    )
    request_id = yield start
    poll_request = deferred_pb2.GetDeferredRequest(request_id=request_id).SerializeToString()
    info = CallInfo()

    def poll(options: CallOptions) -> RpcCall[chat_pb2.GetDeferredCompletionResponse, object]:
        return RpcCall(
            Rpc.GetDeferredCompletion, poll_request, lambda reply: reply, options, info=info
        )

    def read(state: chat_pb2.GetDeferredCompletionResponse) -> ReplySource | None:
        if state.status == deferred_pb2.DONE:
            return CompleteReply(state.response, info)
        if state.status != deferred_pb2.PENDING:
            raise _ended(state.status, request_id)
        return None

    return (yield from wait.poll(poll, read, "deferred response", request_id))


def _ended(status: deferred_pb2.DeferredStatus.ValueType, request_id: str) -> APIError:
    name = enum_name(deferred_pb2.DeferredStatus, status)
    if status == deferred_pb2.EXPIRED:
        return _error(
            NotFoundError, grpc.StatusCode.NOT_FOUND, f"deferred response {request_id} has expired"
        )
    return _error(
        ServerError, grpc.StatusCode.INTERNAL, f"deferred response {request_id}: status {name}"
    )


def _error(kind: type[APIError], code: grpc.StatusCode, details: str) -> APIError:
    return kind(code, details, method=Rpc.GetDeferredCompletion.path)
