"""How far apart two pictures look, by small copies of them."""

from __future__ import annotations

import functools
import math
from typing import Final

__all__ = ["SIDE", "Look"]

SIDE: Final = 12
"""Pixels a side of the copies compared: enough to tell what is where, too few for noise."""

# CIELAB's reference white for D65, and the matrix from linear sRGB to XYZ (IEC 61966-2-1).
_WHITE: Final = (0.95047, 1.0, 1.08883)
_TO_XYZ: Final = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
# Below so much contrast (standard deviation of lightness) a copy's pattern is noise, and from
# so much on it counts in full.
_FLAT, _PATTERNED = 1.0, 4.0


class Look:
    """A picture as ``SIDE`` x ``SIDE`` colours in CIELAB, where distances are as they are seen.

    Args:
        swatch: Its RGB bytes.
    """

    def __init__(self, swatch: bytes) -> None:
        self._cells = [_lab(*swatch[at : at + 3]) for at in range(0, len(swatch), 3)]
        light = [cell[0] for cell in self._cells]
        mean = sum(light) / len(light)
        self._pattern = [value - mean for value in light]
        self._contrast = math.sqrt(_mean_square(self._pattern))

    def apart(self, other: Look) -> float:
        """How far apart two look, from 0 to 100.

        The larger one of two: how much the colours differ cell by cell (CIE76, root of the mean
        square), and how little one's light and dark places are those of the other. The first
        tells colours apart; the second, two pages of text that are both nearly white.
        """
        pairs = zip(self._cells, other._cells, strict=True)
        colour = math.sqrt(sum(math.dist(a, b) ** 2 for a, b in pairs) / len(self._cells))
        return min(100.0, max(colour, self._pattern_apart(other)))

    def _pattern_apart(self, other: Look) -> float:
        contrast = max(self._contrast, other._contrast)
        counts = min(1.0, max(0.0, (contrast - _FLAT) / (_PATTERNED - _FLAT)))
        spread = self._contrast * other._contrast
        pairs = zip(self._pattern, other._pattern, strict=True)
        alike = sum(a * b for a, b in pairs) / len(self._pattern) / spread if spread else 0.0
        return counts * 100 * (1 - alike)


def _mean_square(values: list[float]) -> float:
    return sum(value * value for value in values) / len(values)


@functools.lru_cache(maxsize=16_384)
def _lab(red: int, green: int, blue: int) -> tuple[float, float, float]:
    """A colour of sRGB in CIELAB."""
    linear = [_LINEAR[value] for value in (red, green, blue)]
    x, y, z = (
        _curve(sum(a * b for a, b in zip(row, linear, strict=True)) / white)
        for row, white in zip(_TO_XYZ, _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _curve(value: float) -> float:
    return value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


_LINEAR: Final = tuple(
    value / 255 / 12.92 if value / 255 <= 0.04045 else ((value / 255 + 0.055) / 1.055) ** 2.4
    for value in range(256)
)
