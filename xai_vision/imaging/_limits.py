"""Limits of images, and the formatting of sizes and names."""

from __future__ import annotations

import operator
from typing import Any

from xai_vision.errors import _base as errors
from xai_vision.errors._base import InvalidRequestError

MIB = 1024 * 1024

MAX_BYTES = 20 * MIB
"""Bytes per image before base64 (xAI's documentation: "Maximum image size 20 MiB")."""

MAX_PIXELS = 178_956_970
"""Maximum pixels of an image that is not decoded: the number at which Pillow refuses to open it."""

MAX_DECODED_PIXELS = 100_000_000
"""Maximum pixels of a JPEG or PNG to decode, which takes up to 1 GiB (our choice)."""

_MAX_PIXELS_OF_OTHERS = 64_000_000  # WebP takes 16 bytes per pixel, so this takes 1 GiB as well

MAX_SOURCE_BYTES = 512 * MIB
"""Maximum bytes of a source that is converted or resized in memory (our choice)."""


def decoding_limit(name: str | None, max_pixels: int | None) -> int:
    """Return the maximum number of pixels to decode of a format, if ``max_pixels`` sets none."""
    if max_pixels is not None:
        return max_pixels
    return MAX_DECODED_PIXELS if name in ("JPEG", "PNG", "MPO") else _MAX_PIXELS_OF_OTHERS


def human_size(size: int) -> str:
    """Format a number of bytes in units of 1024: ``35 KiB``, ``1.2 MiB``."""
    if size < 1024:
        return f"{size} byte{'' if size == 1 else 's'}"
    if size < 100 * 1024:
        return f"{size / 1024:.1f} KiB".replace(".0 ", " ")
    if size < MIB:
        return f"{size / 1024:.0f} KiB"
    return f"{size / MIB:.1f} MiB".replace(".0 ", " ")


def over_limit(size: int, limit: int) -> str:
    """Describe a size over the limit, with numbers that differ even when they are close."""
    shown = human_size(limit)
    if shown == human_size(size):
        shown = f"{limit:,} bytes ({shown})"
    return f"the image has {size:,} bytes ({human_size(size)}), over the limit of {shown}."


def positive_int(name: str, value: Any) -> int:
    """Return a positive integer of Python or NumPy as an int.

    Raises:
        InvalidRequestError: The value is not one; the message names the option.
    """
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise InvalidRequestError(f"{name} must be an integer above 0, not {safe_repr(value)}.")
    return number


def safe_repr(value: object, limit: int = 80) -> str:
    """Return the repr of an option's value for an error, or its type if it could be image data."""
    plain = value is None or isinstance(value, (str, bool, int, float))
    return errors.short_repr(value, limit) if plain else type(value).__name__


def printable(name: str, limit: int = 80) -> str:
    """Make a name printable, on one line, and not too long."""
    text = "".join(letter if letter.isprintable() else "?" for letter in name)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
