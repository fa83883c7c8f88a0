"""``client.video``: generate, edit and extend videos."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xai_vision import _validation as checks
from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallOptions, CallParameters, call_options
from xai_vision._transport.polling import Wait
from xai_vision._transport.rpc import CallSequence, RpcCall
from xai_vision._transport.sync import Transport
from xai_vision.chat._response.conversions import enum_name
from xai_vision.errors import VideoGenerationError
from xai_vision.proto import deferred_pb2, image_pb2, video_pb2
from xai_vision.proto._method import Method
from xai_vision.proto.video_pb2_grpc import Video as Rpc
from xai_vision.services._generation.common import Generated, StorageOptions, request_attributes
from xai_vision.services._generation.video_request import (
    VideoParameters,
    extension_request,
    prepare,
    prepare_extension,
    video_request,
)
from xai_vision.services._rpcs import Call, describe, unchanged

if TYPE_CHECKING:
    from typing_extensions import Unpack

DEFAULT_VIDEO_TIMEOUT = timedelta(minutes=10)
DEFAULT_VIDEO_POLL_INTERVAL = timedelta(seconds=1)


class VideoCallParameters(VideoParameters, CallParameters, total=False):
    """The settings of video generation and the options of the call."""


class VideoResponse(Generated[video_pb2.VideoResponse, video_pb2.GeneratedVideo]):
    """A generated video."""

    _kind = "video"

    @property
    def _item(self) -> video_pb2.GeneratedVideo:
        return self._proto.video

    @property
    def url(self) -> str:
        """The URL of the video, which is valid for a limited time.

        Raises:
            GenerationError: The video was withheld.
        """
        return self._require(self._proto.video.url, "URL")

    @property
    def duration(self) -> int:
        """The duration in seconds."""
        return self._proto.video.duration


def _split(kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], CallOptions]:
    settings: dict[str, Any] = {}
    options: dict[str, Any] = {}
    for name, value in kwargs.items():
        (options if name in CallParameters.__annotations__ else settings)[name] = value
    return settings, _wait_options(options)


def _wait_options(call: Call) -> CallOptions:
    if call.get("timeout") == timedelta(0):
        call = {**call, "timeout": None}  # as in xai_sdk
    return call_options(call)


def _start(
    method: Method[Any, deferred_pb2.StartDeferredResponse], request: Any, options: CallOptions
) -> RpcCall[deferred_pb2.StartDeferredResponse, deferred_pb2.StartDeferredResponse]:
    operation = "extend_video" if method is Rpc.ExtendVideo else "generate_video"
    settings = ["duration"]
    if method is Rpc.GenerateVideo:
        settings += ["aspect_ratio", "resolution", "generate_audio"]
    return RpcCall(
        method,
        request.SerializeToString(),
        unchanged,
        options,
        request_attributes=lambda: request_attributes(operation, "video", request, settings),
    )


def _get(
    request_id: str, call: Call
) -> RpcCall[video_pb2.GetDeferredVideoResponse, video_pb2.GetDeferredVideoResponse]:
    request_id = checks.string("request_id", request_id, empty=False)
    request = video_pb2.GetDeferredVideoRequest(request_id=request_id)
    return describe(Rpc.GetDeferredVideo, request, unchanged, call)


def _complete(
    method: Method[Any, deferred_pb2.StartDeferredResponse],
    request: Any,
    options: CallOptions,
    interval: float | timedelta | None,
) -> CallSequence[VideoResponse]:
    """Describe the calls that start a video and poll until it is done."""
    wait = Wait(options, interval, default_interval=DEFAULT_VIDEO_POLL_INTERVAL)
    return _steps(method, request, wait)


def _steps(
    method: Method[Any, deferred_pb2.StartDeferredResponse], request: Any, wait: Wait
) -> CallSequence[VideoResponse]:
    wait.start()
    started: deferred_pb2.StartDeferredResponse = yield _start(method, request, wait.options())
    message = video_pb2.GetDeferredVideoRequest(request_id=started.request_id)
    body = message.SerializeToString()

    def poll(options: CallOptions) -> RpcCall[video_pb2.GetDeferredVideoResponse, object]:
        return RpcCall(Rpc.GetDeferredVideo, body, unchanged, options)

    return (yield from wait.poll(poll, _read, "video", started.request_id))


def _read(state: video_pb2.GetDeferredVideoResponse) -> VideoResponse | None:
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


class VideoService:
    """Video generation."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(
        self, prompt: str, model: str, **settings: Unpack[VideoCallParameters]
    ) -> deferred_pb2.StartDeferredResponse:
        """Start the generation of a video, without waiting for it.

        The arguments are those of ``generate``.

        Returns:
            A message with ``request_id``, for ``get``.

        Raises:
            InvalidRequestError: An argument is not valid. Nothing was sent.
            APIError: The call failed.
        """
        parameters, options = _split(settings)
        request = video_request(prompt, model, parameters)
        return self._transport.unary(_start(Rpc.GenerateVideo, request, options))

    def get(
        self, request_id: str, **call: Unpack[CallParameters]
    ) -> video_pb2.GetDeferredVideoResponse:
        """Return the state of a request: ``status``, and in ``response`` the video or progress.

        Raises:
            InvalidRequestError: ``request_id`` is empty.
            NotFoundError: The request does not exist.
            APIError: The call failed otherwise.
        """
        return self._transport.unary(_get(request_id, call))

    def generate(
        self,
        prompt: str,
        model: str,
        *,
        interval: float | timedelta | None = None,
        **settings: Unpack[VideoCallParameters],
    ) -> VideoResponse:
        """Generate or edit a video, and wait until it is done.

        Args:
            prompt: The description of the video, or of the edit.
            model: The model, such as "grok-imagine-video".
            interval: Seconds or a timedelta between polls. Default 1 second.
            **settings: The settings, and the options of ``CallParameters``. ``timeout`` limits
                the whole wait. Default 10 minutes.

                ``image_url`` or ``image_file_id``: the first frame, as a URL, a prepared image
                or the id of an uploaded file. ``last_frame_url``, ``last_frame_file_id``:
                the last frame.
                ``keyframes``: up to 4 dicts with ``image_url`` or ``image_file_id``, and
                ``timestamp`` in seconds.
                ``video_url`` or ``video_file_id``: a video to edit.
                ``duration``: 1 to 15 seconds.
                ``aspect_ratio``: width to height, such as "16:9".
                ``resolution``: "480p", "720p" or "1080p".
                ``reference_image_urls``, ``reference_image_file_ids``: images of people and
                objects; the files come first.
                ``reference_audios``: up to 3 dicts with ``voice_id``.
                ``generate_audio``: whether the video has sound.
                ``storage_options``: store the video as a file; see ``StorageOptions``.

        Returns:
            The video.

        Raises:
            InvalidRequestError: An argument is not valid. Nothing was sent.
            VideoGenerationError: The service could not generate the video.
            RequestTimeoutError: The video was not done in time. The request goes on: its id is
                ``deferred_id`` of the error, for ``get``.
            APIError: A call failed otherwise. ``deferred_id`` is set if the request was started.
        """
        parameters, options = _split(settings)
        request = video_request(prompt, model, parameters)
        return self._transport.run(_complete(Rpc.GenerateVideo, request, options, interval))

    def extend_start(
        self,
        prompt: str,
        model: str,
        video_url: str | None = None,
        *,
        video_file_id: str | None = None,
        duration: int | None = None,
        storage_options: StorageOptions | image_pb2.StorageOptions | None = None,
        **call: Unpack[CallParameters],
    ) -> deferred_pb2.StartDeferredResponse:
        """Start the extension of a video; arguments as for ``extend``, result as of ``start``."""
        request = extension_request(
            prompt, model, video_url, video_file_id, duration, storage_options
        )
        return self._transport.unary(_start(Rpc.ExtendVideo, request, call_options(call)))

    def extend(
        self,
        prompt: str,
        model: str,
        video_url: str | None = None,
        *,
        video_file_id: str | None = None,
        duration: int | None = None,
        storage_options: StorageOptions | image_pb2.StorageOptions | None = None,
        interval: float | timedelta | None = None,
        **call: Unpack[CallParameters],
    ) -> VideoResponse:
        """Extend a video at its end, and wait until it is done.

        Args:
            prompt: The description of the new part.
            model: The model.
            video_url: The URL of the video to extend.
            video_file_id: The id of an uploaded video, instead of a URL.
            duration: The duration of the new part, 1 to 10 seconds.
            storage_options: Store the video as a file; see ``StorageOptions``.
            interval: As for ``generate``.
            **call: As for ``generate``.

        Raises:
            InvalidRequestError: An argument is not valid, or there is not exactly one video.
                Nothing was sent.
            VideoGenerationError: As for ``generate``.
            RequestTimeoutError: As for ``generate``.
            APIError: A call failed otherwise.
        """
        request = extension_request(
            prompt, model, video_url, video_file_id, duration, storage_options
        )
        steps = _complete(Rpc.ExtendVideo, request, _wait_options(call), interval)
        return self._transport.run(steps)

    prepare = staticmethod(prepare)
    prepare_extension = staticmethod(prepare_extension)


class AsyncVideoService:
    """Video generation; see ``VideoService``."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def start(
        self, prompt: str, model: str, **settings: Unpack[VideoCallParameters]
    ) -> deferred_pb2.StartDeferredResponse:
        """Start the generation of a video, without waiting for it."""
        parameters, options = _split(settings)
        request = video_request(prompt, model, parameters)
        return await self._transport.unary(_start(Rpc.GenerateVideo, request, options))

    async def get(
        self, request_id: str, **call: Unpack[CallParameters]
    ) -> video_pb2.GetDeferredVideoResponse:
        """Return the state of a request."""
        return await self._transport.unary(_get(request_id, call))

    async def generate(
        self,
        prompt: str,
        model: str,
        *,
        interval: float | timedelta | None = None,
        **settings: Unpack[VideoCallParameters],
    ) -> VideoResponse:
        """Generate or edit a video, and wait until it is done."""
        parameters, options = _split(settings)
        request = video_request(prompt, model, parameters)
        steps = _complete(Rpc.GenerateVideo, request, options, interval)
        return await self._transport.run(steps)

    async def extend_start(
        self,
        prompt: str,
        model: str,
        video_url: str | None = None,
        *,
        video_file_id: str | None = None,
        duration: int | None = None,
        storage_options: StorageOptions | image_pb2.StorageOptions | None = None,
        **call: Unpack[CallParameters],
    ) -> deferred_pb2.StartDeferredResponse:
        """Start the extension of a video."""
        request = extension_request(
            prompt, model, video_url, video_file_id, duration, storage_options
        )
        return await self._transport.unary(_start(Rpc.ExtendVideo, request, call_options(call)))

    async def extend(
        self,
        prompt: str,
        model: str,
        video_url: str | None = None,
        *,
        video_file_id: str | None = None,
        duration: int | None = None,
        storage_options: StorageOptions | image_pb2.StorageOptions | None = None,
        interval: float | timedelta | None = None,
        **call: Unpack[CallParameters],
    ) -> VideoResponse:
        """Extend a video at its end, and wait until it is done."""
        request = extension_request(
            prompt, model, video_url, video_file_id, duration, storage_options
        )
        steps = _complete(Rpc.ExtendVideo, request, _wait_options(call), interval)
        return await self._transport.run(steps)

    prepare = staticmethod(prepare)
    prepare_extension = staticmethod(prepare_extension)
