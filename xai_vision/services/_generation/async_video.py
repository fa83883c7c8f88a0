"""``client.video`` of the asyncio client."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters
from xai_vision.proto import deferred_pb2, image_pb2, video_pb2
from xai_vision.services._generation import video_calls as calls
from xai_vision.services._generation.common import StorageOptions
from xai_vision.services._generation.video_calls import VideoCallParameters
from xai_vision.services._generation.video_request import prepare, prepare_extension
from xai_vision.services._generation.video_response import VideoResponse

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AsyncVideoService:
    """Video generation; see ``VideoService``."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def start(
        self, prompt: str, model: str, **settings: Unpack[VideoCallParameters]
    ) -> deferred_pb2.StartDeferredResponse:
        """Start the generation of a video, without waiting for it."""
        return await self._transport.unary(calls.start(prompt, model, settings))

    async def get(
        self, request_id: str, **call: Unpack[CallParameters]
    ) -> video_pb2.GetDeferredVideoResponse:
        """Return the state of a request."""
        return await self._transport.unary(calls.get(request_id, call))

    async def generate(
        self,
        prompt: str,
        model: str,
        *,
        interval: float | timedelta | None = None,
        **settings: Unpack[VideoCallParameters],
    ) -> VideoResponse:
        """Generate or edit a video, and wait until it is done."""
        return await self._transport.run(calls.generate(prompt, model, interval, settings))

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
        described = calls.extend_start(
            prompt, model, video_url, video_file_id, duration, storage_options, call
        )
        return await self._transport.unary(described)

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
        steps = calls.extend(
            prompt, model, video_url, video_file_id, duration, storage_options, interval, call
        )
        return await self._transport.run(steps)

    prepare = staticmethod(prepare)
    prepare_extension = staticmethod(prepare_extension)
