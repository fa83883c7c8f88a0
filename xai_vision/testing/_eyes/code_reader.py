"""Read barcodes and two-dimensional codes with zxing-cpp."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xai_vision.testing._eyes.image_text import Code
from xai_vision.testing._eyes.text_boxes import Point
from xai_vision.testing._optional_imports import import_optional

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
        corners = _stretched(code.corners, 1.25, 1.5) if is_retail else code.corners
        draw.polygon(corners, fill="white")


def _stretched(corners: Sequence[Point], width: float, height: float) -> Sequence[Point]:
    """Return the corners of a parallelogram, stretched by factors around its center."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    center_x, center_y = (x0 + x1 + x2 + x3) / 4, (y0 + y1 + y2 + y3) / 4
    # Half of the vector from left to right, and of that from top to bottom.
    right_x, right_y = (x1 - x0) / 2 * width, (y1 - y0) / 2 * width
    down_x, down_y = (x3 - x0) / 2 * height, (y3 - y0) / 2 * height
    return [
        (center_x + a * right_x + b * down_x, center_y + a * right_y + b * down_y)
        for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
