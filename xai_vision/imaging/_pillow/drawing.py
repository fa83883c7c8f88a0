"""Drawing of boxes, points and labels on an image."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._pillow.color_modes import flatten_alpha, to_8_bits, to_png_mode

Color = tuple[int, int, int]

# Bright colors that differ for most color-blind readers too. All are drawn with a black edge, which
# makes them visible on a bright image.
_COLORS: tuple[Color, ...] = (
    (255, 221, 0),
    (0, 229, 255),
    (255, 128, 0),
    (102, 255, 102),
    (255, 128, 234),
    (255, 255, 255),
)
_BLACK = (0, 0, 0)


def draw_places(image: Image.Image, places: Sequence[tuple[tuple[float, ...], str]]) -> Image.Image:
    """Draw boxes and points, as fractions of the image, with their labels.

    Returns:
        A new image of the mode RGB.
    """
    ignored: list[Change] = []
    plain = to_8_bits(to_png_mode(image, ignored), ignored)
    result = flatten_alpha(plain, ignored).convert("RGB")
    if result is image:
        result = image.copy()
    canvas = _Canvas(result)
    for index, (place, _) in enumerate(places):
        canvas.outline(place, _COLORS[index % len(_COLORS)])
    for index, (place, label) in enumerate(places):  # above all outlines
        if label:
            canvas.label(place, label, _COLORS[index % len(_COLORS)])
    return result


class _Canvas:
    def __init__(self, image: Image.Image) -> None:
        self._size = image.size
        self._draw = ImageDraw.Draw(image)
        longest = max(image.size)
        self._line = max(1, round(longest / 400))
        self._font = ImageFont.load_default(max(10, round(longest / 50)))

    def _pixels(self, place: tuple[float, ...]) -> list[float]:
        """Return the pixels of a place; boxes have their last row and column."""
        pixels = [min(v * self._size[n % 2], self._size[n % 2] - 1) for n, v in enumerate(place)]
        return [float(round(value)) for value in pixels]

    def outline(self, place: tuple[float, ...], color: Color) -> None:
        line = self._line
        if len(place) == 2:
            x, y = self._pixels(place)
            for radius, shade in ((4 * line, _BLACK), (3 * line, color), (2 * line, _BLACK)):
                around = (x - radius, y - radius, x + radius, y + radius)
                self._draw.ellipse(around, outline=shade, width=line)
            self._draw.point((x, y), fill=color)
            return
        left, top, right, bottom = self._pixels(place)
        outer = (left - line, top - line, right + line, bottom + line)
        self._draw.rectangle(outer, outline=_BLACK, width=3 * line)
        self._draw.rectangle((left, top, right, bottom), outline=color, width=line)

    def label(self, place: tuple[float, ...], label: str, color: Color) -> None:
        pixels = self._pixels(place)
        reach = 4 * self._line if len(pixels) == 2 else self._line
        pad = self._line + 1
        start_x, start_y, end_x, end_y = self._draw.multiline_textbbox((0, 0), label, self._font)
        width, height = end_x - start_x + 2 * pad, end_y - start_y + 2 * pad
        left = max(0.0, min(pixels[0] - self._line, self._size[0] - width))
        top = pixels[1] - reach - height
        if top < 0:  # no space above: below the upper edge
            top = max(0.0, min(pixels[1] + reach + 1, self._size[1] - height))
        self._draw.rectangle((left, top, left + width, top + height), fill=color, outline=_BLACK)
        at = (left + pad - start_x, top + pad - start_y)
        self._draw.multiline_text(at, label, fill=_BLACK, font=self._font)
