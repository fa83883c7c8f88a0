"""The text and the codes of an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """A barcode or a two-dimensional code.

    Attributes:
        format: The name of the symbology, such as "QR Code" or "EAN-13".
        text: The content.
    """

    format: str
    text: str


@dataclass(frozen=True)
class ImageText:
    """The text and the codes of an image.

    Attributes:
        lines: The lines of text, from top to bottom.
        codes: The codes, from top to bottom.
    """

    lines: tuple[str, ...]
    codes: tuple[Code, ...]
