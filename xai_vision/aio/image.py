"""The asyncio client's ``image``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services._generation.image_response import AsyncImageResponse as ImageResponse
from xai_vision.services.image import AsyncImageService as Client

__all__ = ["Client", "ImageResponse"]
