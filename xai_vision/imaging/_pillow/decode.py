"""Decoding with Pillow.

The modules of this package import Pillow. They are imported when an image has to be decoded.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from PIL import Image, features

from xai_vision.errors._image import (
    ImageCorruptError,
    ImageFormatError,
    ImageTruncatedError,
)
from xai_vision.imaging._formats.byte_reader import ByteReader, truncated_error
from xai_vision.imaging._formats.icons import check_icon
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.jpeg_scans import check_scans, is_arithmetic
from xai_vision.imaging._formats.parse import check_pixels, check_sides, parse_header, sniff
from xai_vision.imaging._formats.sniff import SUPPORTED
from xai_vision.imaging._limits import MAX_PIXELS, decoding_limit
from xai_vision.imaging._pillow import tiff
from xai_vision.imaging._pillow.decoding import decoding
from xai_vision.imaging._pillow.orientation import (
    apply_orientation,
    forget_orientation,
    orientation_of,
)
from xai_vision.imaging._pillow.properties import read_properties
from xai_vision.imaging._sources.data import BytesImageData, ImageData

_EIGHT_BITS = ("L", "LA", "RGB", "RGBA", "CMYK")
_NEEDS = {"AVIF": "avif", "WEBP": "webp", "JPEG2000": "jpg_2000"}


def open_image(data: bytes, name: str, max_pixels: int | None = None) -> Image.Image:
    """Open an image without decoding its pixels (except HEIC).

    Args:
        data: The file's bytes.
        name: The format.
        max_pixels: Maximum number of pixels; by default that of decoding.

    Raises:
        ImageFormatError: The decoder is not installed.
        ImageCorruptError: The image cannot be opened.
        ImageEmptyError: The image has no pixels.
        DecompressionBombError: The image has too many pixels.
    """
    max_pixels = decoding_limit(name, max_pixels)
    if name == "HEIF":
        return _open_heif(data, max_pixels)
    if name in ("ICO", "ICNS"):
        check_icon(data, max_pixels)
    return _open_file(io.BytesIO(data), name, max_pixels)


def _open_file(file: BinaryIO, name: str, max_pixels: int) -> Image.Image:
    _check_decoder(name)
    with decoding(name):
        image = _open_with_plugin(file, name)
    check_sides(ImageHeader(name, *image.size))
    check_pixels(*image.size, max_pixels)
    return image


def _open_with_plugin(file: BinaryIO, name: str) -> Image.Image:
    """Open an image with the plugin of its format.

    ``Image.open`` also applies Pillow's global limit of pixels, and hides why a plugin refuses a
    file.
    """
    plugin, accept = Image.OPEN[name]
    head = file.read(16)
    file.seek(0)
    if accept is not None and not accept(head):
        raise NotImplementedError("unsupported signature")
    return plugin(file, "")


def _check_decoder(name: str) -> None:
    needs = _NEEDS.get(name)
    known = needs is None or needs in features.modules or needs in features.codecs
    missing = not known or (needs is not None and not features.check(needs))
    Image.preinit()
    if not missing and name not in Image.OPEN:
        Image.init()
        missing = name not in Image.OPEN
    if missing:
        remedy = "Convert it to JPEG or PNG first."
        if name == "AVIF":
            remedy = "Install Pillow 11.3 or newer, or convert it to JPEG or PNG first."
        raise ImageFormatError(f"the installed Pillow does not support {name}.", remedy=remedy)


def _open_heif(data: bytes, max_pixels: int) -> Image.Image:
    try:
        import pillow_heif  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise ImageFormatError(
            "HEIC needs a decoder that is not installed.",
            remedy="Run: pip install 'xai-vision[heic]'; or convert it to JPEG first.",
        ) from error
    with decoding("HEIC image"):
        opened = pillow_heif.open_heif(io.BytesIO(data))
        width, height = opened.size
        check_pixels(width, height, max_pixels)
        image = opened.to_pillow()
        assert isinstance(image, Image.Image)  # noqa: S101 - for the type checker
        image.info["images"] = len(opened)
        return image


def load_image(
    data: bytes | ImageData,
    name: str,
    *,
    max_pixels: int | None = None,
    min_side: int | None = None,
) -> Image.Image:
    """Open an image and decode its first frame.

    Args:
        data: The file's bytes; a JPEG or PNG in a file is read in blocks.
        name: The format.
        max_pixels: Maximum number of pixels to decode. Default: 100 million of a JPEG or PNG,
            64 million of other formats.
        min_side: Length of the longest side that is needed. A JPEG can be decoded at a half,
            quarter or eighth of its size, which saves time and memory.

    Returns:
        The decoded image. ``info["reduced"]`` says whether Pillow reduced more than 8 bits per
        channel to 8, as far as that is known; ``read_properties`` adds more.

    Raises:
        ImageError: The image has too many or no pixels, or cannot be decoded.
    """
    if isinstance(data, bytes):
        data = BytesImageData(data)
    if name == "TIFF":
        return load_tiff(data.read(), max_pixels)
    if name in SUPPORTED:
        image = _load_in_blocks(data, name, decoding_limit(name, max_pixels), min_side)
    else:
        image = open_image(data.read(), name, max_pixels)
        _load(image, name)
    if name != "JPEG":
        with data.open() as reader:
            read_properties(image.info, name, reader)
    return image


def _load(image: Image.Image, name: str) -> None:
    with decoding(name):
        deep = _is_deep(image)
        image.load()
        image.info["reduced"] = deep and image.mode in _EIGHT_BITS


def _load_in_blocks(
    data: ImageData, name: str, max_pixels: int, min_side: int | None
) -> Image.Image:
    with data.open_file() as file:
        image = _open_file(file, name, max_pixels)
        if name == "JPEG":
            with data.open() as reader:
                _prepare_jpeg(image, reader, min_side)
        _load(image, name)
    return image


def prepare_jpeg(image: Image.Image, data: bytes) -> None:
    """Prepare an opened JPEG for decoding.

    Raises:
        DecompressionBombError: It has too many scans.
    """
    _prepare_jpeg(image, ByteReader.from_bytes(data), None)


def _prepare_jpeg(image: Image.Image, reader: ByteReader, min_side: int | None) -> None:
    check_scans(reader, *image.size)
    if min_side is not None:
        image.draft(None, _draft_size(image.size, min_side))
    if is_arithmetic(reader):  # this decoder cannot continue with the next block
        file: Any = image
        file.decodermaxblock = reader.size


def load_tiff(data: bytes, max_pixels: int | None, number: int | None = None) -> Image.Image:
    """Open a TIFF and decode a page, by default the first that is not a reduced copy."""
    max_pixels = decoding_limit("TIFF", max_pixels)
    page = tiff.find_tiff_page(data, number)
    try:
        image = open_image(page.data, "TIFF", max_pixels)
        with decoding("TIFF"):
            tiff.select_page(image, page, max_pixels)
            _allocate(image)
            image.load()
            image = tiff.finish(image, page)
    except ImageTruncatedError:
        raise
    except ImageFormatError as error:
        raise tiff.unsupported(page) from error
    except ImageCorruptError as error:
        if tiff.is_unsupported(page, error):
            raise tiff.unsupported(page) from error
        raise
    image.info["reduced"] = page.bits > 8 and image.mode in _EIGHT_BITS
    return image


def _allocate(image: Image.Image) -> None:
    """Allocate the pixels of a TIFF; Pillow would apply its global limit of pixels first."""
    size = getattr(image, "_tile_size", None)
    if size is not None:
        image.im = Image.new(image.mode, size, None).im


def _is_deep(image: Image.Image) -> bool:
    """Return whether the file has more than 8 bits per channel, according to its decoder."""
    tile = str(getattr(image, "tile", ""))
    return ";16" in tile or "65535" in tile


def verify(data: bytes, name: str, max_pixels: int | None = None) -> None:
    """Verify the checksums of a format without decoding the pixels.

    Raises:
        ImageCorruptError: A checksum is wrong.
    """
    image = open_image(data, name, max_pixels)
    with decoding(name):
        image.verify()


def _draft_size(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Scale a size so that its longest side has ``longest`` pixels."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def read_header_with_pillow(data: bytes, name: str) -> ImageHeader:
    """Read the header of a format that needs Pillow."""
    try:
        image = open_image(data, name, MAX_PIXELS)
    except ImageCorruptError:
        # Pillow does not say that a WebP is incomplete; the length at its start does.
        if name == "WEBP" and int.from_bytes(data[4:8], "little") + 8 > len(data):
            raise truncated_error() from None
        raise
    with decoding(name):
        animated = bool(getattr(image, "is_animated", False))
        turn = orientation_of(image)
        return ImageHeader(
            name, *image.size, turn, mode=image.mode, animated=animated, multi_image=animated
        )


def decode(data: bytes | bytearray | memoryview, *, max_pixels: int | None = None) -> Image.Image:
    """Decode the first frame and apply the orientation; see ``xai_vision.imaging.decode``."""
    data = bytes(data)
    with BytesImageData(data).open() as reader:
        name = sniff(reader)
        header = parse_header(reader, name)
    if header is not None:
        check_pixels(header.width, header.height, decoding_limit(name, max_pixels))
    image = load_image(data, name, max_pixels=max_pixels)
    orientation = orientation_of(image, header)
    with decoding(name):
        upright = apply_orientation(image, orientation)
    if orientation != 1:
        forget_orientation(upright)
    return upright
