"""Results and types of image generation."""

from __future__ import annotations

from xai_vision.services._generation.common import PublicUrlOptions, StorageOptions
from xai_vision.services._generation.image_response import (
    AsyncImageResponse,
    BaseImageResponse,
    ImageResponse,
)
from xai_vision.services.image import (
    ImageAspectRatioMap,
    ImageFormatMap,
    ImageParameters,
    ImageQualityMap,
    ImageResolutionMap,
)
from xai_vision.types.image import ImageAspectRatio, ImageFormat, ImageQuality, ImageResolution

__all__ = [
    "AsyncImageResponse",
    "BaseImageResponse",
    "ImageAspectRatio",
    "ImageAspectRatioMap",
    "ImageFormat",
    "ImageFormatMap",
    "ImageParameters",
    "ImageQuality",
    "ImageQualityMap",
    "ImageResolution",
    "ImageResolutionMap",
    "ImageResponse",
    "PublicUrlOptions",
    "StorageOptions",
]
