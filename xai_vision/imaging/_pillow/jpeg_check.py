"""A check of a JPEG's compressed data.

Decoders fill missing data with gray and report it as a warning, which Pillow does not pass on. A
decoder reads on if data is missing, so the check adds data and observes whether it is read.
"""

from __future__ import annotations

import hashlib
import io
from itertools import pairwise

from PIL import Image, JpegImagePlugin

from xai_vision.errors._image import ImageCorruptError
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.jpeg_scans import Scans, find_scans
from xai_vision.imaging._formats.parse import check_pixels
from xai_vision.imaging._limits import decoding_limit
from xai_vision.imaging._pillow.decode import load_image
from xai_vision.imaging._pillow.decoding import decoding

# A decoder reads some bytes ahead. These are invalid codes, of which a block takes four bytes.
_READ_AHEAD = b"\xff\x00" * 32
_EXTRA = bytes((37 * i * i + 11 * i + 5) % 255 for i in range(128))  # random, but not a marker
_SURPLUS = 512  # bytes; some cameras write a few after the pixels
_STRIP = 128  # rows to digest at once


def check_jpeg(data: bytes, header: ImageHeader, max_pixels: int | None) -> None:
    """Decode a JPEG and check that its compressed data is complete.

    Raises:
        ImageTruncatedError: The data ends before the last pixel.
        ImageCorruptError: The data cannot be decoded, or does not match the number of pixels.
        DecompressionBombError: The image has too many pixels or scans.
    """
    check_pixels(header.width, header.height, decoding_limit("JPEG", max_pixels))
    scans = find_scans(data)
    if scans.has_end and not scans.are_complete():
        raise _corrupt("parts of its compressed data are missing")
    if scans.has_end and scans.is_sequential and len(scans.ends) == 1:
        _check_single_scan(data, header, scans.ends[0])
        return
    if not scans.has_end or scans.is_arithmetic:  # the end of arithmetic coding can be omitted
        load_image(data, "JPEG", max_pixels=max_pixels)
        return
    # Some encoders omit the last bits of a sequential scan; the first extra bytes replace them.
    # In a progressive scan a few bytes can complete thousands of blocks.
    few = _EXTRA[: len(_EXTRA) // 2] if scans.is_sequential else b""
    first, second = (
        _digest(load_image(_with_extra_data(data, scans, extra), "JPEG", max_pixels=max_pixels))
        for extra in (few, _EXTRA)
    )
    if first != second:
        raise _corrupt("parts of its compressed data are missing")


class _ScanReader(io.BytesIO):
    """A file that reads up to ``boundary`` first, and records whether more is read then."""

    def __init__(self, data: bytes, boundary: int) -> None:
        super().__init__(data)
        self._boundary = boundary
        self.was_passed = False

    def read(self, size: int | None = -1, /) -> bytes:
        left = self._boundary - self.tell()
        if left <= 0:
            self.was_passed = True
        elif size is None or not 0 <= size <= left:
            size = left
        return super().read(size)


def _check_single_scan(data: bytes, header: ImageHeader, end: int) -> None:
    """Decode data without end marker: the last pixel must need the last bytes, and no more."""
    last = end
    while last > header.data_offset and data[last - 1] == 0:  # some programs pad with zeros
        last -= 1
    boundary = max(header.data_offset, last - _SURPLUS)
    reader = _ScanReader(data[:end] + _READ_AHEAD, boundary)
    with decoding("JPEG"):
        image = JpegImagePlugin.JpegImageFile(reader)
        image.load()
    if not reader.was_passed:
        raise _corrupt("it has more compressed data than pixels")


def _with_extra_data(data: bytes, scans: Scans, extra: bytes) -> bytes:
    """Add data at the end of each part, which decoders skip if the part is complete."""
    cuts = [0, *scans.ends, len(data)]
    return extra.join(data[start:end] for start, end in pairwise(cuts))


def _digest(image: Image.Image) -> bytes:
    """Return a digest of the pixels, because two large images take much memory."""
    width, height = image.size
    digest = hashlib.blake2b()
    for top in range(0, height, _STRIP):
        digest.update(image.crop((0, top, width, min(height, top + _STRIP))).tobytes())
    return digest.digest()


def _corrupt(reason: str) -> ImageCorruptError:
    return ImageCorruptError(
        f"the JPEG is corrupt: {reason}.",
        remedy="Get the file again; it was probably damaged when it was stored or transferred.",
    )
