"""The headers of WebP and BMP."""

from __future__ import annotations

from xai_vision.errors._image import ImageCorruptError, ImageTruncatedError
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.orientation import orientation

_MAX_CHUNKS = 5000


def parse(window: ByteReader) -> ImageHeader:
    """Read a WebP's header."""
    head = window.read_exact(12, 18)
    kind = head[:4]
    if kind == b"VP8X":
        return _extended(window, head[8], head[12:15], head[15:18])
    if kind == b"VP8L":
        packed = int.from_bytes(head[9:13], "little")
        mode = "RGBA" if packed >> 28 & 1 else "RGB"
        return ImageHeader("WEBP", (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1, mode=mode)
    if kind == b"VP8 ":
        width = int.from_bytes(head[14:16], "little") & 0x3FFF
        height = int.from_bytes(head[16:18], "little") & 0x3FFF
        return ImageHeader("WEBP", width, height, mode="RGB")
    raise ImageCorruptError(
        "The WebP is broken: its first chunk is unknown.",
        remedy="Save it again with a program that opens it.",
    )


def _extended(window: ByteReader, flags: int, width: bytes, height: bytes) -> ImageHeader:
    return ImageHeader(
        "WEBP",
        int.from_bytes(width, "little") + 1,
        int.from_bytes(height, "little") + 1,
        _orientation(window) if flags & 0x0C else 1,
        "RGBA" if flags & 0x10 else "RGB",
        animated=bool(flags & 0x02),
    )


def _orientation(window: ByteReader) -> int:
    """Walk the chunks to EXIF and XMP, which lie behind the picture."""
    at = 12
    found = {b"EXIF": b"", b"XMP ": b""}
    try:
        for _ in range(_MAX_CHUNKS):
            head = window.read_exact(at, 8)
            length = int.from_bytes(head[4:], "little")
            if head[:4] in found:
                found[head[:4]] = window.peek(at + 8, length)
            at += 8 + length + (length & 1)
    except ImageTruncatedError:
        pass
    return orientation(found[b"EXIF"], found[b"XMP "])


def parse_bmp(window: ByteReader) -> ImageHeader:
    """Read a BMP's header."""
    head = window.read_exact(0, 30)
    if head[14] == 12:
        width, height = int.from_bytes(head[18:20], "little"), int.from_bytes(head[20:22], "little")
        depth = int.from_bytes(head[24:26], "little")
    else:
        width = int.from_bytes(head[18:22], "little", signed=True)
        height = abs(int.from_bytes(head[22:26], "little", signed=True))
        depth = int.from_bytes(head[28:30], "little")
    mode = {1: "1", 4: "P", 8: "P"}.get(depth, "RGB")
    return ImageHeader("BMP", max(width, 0), height, mode=mode)
