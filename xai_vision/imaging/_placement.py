"""Which part of its source an image shows, and where places in it lie in the source."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Numbers: TypeAlias = tuple[float, ...]
"""A point (x, y) or a box (left, top, right, bottom)."""

Affine: TypeAlias = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f) of x' = a*x + b*y + c and y' = d*x + e*y + f."""

_ROUNDING = 1e-6  # of a pixel, for products that are not exact

# From the pixel edges of an upright image of the size w, h to those of the stored image, by EXIF
# orientation: the signs and the parts of w and h to add.
_STORED = {
    1: ((1, 0, 0), (0, 1, 0)),
    2: ((-1, 0, 1), (0, 1, 0)),
    3: ((-1, 0, 1), (0, -1, 1)),
    4: ((1, 0, 0), (0, -1, 1)),
    5: ((0, 1, 0), (1, 0, 0)),
    6: ((0, 1, 0), (-1, 0, 1)),
    7: ((0, -1, 1), (-1, 0, 1)),
    8: ((0, -1, 1), (1, 0, 0)),
}


@dataclass(frozen=True)
class Placement:
    """The part of its source that an image shows.

    Attributes:
        size: Width and height of the source, upright.
        region: The part, as (left, top, right, bottom) of the upright source.
        stored: The transformation from the upright source to the source as it is stored.
        unit: The unit of the source's coordinates: "pixels", or "points" for a page of a PDF.
    """

    size: tuple[float, float]
    region: tuple[float, float, float, float]
    stored: Affine = (1, 0, 0, 0, 1, 0)
    unit: Literal["pixels", "points"] = "pixels"

    @classmethod
    def of_image(cls, width: int, height: int, orientation: int) -> Placement:
        """Return the placement of a whole image.

        Args:
            width: Width in pixels as stored.
            height: Height in pixels as stored.
            orientation: The EXIF orientation, 1 to 8.
        """
        if orientation >= 5:
            width, height = height, width
        (a, b, right), (d, e, down) = _STORED[orientation]
        # The direction that x' comes from gives what it is mirrored in.
        c = right * (width if a else height)
        f = down * (width if d else height)
        return cls((width, height), (0, 0, width, height), (a, b, c, d, e, f))

    def part(self, box: Numbers, size: tuple[int, int]) -> Placement:
        """Return the placement of a crop.

        Args:
            box: The crop in pixels of the image.
            size: The size of the image in pixels.
        """
        left, top, right, bottom = self._within_region(
            tuple(value / size[axis % 2] for axis, value in enumerate(box))
        )
        return replace(self, region=(left, top, right, bottom))

    def locate(self, place: Numbers, *, upright: bool) -> Numbers:
        """Map a box or point, as fractions of the image, to the source.

        Returns:
            Integers for an image: the pixels that the box touches, or the pixel of the point. For a
            page of a PDF, points rounded to a hundredth.
        """
        place = self._within_region(place)
        if self.unit == "points":
            place = place if upright else self._to_stored(place)
            return tuple(round(value, 2) for value in place)
        if len(place) == 2:
            x, y = (_pixel(value, side) for value, side in zip(place, self.size, strict=True))
            if upright:
                return x, y
            return tuple(math.floor(value) for value in self._to_stored((x + 0.5, y + 0.5)))
        left, right = _pixel_edges(place[0], place[2], self.size[0])
        top, bottom = _pixel_edges(place[1], place[3], self.size[1])
        pixels = (left, top, right, bottom)
        return pixels if upright else tuple(round(value) for value in self._to_stored(pixels))

    def _within_region(self, place: Numbers) -> Numbers:
        left, top, right, bottom = self.region
        starts, sides = (left, top), (right - left, bottom - top)
        return tuple(starts[n % 2] + value * sides[n % 2] for n, value in enumerate(place))

    def _to_stored(self, place: Numbers) -> Numbers:
        a, b, c, d, e, f = self.stored
        corners = [
            (a * x + b * y + c, d * x + e * y + f)
            for x, y in zip(place[::2], place[1::2], strict=True)
        ]
        if len(corners) == 1:
            return corners[0]
        columns, rows = zip(*corners, strict=True)
        return min(columns), min(rows), max(columns), max(rows)


def _pixel(value: float, side: float) -> int:
    return max(0, min(math.floor(value + _ROUNDING), int(side) - 1))


def _pixel_edges(start: float, stop: float, side: float) -> tuple[int, int]:
    """Return the edges of the pixels that an interval touches, at least one."""
    first = _pixel(start, side)
    return first, max(first + 1, min(math.ceil(stop - _ROUNDING), int(side)))
