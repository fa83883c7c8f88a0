"""Pixels to JPEG or PNG, within a number of bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from xai_vision.errors._image import ImageTooLargeError
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._limits import human_size
from xai_vision.imaging._options import HOW_TO_FIT
from xai_vision.imaging._pillow.color_modes import to_8_bits, flatten_alpha, to_srgb

BEST, LEAST = 95, 85
"""JPEG qualities tried: above 95 files grow without a visible gain; below 85 it is better to
take fewer pixels (our choice)."""

_JPEG_SIDE = 65500
_SMALL = 2_000_000
_MAX_STEPS = 12


@dataclass
class Pixels:
    """A picture on its way: upright, in a mode that PNG holds.

    Attributes:
        image: The pixels.
        profile: The colour profile to keep, if any.
        subsampling: JPEG's chroma subsampling: 0 for full colour resolution, 1 or 2 for less.
        changes: What was done so far; what is done here is added.
    """

    image: Image.Image
    profile: bytes | None = None
    subsampling: int = 0
    changes: list[Change] = field(default_factory=list)

    def note(self, what: str, *, lossy: bool = False) -> None:
        """Add to the list of changes."""
        self.changes.append(Change(what, lossy=lossy))


class _FullError(Exception):
    """More was written than allowed."""


class _Bounded(io.BytesIO):
    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self._most:
            raise _FullError
        return super().write(data)


def _save(pixels: Pixels, file_format: str, most: int, **options: Any) -> bytes | None:
    """Encode, or return None as soon as it takes more than ``most`` bytes."""
    image = pixels.image.copy()
    image.info = {}  # Pillow would write what it finds there: comments, resolution, other profiles
    out = _Bounded(most)
    try:
        image.save(out, file_format, icc_profile=pixels.profile, **options)
    except _FullError:
        return None
    return out.getvalue()


def to_png(pixels: Pixels, most: int) -> bytes | None:
    """Encode as PNG without loss; None if that takes more than ``most`` bytes."""
    width, height = pixels.image.size
    marked = pixels.image.info.get("transparency") if pixels.image.mode == "P" else None
    level = 6 if width * height <= _SMALL else 3  # level 3 takes a third of the time
    return _save(pixels, "PNG", most, compress_level=level, transparency=marked)


def to_jpeg(pixels: Pixels, most: int, quality: int) -> bytes | None:
    """Encode as JPEG; None if that takes more than ``most`` bytes or JPEG cannot hold it."""
    if max(pixels.image.size) > _JPEG_SIDE:
        return None
    return _save(pixels, "JPEG", most, quality=quality, subsampling=pixels.subsampling)


def shrink(pixels: Pixels, longest: int) -> None:
    """Resize so that the longest side has ``longest`` pixels at most; never enlarges."""
    width, height = pixels.image.size
    if max(width, height) <= longest:
        return
    scale = longest / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels.image = _resized(to_8_bits(pixels.image, pixels.changes), size)


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def encode(pixels: Pixels, most: int, *, lossless: bool, smaller: bool) -> tuple[bytes, int | None]:
    """Encode a picture in at most ``most`` bytes, as well as that allows.

    First as PNG, if ``lossless``; then as JPEG of falling quality; then, if ``smaller``, with
    fewer pixels, as many as fit at a good quality.

    Returns:
        The file, and JPEG's quality or None if it is a PNG. Its size is that of ``pixels.image``;
        what was lost of its colours is added to ``pixels.changes``.

    Raises:
        ImageTooLargeError: It does not fit (and may not be made smaller).
    """
    if lossless and (data := to_png(pixels, most)) is not None:
        return data, None
    pixels.image = flatten_alpha(to_8_bits(pixels.image, pixels.changes), pixels.changes)
    if smaller and pixels.profile and 4 * len(pixels.profile) > most:
        _leave_out_profile(pixels, pixels.profile)
    found = _best_quality(pixels, most)
    if found is None:
        if not smaller:
            raise _too_large(most, HOW_TO_FIT)
        found = _fewer_pixels(pixels, most)
    return found


def _best_quality(pixels: Pixels, most: int) -> tuple[bytes, int] | None:
    """Find the highest quality that fits; None if the least does not."""
    data = to_jpeg(pixels, most, BEST)
    if data is not None:
        return data, BEST
    low, high = LEAST, BEST  # low is the highest known to fit, high the lowest known not to
    data = to_jpeg(pixels, most, low)
    if data is None:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        tried = to_jpeg(pixels, most, middle)
        if tried is None:
            high = middle
        else:
            low, data = middle, tried
    return data, low


def _fewer_pixels(pixels: Pixels, most: int) -> tuple[bytes, int]:
    """Take as many pixels as fit at the least good quality, then the best quality for them."""
    whole = pixels.image
    scale = min(1.0, _JPEG_SIDE / max(whole.size))
    for _ in range(_MAX_STEPS):
        size = max(1, int(whole.width * scale)), max(1, int(whole.height * scale))
        pixels.image = _resized(whole, size)
        data = to_jpeg(pixels, 1 << 40, LEAST)
        if data is not None and len(data) <= most:
            return _best_quality(pixels, most) or (data, LEAST)
        if size == (1, 1):
            break
        scale *= min(0.9, (most / len(data)) ** 0.5 * 0.98) if data else 0.5
    raise _too_large(most, "Allow more bytes with max_bytes= or limit=.")


def _leave_out_profile(pixels: Pixels, profile: bytes) -> None:
    """Convert to sRGB, which needs no profile, where the profile takes the room of the picture."""
    converted = to_srgb(pixels.image, profile)
    if converted is not None:
        pixels.image = converted
    pixels.profile = None
    pixels.note("colour profile left out, for its size", lossy=True)


def _too_large(most: int, remedy: str) -> ImageTooLargeError:
    return ImageTooLargeError(
        f"It cannot be encoded in {human_size(most)} ({most:,} bytes).",
        size=None,
        limit=most,
        remedy=remedy,
    )
