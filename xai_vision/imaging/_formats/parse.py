"""Format detection and header parsing without Pillow."""

from __future__ import annotations

from collections.abc import Callable

from xai_vision.errors._image import DecompressionBombError, ImageEmptyError, NotAnImageError
from xai_vision.imaging._formats import jpeg, png, tiff
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.sniff import HEAD_BYTES, describe_unknown, sniff_format
from xai_vision.imaging._limits import MAX_PIXELS

_PARSERS: dict[str, Callable[[ByteReader], ImageHeader]] = {
    "JPEG": jpeg.parse,
    "PNG": png.parse,
    "TIFF": tiff.parse,
}


def sniff(reader: ByteReader) -> str:
    """Detect the format from the first bytes.

    Raises:
        ImageEmptyError: There are no bytes.
        NotAnImageError: The format is unknown.
    """
    if reader.size == 0:
        raise ImageEmptyError("the data is empty.", remedy="Check its source.")
    head = reader.peek(0, HEAD_BYTES)
    name = sniff_format(head)
    if name is not None:
        return name
    kind, remedy = describe_unknown(head)
    if not any(head):
        kind, remedy = "zeros", "Check its source."
    raise NotAnImageError(
        f"unrecognized image data (looks like {kind})." if kind else "unrecognized image data.",
        remedy=remedy or "Pass JPEG or PNG bytes, or open it with Pillow and pass the image.",
    )


def parse_header(reader: ByteReader, name: str) -> ImageHeader | None:
    """Parse the header; return None for formats that need Pillow."""
    parse = _PARSERS.get(name)
    return check_sides(parse(reader)) if parse is not None else None


def check_sides(header: ImageHeader) -> ImageHeader:
    """Refuse an image without width or height.

    Raises:
        ImageEmptyError: A side is zero.
    """
    if header.width < 1 or header.height < 1:
        raise ImageEmptyError(
            f"the image has no pixels: its size is {header.width}x{header.height}.",
            remedy="Create the image again.",
        )
    return header


def check_pixels(width: int, height: int, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse an image that would take too much memory to decode.

    Raises:
        DecompressionBombError: The image has more than ``max_pixels`` pixels.
    """
    if width * height > max_pixels:
        raise DecompressionBombError(
            f"the image has {width}x{height} pixels, {format_pixels(width * height)}; "
            f"the limit is {format_pixels(max_pixels)}.",
            remedy="Raise max_pixels= if the size is intended, or make it smaller.",
        )


def format_pixels(pixels: int) -> str:
    """Format a number of pixels."""
    return f"{pixels / 1e6:,.0f} million" if pixels >= 10_000_000 else f"{pixels:,}"
