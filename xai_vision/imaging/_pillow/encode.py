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
from xai_vision.imaging._pillow.metadata import with_info
from xai_vision.imaging._pillow.size_estimate import (
    JpegSizeEstimate,
    ScaleEstimate,
    interpolated_scale,
)

MAX_QUALITY, MIN_QUALITY = 95, 85
"""Range of JPEG qualities: above 95 files grow without a visible gain; below 85 fewer pixels look
better (our choice)."""

_JPEG_SIDE = 65500
_SMALL = 2_000_000
_MAX_MISSES = 12
_MORE_ATTEMPTS = 2  # after a size that fits, if it is much too small
_MARGIN = 0.98  # estimates can be too low
_FULL = 0.8  # a smaller share of the allowed bytes is worth another attempt
_ENOUGH = 2  # a result of up to twice the allowed bytes says how far off the estimate is


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
    image = with_info(pixels.image, {})  # Pillow would write its content
    out = _Bounded(max_bytes)
    try:
        image.save(out, file_format, icc_profile=pixels.profile, **options)
    except _FullError:
        return None
    return out.getvalue()


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


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    return _resized(image, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    # The parameters of Image.thumbnail().
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


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
    estimate = _estimate(pixels)
    if best := _search_quality(pixels, max_bytes, estimate):
        return best
    if not may_shrink:
        raise _too_large(max_bytes, HOW_TO_FIT)
    return _fewer_pixels(pixels, max_bytes, estimate)


def _search_quality(
    pixels: PixelBuffer,
    max_bytes: int,
    estimate: JpegSizeEstimate,
    best: tuple[bytes, int] | None = None,
) -> tuple[bytes, int] | None:
    """Find the highest quality that fits, from an estimate that each attempt corrects.

    Args:
        pixels: The pixels.
        max_bytes: The maximum size.
        estimate: The estimated size of each quality.
        best: A result that fits, if one is known.

    Returns:
        The file and its quality; None if the lowest does not fit.
    """
    if max(pixels.image.size) > _JPEG_SIDE:
        return None
    low, high = best[1] if best else MIN_QUALITY - 1, MAX_QUALITY + 1  # high does not fit
    while high - low > 1:
        quality = estimate.best_quality(low + 1, high - 1, max_bytes)
        data = to_jpeg(pixels, _ENOUGH * max_bytes, quality)
        if data is None:
            estimate.correct(quality, max(_ENOUGH * max_bytes, estimate.size(quality)))
        else:
            estimate.correct(quality, len(data))
        if data is not None and len(data) <= max_bytes:
            low, best = quality, (data, quality)
        else:
            high = quality
    return best


def _estimate(pixels: PixelBuffer) -> JpegSizeEstimate:
    return JpegSizeEstimate(pixels.image, pixels.subsampling, pixels.profile)


def _fewer_pixels(
    pixels: PixelBuffer, max_bytes: int, estimate: JpegSizeEstimate
) -> tuple[bytes, int]:
    """Find the number of pixels that fits at the lowest quality, then the best quality."""
    data = _search_scale(pixels, max_bytes, estimate.size(MIN_QUALITY))
    if data is None:
        raise _too_large(max_bytes, "Allow more bytes with max_bytes= or limit=.")
    estimate = _estimate(pixels)
    estimate.correct(MIN_QUALITY, len(data))
    best = data, MIN_QUALITY
    return _search_quality(pixels, max_bytes, estimate, best) or best


def _search_scale(pixels: PixelBuffer, max_bytes: int, whole_size: float) -> bytes | None:
    """Resize to about the largest size that fits at the lowest quality; None if none does."""
    whole, fixed = pixels.image, len(pixels.profile or b"")
    best: tuple[float, bytes, Image.Image] | None = None
    misses, highest = 0, min(_MARGIN, _JPEG_SIDE / max(whole.size))
    too_large = 1.0, whole_size - fixed  # the smallest scale that does not fit, and its size
    target = _MARGIN * max(1, max_bytes - fixed)
    estimate = ScaleEstimate(whole, pixels.subsampling, MIN_QUALITY)
    estimate.correct(*too_large)
    while misses < _MAX_MISSES:
        if best is None:
            scale = min(highest, estimate.best_scale(target))
        else:
            scale = min(
                highest, interpolated_scale((best[0], len(best[1]) - fixed), too_large, target)
            )
        pixels.image = whole  # releases the last attempt
        pixels.image = _scaled(whole, scale)
        data = to_jpeg(pixels, _ENOUGH * max_bytes, MIN_QUALITY)
        size = max(_ENOUGH * max_bytes, estimate.size(scale)) if data is None else len(data) - fixed
        if data is not None and len(data) <= max_bytes:
            misses = max(misses + 1, _MAX_MISSES - _MORE_ATTEMPTS)
            if best is None or len(data) > len(best[1]):
                best = scale, data, pixels.image
            if len(data) >= _FULL * max_bytes or scale == highest:
                break
        else:
            misses += 1
            too_large = scale, size
            estimate.correct(scale, size)
            highest = scale * (_MARGIN if misses < _MAX_MISSES // 2 else 0.5)
            if pixels.image.size == (1, 1):
                break
    pixels.image = best[2] if best else whole
    return best[1] if best else None


def _drop_profile(pixels: PixelBuffer, profile: bytes) -> None:
    """Convert to sRGB, which needs no profile, because the profile takes too much space."""
    converted = to_srgb(pixels.image, profile)
    pixels.profile = None
    if converted is None:
        pixels.note("color profile dropped because of its size", lossy=True)
        return
    pixels.image = converted
    pixels.note("colors converted to sRGB because of the size of their profile", lossy=True)


def _too_large(max_bytes: int, remedy: str) -> ImageTooLargeError:
    return ImageTooLargeError(
        f"the image cannot be encoded in {human_size(max_bytes)} ({max_bytes:,} bytes).",
        size=None,
        limit=max_bytes,
        remedy=remedy,
    )
