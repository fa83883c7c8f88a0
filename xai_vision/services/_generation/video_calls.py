"""The calls of ``client.video``, described once for both clients."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from xai_vision import _validation as checks
from xai_vision._transport.options import CallOptions, CallParameters, call_options
from xai_vision._transport.polling import Wait
from xai_vision._transport.rpc import CallSequence, RpcCall
from xai_vision.chat._response.conversions import enum_name
from xai_vision.errors import VideoGenerationError
from xai_vision.proto import deferred_pb2, video_pb2
from xai_vision.proto._method import Method
from xai_vision.proto.video_pb2_grpc import Video as Rpc
from xai_vision.services._generation.common import request_attributes
from xai_vision.services._generation.video_request import (
    VideoParameters,
    extension_request,
    video_request,
)
from xai_vision.services._generation.video_response import VideoResponse
from xai_vision.services._rpcs import Call, describe, split_keywords, unchanged

DEFAULT_VIDEO_TIMEOUT = timedelta(minutes=10)
DEFAULT_VIDEO_POLL_INTERVAL = timedelta(seconds=1)


Started: TypeAlias = deferred_pb2.StartDeferredResponse
State: TypeAlias = video_pb2.GetDeferredVideoResponse


class VideoCallParameters(VideoParameters, CallParameters, total=False):
    """The settings of video generation and the options of the call."""


def start(prompt: str, model: str, keywords: Call) -> RpcCall[Started, Started]:
    """Describe the start of a video; the keywords are settings and options of the call."""
    settings, call = split_keywords(keywords)
    request = video_request(prompt, model, settings)
    return _start(Rpc.GenerateVideo, request, _wait_options(call))


def generate(
    prompt: str, model: str, interval: float | timedelta | None, keywords: Call
) -> CallSequence[VideoResponse]:
    """Check the arguments and describe the calls that generate a video."""
    settings, call = split_keywords(keywords)
    return _complete(Rpc.GenerateVideo, video_request(prompt, model, settings), interval, call)


def extend_start(
    prompt: str,
    model: str,
    video_url: str | None,
    video_file_id: str | None,
    duration: int | None,
    storage_options: Any,
    call: Call,
) -> RpcCall[Started, Started]:
    """Describe the start of an extension."""
    request = extension_request(prompt, model, video_url, video_file_id, duration, storage_options)
    return _start(Rpc.ExtendVideo, request, call_options(call))


def extend(
    prompt: str,
    model: str,
    video_url: str | None,
    video_file_id: str | None,
    duration: int | None,
    storage_options: Any,
    interval: float | timedelta | None,
    call: Call,
) -> CallSequence[VideoResponse]:
    """Check the arguments and describe the calls that extend a video."""
    request = extension_request(prompt, model, video_url, video_file_id, duration, storage_options)
    return _complete(Rpc.ExtendVideo, request, interval, call)


def get(request_id: str, call: Call) -> RpcCall[State, State]:
    """Describe the request for the state of a video."""
    request_id = checks.string("request_id", request_id, empty=False)
    request = video_pb2.GetDeferredVideoRequest(request_id=request_id)
    return describe(Rpc.GetDeferredVideo, request, unchanged, call)


def _wait_options(call: Call) -> CallOptions:
    if call.get("timeout") == timedelta(0):
        call = {**call, "timeout": None}  # as in xai_sdk
    return call_options(call)


def _start(
    method: Method[Any, Started], request: Any, options: CallOptions
) -> RpcCall[Started, Started]:
    operation = "extend_video" if method is Rpc.ExtendVideo else "generate_video"
    settings = ["duration"]
    if method is Rpc.GenerateVideo:
        settings += ["aspect_ratio", "resolution", "generate_audio"]
    return describe(
        method,
        request,
        unchanged,
        options,
        request_attributes=lambda: request_attributes(operation, "video", request, settings),
    )


def _complete(
    method: Method[Any, Started], request: Any, interval: float | timedelta | None, call: Call
) -> CallSequence[VideoResponse]:
    seconds = DEFAULT_VIDEO_TIMEOUT.total_seconds()
    wait = Wait(_wait_options(call), interval, seconds, DEFAULT_VIDEO_POLL_INTERVAL)
    return _steps(method, request, wait)


def _steps(method: Method[Any, Started], request: Any, wait: Wait) -> CallSequence[VideoResponse]:
    wait.start()
    started: Started = yield _start(method, request, wait.options())
    message = video_pb2.GetDeferredVideoRequest(request_id=started.request_id)
    body = message.SerializeToString()

    def poll(options: CallOptions) -> RpcCall[State, object]:
        return RpcCall(Rpc.GetDeferredVideo, body, unchanged, options)

    return (yield from wait.poll(poll, _read, "video", started.request_id))


def _read(state: State) -> VideoResponse | None:
    if state.status == deferred_pb2.PENDING:
        return None
    if state.status == deferred_pb2.DONE and state.HasField("response"):
        return VideoResponse(state.response)
    if state.status == deferred_pb2.FAILED and state.response.HasField("error"):
        raise VideoGenerationError(state.response.error.code, state.response.error.message)
    if state.status == deferred_pb2.FAILED:
        raise VideoGenerationError("UNKNOWN", "the service reported no reason")
    if state.status == deferred_pb2.EXPIRED:
        raise VideoGenerationError("EXPIRED", "the request has expired")
    status = enum_name(deferred_pb2.DeferredStatus, state.status)
    raise VideoGenerationError("UNKNOWN", f"the response has the status {status} and no video")
