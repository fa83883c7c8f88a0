"""Read barcodes and two-dimensional codes with zxing-cpp."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xai_vision._optional_imports import import_optional
from xai_vision.testing._eyes.image_text import Code
from xai_vision.testing._eyes.text_boxes import Point

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class PlacedCode:
    """A code and its place.

    Attributes:
        code: The code.
        corners: The corners in pixels, in clockwise order.
    """

    code: Code
    corners: tuple[Point, ...]


class CodeReader:
    """Reads the codes of images.

    Raises:
        ImportError: A package of the extra "eyes" is missing.
    """

    def __init__(self) -> None:
        self._zxing = import_optional("zxingcpp", "eyes", "FakeServer(eyes=True)")

    def read(self, image: Image) -> list[PlacedCode]:
        """Return the codes of an image, from top to bottom."""
        codes = []
        for barcode in self._zxing.read_barcodes(image.convert("L")):
            place = barcode.position
            points = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
            corners = tuple((float(point.x), float(point.y)) for point in points)
            codes.append(PlacedCode(Code(str(barcode.format), barcode.text), corners))
        return sorted(codes, key=lambda code: min((y, x) for x, y in code.corners))


def erase(image: Image, codes: Iterable[PlacedCode]) -> None:
    """Paint white over codes, because their squares and bars would be read as letters."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(image)
    for code in codes:
        # In retail codes some bars are longer, and the digits next to them are the text.
        is_retail = code.code.format.startswith(("EAN", "UPC"))
        stretch = (1.25, 1.4) if is_retail else (1.05, 1.05)
        draw.polygon(_covering(code.corners, *stretch), fill="white")


def _covering(corners: Sequence[Point], width: float, height: float) -> list[Point]:
    """Return the corners of a rectangle that covers others and has a side along their left side.

    The left side is along the bars. The top and the bottom of a code that is not straight are not
    at right angles to it, because zxing-cpp looks for bars along the rows of pixels.

    Args:
        corners: The corners, the top left one first, in clockwise order.
        width: The factor to stretch the rectangle by, across the bars.
        height: The factor to stretch the rectangle by, along the bars.
    """
    (left, top), *_, (end_x, end_y) = corners
    length = math.hypot(end_x - left, end_y - top) or 1.0
    down_x, down_y = (end_x - left) / length, (end_y - top) / length
    center_x, center_y = (sum(values) / len(corners) for values in zip(*corners, strict=True))
    offsets = [(x - center_x, y - center_y) for x, y in corners]
    along = height * max(abs(x * down_x + y * down_y) for x, y in offsets)
    across = width * max(abs(x * down_y - y * down_x) for x, y in offsets)
    return [
        (
            center_x + a * across * down_y + b * along * down_x,
            center_y - a * across * down_x + b * along * down_y,
        )
        for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
