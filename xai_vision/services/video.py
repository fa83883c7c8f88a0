"""``client.video``: generate, edit and extend videos."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xai_vision._transport.options import CallParameters
from xai_vision._transport.sync import Transport
from xai_vision.proto import deferred_pb2, image_pb2, video_pb2
from xai_vision.services._generation import video_calls as calls
from xai_vision.services._generation.async_video import AsyncVideoService
from xai_vision.services._generation.common import StorageOptions
from xai_vision.services._generation.video_calls import VideoCallParameters
from xai_vision.services._generation.video_request import prepare, prepare_extension
from xai_vision.services._generation.video_response import VideoResponse

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["AsyncVideoService", "VideoService"]


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
        return self._transport.unary(calls.start(prompt, model, settings))

    def get(
        self, request_id: str, **call: Unpack[CallParameters]
    ) -> video_pb2.GetDeferredVideoResponse:
        """Return the state of a request: ``status``, and in ``response`` the video or progress.

        Raises:
            InvalidRequestError: ``request_id`` is empty.
            NotFoundError: The request does not exist.
            APIError: The call failed otherwise.
        """
        return self._transport.unary(calls.get(request_id, call))

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
        return self._transport.run(calls.generate(prompt, model, interval, settings))

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
        described = calls.extend_start(
            prompt, model, video_url, video_file_id, duration, storage_options, call
        )
        return self._transport.unary(described)

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
        steps = calls.extend(
            prompt, model, video_url, video_file_id, duration, storage_options, interval, call
        )
        return self._transport.run(steps)

    prepare = staticmethod(prepare)
    prepare_extension = staticmethod(prepare_extension)
