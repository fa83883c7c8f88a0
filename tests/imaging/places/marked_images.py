"""Images with a red box, and where it is."""

from __future__ import annotations

import io

from hypothesis import strategies as st
from PIL import Image

_RED = (255, 0, 0)
SIDES = st.integers(1, 5000)
ORIENTATIONS = range(1, 9)


def marked(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """Return a white image with a red box."""
    image = Image.new("RGB", size, "white")
    image.paste(_RED, box)
    return image


def red_box(image: Image.Image) -> tuple[int, int, int, int]:
    """Return the box of the red pixels; half red counts, because of resizing."""
    green = image.convert("RGB").getchannel("G").point(lambda value: 255 * (value < 128))
    box = green.getbbox()
    assert box is not None
    return box


def file_of(image: Image.Image, file_format: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, file_format, **options)
    return out.getvalue()


def close(left, right, by: float) -> bool:
    return all(abs(a - b) <= by for a, b in zip(left, right, strict=True))
