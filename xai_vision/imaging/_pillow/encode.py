"""Encoding to JPEG or PNG within a number of bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from xai_vision.errors._image import ImageTooLargeError
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._limits import human_size
from xai_vision.imaging._options import HOW_TO_FIT
from xai_vision.imaging._pillow.color_modes import flatten_alpha, to_8_bits, to_srgb

MAX_QUALITY, MIN_QUALITY = 95, 85
"""Range of JPEG qualities: above 95 files grow without a visible gain; below 85 fewer pixels look
better (our choice)."""

_JPEG_SIDE = 65500
_SMALL = 2_000_000
_MAX_STEPS = 12


@dataclass
class PixelBuffer:
    """An image to encode: orientation applied, in a mode of PNG.

    Attributes:
        image: The pixels.
        profile: The color profile to keep, if any.
        subsampling: JPEG's chroma subsampling: 0 for full color resolution, 1 or 2 for less.
        changes: The changes so far; encoding adds to them.
    """

    image: Image.Image
    profile: bytes | None = None
    subsampling: int = 0
    changes: list[Change] = field(default_factory=list)

    def note(self, change: str, *, lossy: bool = False) -> None:
        """Add to the list of changes."""
        self.changes.append(Change(change, lossy=lossy))


class _FullError(Exception):
    """Raised when more bytes are written than allowed."""


class _Bounded(io.BytesIO):
    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self._max_bytes = max_bytes

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self._max_bytes:
            raise _FullError
        return super().write(data)


def _save(pixels: PixelBuffer, file_format: str, max_bytes: int, **options: Any) -> bytes | None:
    """Encode, or return None as soon as there are more than ``max_bytes`` bytes."""
    image = _without_info(pixels.image)
    out = _Bounded(max_bytes)
    try:
        image.save(out, file_format, icc_profile=pixels.profile, **options)
    except _FullError:
        return None
    return out.getvalue()


def _without_info(image: Image.Image) -> Image.Image:
    """Return an image of the same pixels without ``info``, whose content Pillow would write.

    The pixels are shared, because ``image.copy()`` takes as much memory again. The image itself is
    the user's and can be used by other threads, so its ``info`` is not changed.
    """
    image.load()  # counting frames can unload it
    bare = image._new(image.im)  # no public function shares pixels
    bare.info = {}
    return bare


def to_png(pixels: PixelBuffer, max_bytes: int) -> bytes | None:
    """Encode as PNG; None if there are more than ``max_bytes`` bytes."""
    width, height = pixels.image.size
    marked = pixels.image.info.get("transparency") if pixels.image.mode == "P" else None
    level = 6 if width * height <= _SMALL else 3  # level 3 takes a third of the time
    return _save(pixels, "PNG", max_bytes, compress_level=level, transparency=marked)


def to_jpeg(pixels: PixelBuffer, max_bytes: int, quality: int) -> bytes | None:
    """Encode as JPEG; None if there are more than ``max_bytes`` bytes or too many pixels."""
    if max(pixels.image.size) > _JPEG_SIDE:
        return None
    return _save(pixels, "JPEG", max_bytes, quality=quality, subsampling=pixels.subsampling)


def shrink(pixels: PixelBuffer, max_side: int) -> None:
    """Resize so that the longest side has at most ``max_side`` pixels; never enlarge."""
    width, height = pixels.image.size
    if max(width, height) <= max_side:
        return
    scale = max_side / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels.image = _resized(to_8_bits(pixels.image, pixels.changes), size)


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def encode(
    pixels: PixelBuffer, max_bytes: int, *, lossless: bool, may_shrink: bool
) -> tuple[bytes, int | None]:
    """Encode an image in at most ``max_bytes`` bytes with the best quality that fits.

    Tries PNG if ``lossless``, then JPEG with decreasing quality, then, if ``may_shrink``, fewer
    pixels at a good quality.

    Returns:
        The file, and the JPEG quality or None for a PNG. Its size is that of ``pixels.image``;
        lossy color changes are added to ``pixels.changes``.

    Raises:
        ImageTooLargeError: The image does not fit.
    """
    if lossless and (data := to_png(pixels, max_bytes)) is not None:
        return data, None
    pixels.image = flatten_alpha(to_8_bits(pixels.image, pixels.changes), pixels.changes)
    if may_shrink and pixels.profile and 4 * len(pixels.profile) > max_bytes:
        _drop_profile(pixels, pixels.profile)
    if best := _best_quality(pixels, max_bytes):
        return best
    if not may_shrink:
        raise _too_large(max_bytes, HOW_TO_FIT)
    return _fewer_pixels(pixels, max_bytes)


def _best_quality(pixels: PixelBuffer, max_bytes: int) -> tuple[bytes, int] | None:
    """Find the highest quality that fits; None if the lowest does not."""
    data = to_jpeg(pixels, max_bytes, MAX_QUALITY)
    if data is not None:
        return data, MAX_QUALITY
    low, high = MIN_QUALITY, MAX_QUALITY  # low fits, high does not
    data = to_jpeg(pixels, max_bytes, low)
    if data is None:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        tried = to_jpeg(pixels, max_bytes, middle)
        if tried is None:
            high = middle
        else:
            low, data = middle, tried
    return data, low


def _fewer_pixels(pixels: PixelBuffer, max_bytes: int) -> tuple[bytes, int]:
    """Find the number of pixels that fits at the lowest quality, then the best quality."""
    whole = pixels.image
    scale = min(1.0, _JPEG_SIDE / max(whole.size))
    for _ in range(_MAX_STEPS):
        size = max(1, int(whole.width * scale)), max(1, int(whole.height * scale))
        pixels.image = _resized(whole, size)
        data = to_jpeg(pixels, 1 << 40, MIN_QUALITY)
        if data is not None and len(data) <= max_bytes:
            return _best_quality(pixels, max_bytes) or (data, MIN_QUALITY)
        if size == (1, 1):
            break
        scale *= min(0.9, (max_bytes / len(data)) ** 0.5 * 0.98) if data else 0.5
    raise _too_large(max_bytes, "Allow more bytes with max_bytes= or limit=.")


def _drop_profile(pixels: PixelBuffer, profile: bytes) -> None:
    """Convert to sRGB, which needs no profile, because the profile takes too much space."""
    converted = to_srgb(pixels.image, profile)
    if converted is not None:
        pixels.image = converted
    pixels.profile = None
    pixels.note("color profile dropped because of its size", lossy=True)


def _too_large(max_bytes: int, remedy: str) -> ImageTooLargeError:
    return ImageTooLargeError(
        f"the image cannot be encoded in {human_size(max_bytes)} ({max_bytes:,} bytes).",
        size=None,
        limit=max_bytes,
        remedy=remedy,
    )
