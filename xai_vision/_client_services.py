"""The services of the clients besides chat.

They are imported on use, because most programs need only chat.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xai_vision._transport.aio import AsyncTransport
    from xai_vision._transport.sync import Transport
    from xai_vision.services._batch.async_service import AsyncBatchService
    from xai_vision.services._collections.async_service import AsyncCollectionsService
    from xai_vision.services.auth import AsyncAuthService, AuthService
    from xai_vision.services.batch import BatchService
    from xai_vision.services.collections import CollectionsService
    from xai_vision.services.files import AsyncFilesService, FilesService
    from xai_vision.services.image import AsyncImageService, ImageService
    from xai_vision.services.models import AsyncModelsService, ModelsService
    from xai_vision.services.tokenize import AsyncTokenizeService, TokenizeService
    from xai_vision.services.video import AsyncVideoService, VideoService

SERVICES = ("auth", "batch", "chat", "collections", "files", "image", "models", "tokenize", "video")
"""The names of a client's attributes that keep the client's transport."""


class Services:
    """The services of ``Client``."""

    _transport: Transport
    _management: Transport | None
    _shared: dict[str, Any]

    @cached_property
    def auth(self) -> AuthService:
        """API key info."""
        from xai_vision.services.auth import AuthService

        return AuthService(self._transport)

    @cached_property
    def batch(self) -> BatchService:
        """Batches of requests."""
        from xai_vision.services._batch.requests import Pace
        from xai_vision.services.batch import BatchService

        return BatchService(self._transport, self._shared.setdefault("pace", Pace()))

    @cached_property
    def collections(self) -> CollectionsService:
        """Collections of documents; they need a management key."""
        from xai_vision.services.collections import CollectionsService

        return CollectionsService(self._transport, self._management)

    @cached_property
    def files(self) -> FilesService:
        """Stored files."""
        from xai_vision.services.files import FilesService

        return FilesService(self._transport)

    @cached_property
    def image(self) -> ImageService:
        """Image generation."""
        from xai_vision.services.image import ImageService

        return ImageService(self._transport)

    @cached_property
    def models(self) -> ModelsService:
        """The available models, their inputs and prices."""
        from xai_vision.services.models import ModelsService

        return ModelsService(self._transport)

    @cached_property
    def tokenize(self) -> TokenizeService:
        """Tokenizer."""
        from xai_vision.services.tokenize import TokenizeService

        return TokenizeService(self._transport)

    @cached_property
    def video(self) -> VideoService:
        """Video generation."""
        from xai_vision.services.video import VideoService

        return VideoService(self._transport)


class AsyncServices:
    """The services of ``AsyncClient``."""

    _transport: AsyncTransport
    _management: AsyncTransport | None
    _shared: dict[str, Any]

    @cached_property
    def auth(self) -> AsyncAuthService:
        """API key info."""
        from xai_vision.services.auth import AsyncAuthService

        return AsyncAuthService(self._transport)

    @cached_property
    def batch(self) -> AsyncBatchService:
        """Batches of requests."""
        from xai_vision.services._batch.async_service import AsyncBatchService
        from xai_vision.services._batch.requests import Pace

        return AsyncBatchService(self._transport, self._shared.setdefault("pace", Pace()))

    @cached_property
    def collections(self) -> AsyncCollectionsService:
        """Collections of documents; they need a management key."""
        from xai_vision.services._collections.async_service import AsyncCollectionsService

        return AsyncCollectionsService(self._transport, self._management)

    @cached_property
    def files(self) -> AsyncFilesService:
        """Stored files."""
        from xai_vision.services.files import AsyncFilesService

        return AsyncFilesService(self._transport)

    @cached_property
    def image(self) -> AsyncImageService:
        """Image generation."""
        from xai_vision.services.image import AsyncImageService

        return AsyncImageService(self._transport)

    @cached_property
    def models(self) -> AsyncModelsService:
        """The available models, their inputs and prices."""
        from xai_vision.services.models import AsyncModelsService

        return AsyncModelsService(self._transport)

    @cached_property
    def tokenize(self) -> AsyncTokenizeService:
        """Tokenizer."""
        from xai_vision.services.tokenize import AsyncTokenizeService

        return AsyncTokenizeService(self._transport)

    @cached_property
    def video(self) -> AsyncVideoService:
        """Video generation."""
        from xai_vision.services.video import AsyncVideoService

        return AsyncVideoService(self._transport)
