"""The bits and colors of a JPEG 2000, which Pillow does not tell."""

from __future__ import annotations

from dataclasses import dataclass

from xai_vision.imaging._formats._boxes.boxes import Box, content, find_box, iter_boxes
from xai_vision.imaging._formats.byte_reader import ByteReader

_CODESTREAM = b"\xff\x4f\xff\x51"
_COMPONENTS = 40  # offset of the number of components in a codestream
_ENUMERATED, _PROFILES = 1, (2, 3)
# CMYK, sRGB, gray, sYCC and black and white: Pillow knows these.
_KNOWN_SPACES = (0, 12, 15, 16, 17, 18)


@dataclass
class Jpeg2000Properties:
    """Properties of a JPEG 2000.

    Attributes:
        bits: Bits per channel; the most of any channel.
        icc: Its ICC profile; empty if it has none.
        unknown_space: The number of a color space that is neither RGB, gray nor CMYK; or None.
    """

    bits: int = 8
    icc: bytes = b""
    unknown_space: int | None = None


def read_jpeg2000(reader: ByteReader) -> Jpeg2000Properties:
    """Read the properties of a JPEG 2000, as a file or as a bare codestream."""
    result = Jpeg2000Properties()
    file = Box(b"", 0, reader.size)
    start = 0
    if reader.peek(0, 4) != _CODESTREAM:
        header, stream = find_box(reader, file, b"jp2h"), find_box(reader, file, b"jp2c")
        if header is not None:
            _read_color(reader, header, result)
        if stream is None:
            return result
        start = stream.start
    size = reader.peek(start, _COMPONENTS + 2)
    count = int.from_bytes(size[_COMPONENTS:], "big")
    depths = reader.peek(start + _COMPONENTS + 2, 3 * count)[::3]
    result.bits = max(((depth & 0x7F) + 1 for depth in depths), default=8)
    return result


def _read_color(reader: ByteReader, header: Box, result: Jpeg2000Properties) -> None:
    """Read the first color specification; the others are alternatives."""
    for box in iter_boxes(reader, header.start, header.end):
        if box.kind != b"colr":
            continue
        data = content(reader, box)
        method, value = data[:1], int.from_bytes(data[3:7], "big")
        if method and method[0] in _PROFILES:
            result.icc = data[3:]
        elif method and method[0] == _ENUMERATED and value not in _KNOWN_SPACES:
            result.unknown_space = value
        return
