"""The results of image generation."""

from __future__ import annotations

import asyncio
import base64
import binascii
import warnings
from collections.abc import Coroutine
from typing import Any

from xai_vision.errors import GenerationError
from xai_vision.proto import image_pb2
from xai_vision.services._generation.common import Generated


class BaseImageResponse(Generated[image_pb2.ImageResponse, image_pb2.GeneratedImage]):
    """One image of a response. Model, usage and cost are those of the whole request."""

    def __init__(self, proto: image_pb2.ImageResponse, index: int = 0) -> None:
        """Wrap an image.

        Args:
            proto: The response.
            index: The index of the image.

        Raises:
            IndexError: The response has no such image.
        """
        super().__init__(proto)
        self._image = proto.images[index]

    @property
    def _item(self) -> image_pb2.GeneratedImage:
        return self._image

    @property
    def prompt(self) -> str:
        """An empty string: the service does not return a revised prompt any more."""
        warnings.warn("ImageResponse.prompt is always empty", DeprecationWarning, stacklevel=2)
        return ""

    @property
    def url(self) -> str:
        """The URL of the image, which is valid for a limited time.

        Raises:
            GenerationError: The image was withheld, or requested with ``image_format="base64"``.
        """
        return self._require(self._image.url, "URL. Pass image_format='url'")

    @property
    def base64(self) -> str:
        """The image as base64, as the service sent it.

        Raises:
            GenerationError: The image was withheld, or requested with ``image_format="url"``.
        """
        return self._require(self._image.base64, "base64 image. Pass image_format='base64'")

    def _decoded(self) -> bytes:
        text = self._image.base64
        # The service sends a data URL; the data begins after its comma.
        data = text.partition(",")[2] if text.startswith("data:") else text
        try:
            return base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise GenerationError(f"the generated image is not valid base64: {error}") from None


class ImageResponse(BaseImageResponse):
    """A generated image."""

    @property
    def image(self) -> bytes:
        """The image's bytes, decoded from base64 or downloaded from ``url``.

        Raises:
            GenerationError: The image was withheld.
            DownloadError: The download failed.
        """
        if self._image.base64:
            return self._decoded()
        from xai_vision.services._generation.download import download

        return download(self.url)


class AsyncImageResponse(BaseImageResponse):
    """A generated image, of an AsyncClient."""

    @property
    def image(self) -> Coroutine[Any, Any, bytes]:
        """The image's bytes, to be awaited: ``await response.image``."""
        return self._read()

    async def _read(self) -> bytes:
        if self._image.base64:
            return self._decoded()
        from xai_vision.services._generation.download import download

        return await asyncio.to_thread(download, self.url)
