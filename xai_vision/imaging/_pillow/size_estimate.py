"""Estimates of the size of a JPEG, from a small sample of its pixels.

Encoding is the slow part of a search for the best quality, so a sample says where to begin.
"""

from __future__ import annotations

import io
import math

from PIL import Image

from xai_vision.imaging._pillow.metadata import with_info

_TILES = 8  # in each direction
_MAX_TILE = 128  # pixels
_BLOCK = 16  # pixels; tiles keep the positions of the blocks that are encoded together
_SMALL_PIXELS, _SMALL_SIDE = 256 * 256, 2048
_MAX_HALVINGS = 17  # an image of 65,500 pixels has one pixel then


class JpegSizeEstimate:
    """Estimates the bytes of an image as JPEG of any quality."""

    def __init__(self, image: Image.Image, subsampling: int, profile: bytes | None) -> None:
        """Take a sample of ``image``: L or RGB, not empty."""
        self._pixels = image.width * image.height
        self._sample = _mosaic(image)
        self._subsampling = subsampling
        self._header = _encoded_bytes(Image.new(image.mode, (1, 1)), 75, subsampling)
        self._fixed = self._header + len(profile or b"")
        self._factor = 1.0
        self._sizes: dict[int, float] = {}

    def size(self, quality: int) -> float:
        """Estimate the bytes at a quality."""
        if quality not in self._sizes:
            self._sizes[quality] = self._sample_size(quality)
        return self._fixed + self._factor * self._sizes[quality]

    def correct(self, quality: int, size: float) -> None:
        """Make further estimates proportional to the size that a quality was found to take."""
        self._factor *= max(1, size - self._fixed) / max(1, self.size(quality) - self._fixed)

    def best_quality(self, low: int, high: int, max_bytes: int) -> int:
        """Return the highest quality of a range that fits by estimate; ``low`` if none does."""
        if self.size(high) <= max_bytes:
            return high
        while high - low > 1:
            middle = (low + high) // 2
            if self.size(middle) <= max_bytes:
                low = middle
            else:
                high = middle
        return low

    def _sample_size(self, quality: int) -> float:
        """Return the bytes of the whole image's compressed data if it is like the sample."""
        size = _encoded_bytes(self._sample, quality, self._subsampling) - self._header
        return max(1, size) * self._pixels / (self._sample.width * self._sample.height)


def _encoded_bytes(image: Image.Image, quality: int, subsampling: int) -> int:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=subsampling)
    return out.tell()


class ScaleEstimate:
    """Estimates the scale at which an image has a number of bytes as JPEG."""

    def __init__(self, image: Image.Image, subsampling: int, quality: int) -> None:
        """Use ``image``: L or RGB, not empty."""
        self._image = image
        self._subsampling = subsampling
        self._quality = quality
        self._factor = 1.0
        self._sizes: list[float] = []  # at scale 1, 1/2, 1/4 ...

    def best_scale(self, max_bytes: float) -> float:
        """Return the scale at which the compressed data fits by estimate, at most 1."""
        allowed = math.log(max(1.0, max_bytes / self._factor))
        previous = self._log_size(0)
        if previous <= allowed:
            return 1.0
        for halvings in range(1, _MAX_HALVINGS + 1):
            size = self._log_size(halvings)
            if size <= allowed:
                # The logarithms of size and scale are about proportional.
                return math.pow(0.5, halvings - 1 + (previous - allowed) / (previous - size))
            previous = size
        return math.pow(0.5, _MAX_HALVINGS)

    def size(self, scale: float) -> float:
        """Estimate the bytes at a scale of at most 1."""
        halvings = -math.log2(scale)
        low, high = (self._log_size(int(halvings) + step) for step in (0, 1))
        return self._factor * math.exp(low + halvings % 1 * (high - low))

    def correct(self, scale: float, size: float) -> None:
        """Make further estimates proportional to the size that a scale was found to take."""
        self._factor *= size / self.size(scale)

    def _log_size(self, halvings: int) -> float:
        halvings = min(halvings, _MAX_HALVINGS)
        while len(self._sizes) <= halvings:
            # Reducing the whole image again is fast and leaves nothing in memory.
            reduced = self._image.reduce(2 ** len(self._sizes)) if self._sizes else self._image
            estimate = JpegSizeEstimate(reduced, self._subsampling, None)
            self._sizes.append(math.log(estimate.size(self._quality)))
        return self._sizes[halvings]


def interpolated_scale(low: tuple[float, float], high: tuple[float, float], target: float) -> float:
    """Return the scale for a size between two known pairs of scale and size."""
    (low_scale, low_size), (high_scale, high_size) = low, high
    part = math.log(target / low_size) / math.log(high_size / low_size)
    return low_scale * math.pow(high_scale / low_scale, min(max(part, 0.05), 0.95))


def _mosaic(image: Image.Image) -> Image.Image:
    """Return evenly distributed parts of an image, or a small image itself."""
    if image.width * image.height < _SMALL_PIXELS and max(image.size) < _SMALL_SIDE:
        return with_info(image, {})
    (width, lefts), (height, tops) = map(_tiles, image.size)
    mosaic = Image.new(image.mode, (width * len(lefts), height * len(tops)))
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            tile = image.crop((left, top, left + width, top + height))
            mosaic.paste(tile, (column * width, row * height))
    return mosaic


def _tiles(side: int) -> tuple[int, list[int]]:
    """Return the length of tiles, a quarter of their distance, and where they start."""
    if side < _TILES * _BLOCK:
        return side, [0]
    length = min(_MAX_TILE, max(_BLOCK, side // (4 * _TILES) // _BLOCK * _BLOCK))
    middles = (side * (2 * number + 1) // (2 * _TILES) for number in range(_TILES))
    return length, [(middle - length // 2) // _BLOCK * _BLOCK for middle in middles]
