"""A preview of an image in a terminal, two pixels per character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.color import Color
from rich.style import Style
from rich.text import Text

if TYPE_CHECKING:
    from xai_vision.imaging import PreparedImage


_COLUMNS, _ROWS = 32, 12


def preview(image: PreparedImage, columns: int = _COLUMNS, rows: int = _ROWS) -> Text:
    """Draw an image with half blocks within the given columns and rows."""
    small = image.pil().convert("RGB")
    small.thumbnail((columns, rows * 2))
    width, height = small.size
    pixels = small.load()
    text = Text()
    for top in range(0, height, 2):
        for column in range(width):
            upper = Color.from_rgb(*pixels[column, top])  # type: ignore[index, misc]  # RGB
            lower = (
                Color.from_rgb(*pixels[column, top + 1])  # type: ignore[index, misc]  # RGB
                if top + 1 < height
                else None
            )
            text.append("\N{UPPER HALF BLOCK}", Style(color=upper, bgcolor=lower))
        text.append("\n")
    text.rstrip()
    return text
