"""The sizes of the images inside ICO and ICNS files, which Pillow decodes when it opens them."""

from __future__ import annotations

from xai_vision.imaging._formats.parse import check_pixels
from xai_vision.imaging._formats.sniff import PNG_SIGNATURE

_PNG_START = PNG_SIGNATURE + b"\0\0\0\rIHDR"
_BITMAP_HEADER = 40


def check_icon(data: bytes, max_pixels: int) -> None:
    """Refuse an icon with an image that would take too much memory to decode.

    Raises:
        DecompressionBombError: An image has more than ``max_pixels`` pixels.
    """
    for width, height in {*_png_sizes(data), *_bitmap_sizes(data)}:
        check_pixels(width, height, max_pixels)


def _png_sizes(data: bytes) -> set[tuple[int, int]]:
    sizes = set()
    at = data.find(_PNG_START)
    while at >= 0:
        at += len(_PNG_START)
        sizes.add((_big(data[at : at + 4]), _big(data[at + 4 : at + 8])))
        at = data.find(_PNG_START, at)
    return sizes


def _bitmap_sizes(data: bytes) -> set[tuple[int, int]]:
    """Return the sizes of an ICO's bitmaps, whose height includes a mask of the same height."""
    sizes: set[tuple[int, int]] = set()
    if not data.startswith(b"\0\0\1\0"):
        return sizes
    for entry in range(6, 6 + 16 * _little(data[4:6]), 16):
        at = _little(data[entry + 12 : entry + 16])
        header = data[at : at + 12]
        if _little(header[:4]) == _BITMAP_HEADER:
            sizes.add((_little(header[4:8]), _little(header[8:12]) // 2))
    return sizes


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
