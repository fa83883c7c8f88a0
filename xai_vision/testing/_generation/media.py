"""Make generated images and videos: small files that every decoder opens."""

from __future__ import annotations

import io
from typing import Final

from xai_vision.testing._generation.quicktime import make_movie
from xai_vision.testing._service.image_inspection import detect_format
from xai_vision.testing._service.response import tokens

_SIDE: Final = {"1k": 128, "2k": 256, "480p": 80, "720p": 120, "1080p": 180}
"""About an eighth of the service's resolutions, to keep tests fast."""


def image_size(aspect_ratio: str, resolution: str) -> tuple[int, int]:
    """Return the size of a generated image in pixels.

    Args:
        aspect_ratio: Width to height, such as "16:9".
        resolution: "1k" or "2k" of images; "480p", "720p" or "1080p" of videos.
    """
    width, height = map(float, aspect_ratio.split(":"))
    side = _SIDE[resolution]
    scale = side / (width * height) ** 0.5
    return max(8, round(width * scale)), max(8, round(height * scale))


def make_jpeg(prompt: str, size: tuple[int, int], index: int = 0) -> bytes:
    """Return a JPEG of one color, which depends on the prompt and the index."""
    # Imported on use: few requests generate images.
    from PIL import Image

    number = tokens.token_id(f"{index} {prompt}")
    color = (number & 255, number >> 4 & 255, number >> 9 & 255)
    jpeg = io.BytesIO()
    Image.new("RGB", size, color).save(jpeg, "JPEG", quality=80)
    return jpeg.getvalue()


def make_video(prompt: str, size: tuple[int, int], seconds: int) -> bytes:
    """Return a QuickTime file with one frame a second."""
    return make_movie([make_jpeg(prompt, size, index) for index in range(seconds)], size)


def media_type(data: bytes, default: str) -> str:
    """Return the media type of an image, or ``default`` if its format is not known."""
    format_ = detect_format(data)
    return f"image/{format_.lower()}" if format_ and format_ != "PDF" else default
