"""The images of the tests, built by examples/images.py and cached."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache

from examples import images as builders

__all__ = [
    "MIB",
    "SAMPLES",
    "builders",
    "data_url",
    "jpeg",
    "jpeg_of",
    "png",
    "png_of",
    "rotated_jpeg",
    "sample",
]

MIB = builders.MIB
SAMPLES = tuple(builders.SAMPLES)
jpeg = lru_cache(maxsize=64)(builders.jpeg)
png = lru_cache(maxsize=64)(builders.png)
jpeg_of = lru_cache(maxsize=8)(builders.jpeg_of)
png_of = lru_cache(maxsize=8)(builders.png_of)
rotated_jpeg = lru_cache(maxsize=16)(builders.rotated_jpeg)


@lru_cache(maxsize=64)
def sample(name: str) -> bytes:
    """Return the file of that name in ``examples.images.SAMPLES``."""
    return builders.SAMPLES[name]()


def data_url(data: bytes) -> str:
    """Return a JPEG or PNG file as a data URL."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{b64encode(data).decode()}"
