"""Reading an image's header, and decoding it, for users of ``xai_vision.imaging``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.parse import parse_header, sniff
from xai_vision.imaging._sources.data import BytesImageData

if TYPE_CHECKING:
    from PIL.Image import Image


def read_header(data: bytes | bytearray | memoryview) -> ImageHeader:
    """Read an image's format and size from its bytes without decoding the pixels.

    Args:
        data: The bytes of an image file. For JPEG, PNG and TIFF the first few KiB can be enough.

    Returns:
        The header. Formats other than JPEG, PNG and TIFF are read by Pillow, which is imported
        then.

    Raises:
        ImageEmptyError: There are no bytes, or the image has no width or height.
        NotAnImageError: The format is unknown.
        ImageTruncatedError: The end of the header is missing.
        ImageCorruptError: The header is invalid.
        ImageFormatError: The variant is unsupported, or its decoder is not installed.
    """
    with BytesImageData(memoryview(data)).open() as reader:
        name = sniff(reader)
        header = parse_header(reader, name)
    if header is not None:
        return header
    from xai_vision.imaging._pillow.decode import read_header_with_pillow

    return read_header_with_pillow(bytes(data), name)


def decode(data: bytes | bytearray | memoryview, *, max_pixels: int | None = None) -> Image:
    """Decode the first frame of an image with Pillow and apply its EXIF orientation.

    Args:
        data: The bytes of an image file, in any format that ``prepare_image`` accepts.
        max_pixels: The maximum number of pixels to decode. Default: 100 million of a JPEG or PNG,
            64 million of other formats; both can take 1 GiB.

    Returns:
        A ``PIL.Image.Image``.

    Raises:
        ImageEmptyError: There are no bytes or no pixels.
        NotAnImageError: The format is unknown.
        ImageFormatError: The variant is unsupported, or its decoder is not installed.
        ImageCorruptError: The image cannot be decoded; ImageTruncatedError if its end is missing.
        DecompressionBombError: The image has more than ``max_pixels`` pixels.
    """
    from xai_vision.imaging._pillow import decode as pillow

    return pillow.decode(data, max_pixels=max_pixels)
