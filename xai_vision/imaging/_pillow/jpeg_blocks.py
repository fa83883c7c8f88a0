"""Turning the compressed blocks of a JPEG, which loses nothing.

jpeglib (extra ``lossless``) reads and writes the coefficients. It writes neither four components
nor red, green and blue, and it is not safe with every file or from several threads. So it gets only
files that were checked, without application segments, one at a time, and its result is decoded and
compared with the turned pixels.
"""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
import threading
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from xai_vision.errors._image import ImageError
from xai_vision.imaging._formats import jpeg
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.jpeg_scans import find_scans
from xai_vision.imaging._pillow.decode import open_image
from xai_vision.imaging._pillow.decoding import decoding
from xai_vision.imaging._pillow.jpeg_check import check_jpeg

_FLIPS_COLUMNS = (2, 3, 7, 8)
_FLIPS_ROWS = (3, 4, 6, 7)
_FIRST_TRANSPOSED = 5
_FACTORS = {(1, 1), (2, 1), (1, 2), (2, 2)}
# The coefficients, their copies and the decoded pixels take 20 to 28 bytes per pixel.
_MAX_PIXELS = 50_000_000
# A decoder rounds rows and columns in another order after a transposition.
_MAX_DIFFERENCE = 4
_LIBRARY = "turbo210"  # the newest of the libraries in jpeglib; its default is from 1998
_BEFORE_PROFILE = 20  # bytes: the start marker and the JFIF segment
_PROFILE_STEP = 65519  # bytes of a profile in one segment
_NARROW = 4  # pixels across, if two share a color
_lock = threading.Lock()


def is_installed() -> bool:
    """Return whether the extra ``lossless`` is installed."""
    return importlib.util.find_spec("jpeglib") is not None


def can_turn_blocks(header: ImageHeader, factors: tuple[int, int]) -> bool:
    """Return whether a JPEG that stores luminance (and chroma) can be turned by its blocks.

    Args:
        header: The header.
        factors: The number of columns and rows of pixels that share a color.
    """
    if factors not in _FACTORS or header.mode not in ("L", "RGB"):
        return False
    if header.mode == "L":
        factors = (1, 1)
    across, down = 8 * factors[0], 8 * factors[1]
    # An incomplete block can only be the last one of a row or column.
    if header.orientation in _FLIPS_COLUMNS and header.width % across:
        return False
    if header.orientation in _FLIPS_ROWS and header.height % down:
        return False
    if header.orientation >= _FIRST_TRANSPOSED:
        # libjpeg repeats the colors of a narrow image instead of interpolating them. If it did so
        # for only one of the two, their pixels would differ.
        narrow = factors[0] > 1 and header.width <= _NARROW
        turned_narrow = factors[1] > 1 and header.height <= _NARROW
        if narrow != turned_narrow:
            return False
    return header.width * header.height <= _MAX_PIXELS


def turn_blocks(
    data: bytes,
    header: ImageHeader,
    upright: Image.Image,
    profile: bytes | None,
    max_pixels: int | None,
) -> bytes | None:
    """Apply the orientation of a JPEG to its blocks.

    Args:
        data: The JPEG.
        header: Its header; ``can_turn_blocks`` is true for it.
        upright: Its turned pixels, as luminance (and chroma).
        profile: The color profile to write.
        max_pixels: The limit for decoding.

    Returns:
        The turned JPEG; None if it cannot be turned this way.
    """
    try:
        check_jpeg(data, header, max_pixels)
        bare = jpeg.strip(data, header, bare=True)
        if find_scans(bare).is_arithmetic:
            return None
        turned = _try_turn(bare, header.orientation)
        if turned is None or not _shows(turned, upright):
            return None
    except ImageError:
        return None  # the decoder that the other path uses is more tolerant
    segments = jpeg.profile_segments(profile or b"", _PROFILE_STEP)
    return turned[:_BEFORE_PROFILE] + segments + turned[_BEFORE_PROFILE:]


def _try_turn(data: bytes, orientation: int) -> bytes | None:
    """Turn the blocks; None if jpeglib cannot do it or writes an unusual file."""
    try:
        with _lock:
            turned = _turn(data, orientation)
    except Exception:  # noqa: BLE001 - jpeglib raises many types; the caller then turns the pixels
        return None
    return turned if turned.startswith(b"\xff\xd8\xff\xe0\0\x10JFIF\0") else None


def _turn(data: bytes, orientation: int) -> bytes:
    jpeglib = importlib.import_module("jpeglib")
    with tempfile.TemporaryDirectory() as folder, jpeglib.version(_LIBRARY):
        source, target = Path(folder, "source.jpg"), Path(folder, "target.jpg")
        source.write_bytes(data)
        image = jpeglib.read_dct(str(source))
        expected = "JCS_YCbCr" if image.has_chrominance else "JCS_GRAYSCALE"
        if image.jpeg_color_space.name != expected:
            raise ValueError(image.jpeg_color_space.name)
        image.load()
        for name in ("Y", "Cb", "Cr") if image.has_chrominance else ("Y",):
            setattr(image, name, _turned(getattr(image, name), orientation))
        if orientation >= _FIRST_TRANSPOSED:
            image.width, image.height = image.height, image.width
            image.qt = image.qt.transpose(0, 2, 1).copy()
            image.samp_factor = image.samp_factor[:, ::-1].copy()
            image.block_dims = image.block_dims[:, ::-1].copy()
        # Else the library would copy parameters of the source.
        image.content, image.markers = None, None
        image.write_dct(str(target), flags=["+OPTIMIZE_CODING"])
        return target.read_bytes()


def _turned(blocks: Any, orientation: int) -> Any:
    """Turn an array of blocks: row of blocks, column of blocks, row, column."""
    # A mirrored cosine of odd frequency is its negative.
    if orientation in _FLIPS_COLUMNS:
        blocks[:, :, :, 1::2] *= -1
        blocks = blocks[:, ::-1]
    if orientation in _FLIPS_ROWS:
        blocks[:, :, 1::2] *= -1
        blocks = blocks[::-1]
    if orientation >= _FIRST_TRANSPOSED:
        blocks = blocks.transpose(1, 0, 3, 2)
    return blocks.copy()


def _shows(data: bytes, expected: Image.Image) -> bool:
    """Return whether a JPEG shows these pixels, but for rounding."""
    image = open_image(data, "JPEG", None)
    with decoding("JPEG"):
        if image.mode == "RGB":
            image.draft("YCbCr", None)
        image.load()
    if (image.mode, image.size) != (expected.mode, expected.size):
        return False
    bands = ImageChops.difference(image, expected).split()
    return all(_highest(band) <= _MAX_DIFFERENCE for band in bands)


def _highest(band: Image.Image) -> float:
    extrema: Any = band.getextrema()
    return float(extrema[1])
