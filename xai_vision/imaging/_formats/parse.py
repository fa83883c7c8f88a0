"""What a picture's header says, read without Pillow and without reading the pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xai_vision.errors._image import DecompressionBombError, ImageEmptyError, NotAnImageError
from xai_vision.imaging._formats import gif, jpeg, png, tiff
from xai_vision.imaging._formats import webp_bmp as riff
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.sniff import HEAD_BYTES, sniff_format, describe_unknown
from xai_vision.imaging._limits import MAX_PIXELS
from xai_vision.imaging._sources.data import BytesImageData

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "ImageHeader",
    "check_pixels",
    "check_sides",
    "decode",
    "parse_header",
    "read_header",
    "sniff",
]

_PARSERS: dict[str, Callable[[ByteReader], ImageHeader]] = {
    "JPEG": jpeg.parse,
    "PNG": png.parse,
    "GIF": gif.parse,
    "WEBP": riff.parse,
    "BMP": riff.parse_bmp,
    "TIFF": tiff.parse,
}


def read_header(data: bytes | bytearray | memoryview) -> ImageHeader:
    """Read a picture's format and size from its bytes; the pixels are not looked at.

    Args:
        data: A picture file's bytes. Its first few KiB may do, if the header lies there.

    Returns:
        Format, size and the like. JPEG, PNG, GIF, WebP, BMP and TIFF are read here; of other
        formats Pillow, imported then, reads the header.

    Raises:
        ImageEmptyError: There are no bytes, or the picture has no width or no height.
        NotAnImageError: No format known here.
        ImageTruncatedError: The header's end is missing.
        ImageCorruptError: The header contradicts itself.
        ImageFormatError: A variant that nobody opens, or one that needs a decoder not installed.
    """
    with BytesImageData(memoryview(data)).opened() as window:
        name = sniff(window)
        header = parse_header(window, name)
        if header is not None:
            return header
    from xai_vision.imaging._pillow.decode import header_by_pillow

    return header_by_pillow(bytes(data), name)


def decode(data: bytes | bytearray | memoryview, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Decode a picture's first frame and turn it upright. Pillow is imported for it.

    Args:
        data: A picture file's bytes, of any format that ``prepare_image`` takes.
        max_pixels: The most pixels that are decoded.

    Returns:
        The decoded picture as a ``PIL.Image.Image``.

    Raises:
        ImageEmptyError: There are no bytes, or no pixels.
        NotAnImageError: No format known here.
        ImageFormatError: A variant that nobody opens, or one that needs a decoder not installed.
        ImageCorruptError: It does not open; ImageTruncatedError if its end is missing.
        ImageBombError: It has more than ``max_pixels`` pixels.
    """
    from xai_vision.imaging._pillow import decode as pixels

    return pixels.decode(data, max_pixels=max_pixels)


def sniff(window: ByteReader) -> str:
    """Tell the format from the first bytes.

    Raises:
        ImageEmptyError: There are none.
        NotAnImageError: They start no picture known here.
    """
    if window.size == 0:
        raise ImageEmptyError("There are no bytes in it.", remedy="Check where it was read from.")
    head = window.peek(0, HEAD_BYTES)
    name = sniff_format(head)
    if name is not None:
        return name
    what, remedy = describe_unknown(head)
    if not any(head):
        what, remedy = "zeros", "Check where it was read from."
    raise NotAnImageError(
        f"It is no picture of a known format; it looks like {what}."
        if what
        else "It is no picture of a known format.",
        remedy=remedy or "Send a JPEG or PNG; others that Pillow opens, pass as a Pillow image.",
    )


def parse_header(window: ByteReader, name: str) -> ImageHeader | None:
    """Read the header of a picture of that format; None if that takes Pillow."""
    parse = _PARSERS.get(name)
    return check_sides(parse(window)) if parse is not None else None


def check_sides(header: ImageHeader) -> ImageHeader:
    """Refuse a picture without width or height.

    Raises:
        ImageEmptyError: A side is zero.
    """
    if header.width < 1 or header.height < 1:
        raise ImageEmptyError(
            f"The picture has no pixels: its header says {header.width}x{header.height}.",
            remedy="Make it again; nothing can be seen on it.",
        )
    return header


def check_pixels(width: int, height: int, most: int = MAX_PIXELS) -> None:
    """Refuse a picture that would take too much memory to decode.

    Raises:
        ImageBombError: It has more than ``most`` pixels.
    """
    if width * height > most:
        raise DecompressionBombError(
            f"The picture has {width}x{height} pixels, {width * height / 1e6:,.0f} million; "
            f"at most {most / 1e6:,.0f} million are taken.",
            remedy="If it is meant to be that large, raise max_pixels= or make it smaller.",
        )
