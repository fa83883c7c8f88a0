"""The visual distance of two images, computed from thumbnails."""

from __future__ import annotations

import functools
import math
from typing import Final

SIDE: Final = 12
"""The side of a thumbnail in pixels: enough to see the layout, too few to see noise."""

# CIELAB's reference white for D65, and the matrix from linear sRGB to XYZ (IEC 61966-2-1).
_WHITE: Final = (0.95047, 1.0, 1.08883)
_RGB_TO_XYZ: Final = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
# Contrast is the standard deviation of lightness. Below the first value, the pattern of a
# thumbnail is noise; above the second, it has its full weight.
_MIN_CONTRAST, _FULL_CONTRAST = 1.0, 4.0


class LabThumbnail:
    """A thumbnail of ``SIDE`` x ``SIDE`` pixels in CIELAB, whose distances match perception.

    Args:
        rgb: The RGB bytes of the thumbnail.
    """

    def __init__(self, rgb: bytes) -> None:
        self._cells = [_rgb_to_lab(*rgb[start : start + 3]) for start in range(0, len(rgb), 3)]
        lightness = [cell[0] for cell in self._cells]
        mean = sum(lightness) / len(lightness)
        self._pattern = [value - mean for value in lightness]
        self._contrast = math.sqrt(sum(v * v for v in self._pattern) / len(lightness))

    def distance(self, other: LabThumbnail) -> float:
        """Return the visual distance, from 0 to 100.

        The distance is the larger of two: the root mean square of the color differences
        (CIE76), and the difference of the patterns of light and dark. The first tells colors
        apart, the second tells two pages of text apart, which are both almost white.
        """
        pairs = zip(self._cells, other._cells, strict=True)
        color = math.sqrt(sum(math.dist(a, b) ** 2 for a, b in pairs) / len(self._cells))
        return min(100.0, max(color, self._pattern_distance(other)))

    def _pattern_distance(self, other: LabThumbnail) -> float:
        contrast = max(self._contrast, other._contrast)
        range_ = _FULL_CONTRAST - _MIN_CONTRAST
        weight = min(1.0, max(0.0, (contrast - _MIN_CONTRAST) / range_))
        scale = self._contrast * other._contrast
        pairs = zip(self._pattern, other._pattern, strict=True)
        covariance = sum(a * b for a, b in pairs) / len(self._pattern)
        correlation = covariance / scale if scale else 0.0
        return weight * 100 * (1 - correlation)


@functools.lru_cache(maxsize=16_384)
def _rgb_to_lab(red: int, green: int, blue: int) -> tuple[float, float, float]:
    linear = [_LINEAR[value] for value in (red, green, blue)]
    x, y, z = (
        _lab_curve(sum(a * b for a, b in zip(row, linear, strict=True)) / white)
        for row, white in zip(_RGB_TO_XYZ, _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _lab_curve(value: float) -> float:
    return value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


_LINEAR: Final = tuple(
    value / 255 / 12.92 if value / 255 <= 0.04045 else ((value / 255 + 0.055) / 1.055) ** 2.4
    for value in range(256)
)
