"""Deferred responses: start a request and poll for its result."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import grpc

from xai_vision._transport.durations import call_seconds
from xai_vision._transport.options import CallOptions
from xai_vision._transport.rpc import CallInfo, CallSequence, RpcCall, Sleep
from xai_vision.chat._response.conversions import enum_name
from xai_vision.chat._response.reply_source import CompleteReply, ReplySource
from xai_vision.errors import APIError, NotFoundError, RequestTimeoutError, ServerError
from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.proto.chat_grpc import Chat as Rpc

DEFAULT_WAIT = 600.0
"""Seconds; xai_sdk's default timeout of a deferred response."""

# Without interval=: poll quickly at first for short responses, then less often.
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_GROWTH = 1.5


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
    wait = options.timeout or DEFAULT_WAIT
    pause = call_seconds(interval, "interval")
    return lambda: _steps(body, options, wait, pause)


def _steps(
    body: bytes, options: CallOptions, wait: float, interval: float | None
) -> CallSequence[ReplySource]:
    end = time.monotonic() + wait
    start = RpcCall(
        Rpc.StartDeferredCompletion, body, lambda reply: reply.request_id, _within(options, end)
    )
    request_id = yield start
    poll_request = deferred_pb2.GetDeferredRequest(request_id=request_id).SerializeToString()
    pause = interval or _FIRST_PAUSE
    while True:
        info = CallInfo()
        poll = RpcCall(
            Rpc.GetDeferredCompletion,
            poll_request,
            lambda reply: reply,
            _within(options, end),
            info=info,
        )
        state: chat_pb2.GetDeferredCompletionResponse
        try:
            state = yield poll
        except RequestTimeoutError:
            # The last poll had only the rest of the timeout.
            if time.monotonic() < end:
                raise
            raise _too_long(request_id, wait) from None
        if state.status == deferred_pb2.DONE:
            return CompleteReply(state.response, info)
        if state.status != deferred_pb2.PENDING:
            raise _ended(state.status, request_id)
        if time.monotonic() + pause >= end:
            raise _too_long(request_id, wait)
        yield Sleep(pause)
        if interval is None:
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def _within(options: CallOptions, end: float) -> CallOptions:
    # Never zero: the timeout of the whole wait ends the loop.
    remaining = max(end - time.monotonic(), 0.001)
    return CallOptions(
        timeout=remaining,
        retries=options.retries,
        wait_for_ready=options.wait_for_ready,
        metadata=options.metadata,
    )


def _ended(status: deferred_pb2.DeferredStatus.ValueType, request_id: str) -> APIError:
    name = enum_name(deferred_pb2.DeferredStatus, status)
    if status == deferred_pb2.EXPIRED:
        return _error(
            NotFoundError, grpc.StatusCode.NOT_FOUND, f"deferred response {request_id} has expired"
        )
    return _error(
        ServerError, grpc.StatusCode.INTERNAL, f"deferred response {request_id}: status {name}"
    )


def _too_long(request_id: str, wait: float) -> APIError:
    return _error(
        RequestTimeoutError,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        f"deferred response {request_id} was not done after {wait:g} seconds",
    )


def _error(kind: type[APIError], code: grpc.StatusCode, details: str) -> APIError:
    return kind(code, details, method=Rpc.GetDeferredCompletion.path)
