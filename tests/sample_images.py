"""The pictures of the tests: the builders of examples/pictures.py, each file made once."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache

from examples import images as made

__all__ = [
    "MIB",
    "SAMPLES",
    "data_url",
    "jpeg",
    "jpeg_of",
    "made",
    "png",
    "png_of",
    "rotated_jpeg",
    "sample",
]

MIB = made.MIB
SAMPLES = tuple(made.SAMPLES)
jpeg = lru_cache(maxsize=64)(made.jpeg)
png = lru_cache(maxsize=64)(made.png)
jpeg_of = lru_cache(maxsize=8)(made.jpeg_of)
png_of = lru_cache(maxsize=8)(made.png_of)
rotated_jpeg = lru_cache(maxsize=16)(made.rotated_jpeg)


@lru_cache(maxsize=64)
def sample(name: str) -> bytes:
    """The file of that name in ``examples.pictures.SAMPLES``."""
    return made.SAMPLES[name]()


def data_url(data: bytes) -> str:
    """A JPEG or PNG file as the data URL that seeds and programs make of it."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{b64encode(data).decode()}"
