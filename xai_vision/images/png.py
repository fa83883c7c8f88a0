"""The chunks of a PNG: its header, whether its end is there, and its metadata."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from xai_vision.errors.image import ImageCorruptError, ImageFormatError, ImageTruncatedError
from xai_vision.images.facts import Header
from xai_vision.images.formats import PNG_SIGNATURE
from xai_vision.images.tiff import orientation_in, orientation_only
from xai_vision.images.window import Window, truncated

_END = b"\0\0\0\0IEND\xaeB`\x82"
_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
_BITS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_MAX_CHUNKS = 5000
_MAX_EXIF = 1024 * 1024
_PACKED = (b"zTXt", b"iTXt", b"iCCP")
_MAX_PACKED = 256 * 1024
_MAX_UNPACKED = 1024 * 1024  # where Pillow gives up

# What decoding needs, and what the colours and the animation depend on.
_KEPT = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP"),
    *(b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"),
}


class Chunk(NamedTuple):
    """One chunk: its type, where its data starts, and that data's length."""

    kind: bytes
    start: int
    length: int


def chunks(window: Window) -> Iterator[Chunk]:
    """Walk the chunks up to the end, reading only their heads.

    Raises:
        ImageTruncatedError: A chunk's head or data reaches beyond the end.
    """
    at = len(PNG_SIGNATURE)
    while True:
        head = window.take(at, 8)
        chunk = Chunk(head[4:], at + 8, int.from_bytes(head[:4], "big"))
        at += 12 + chunk.length
        if at > window.size:
            raise truncated()
        yield chunk
        if chunk.kind == b"IEND":
            return


def _corrupt(why: str) -> ImageCorruptError:
    return ImageCorruptError(
        f"The PNG is broken: {why}.", remedy="Save it again with a program that opens it."
    )


def parse(window: Window) -> Header:
    """Read a PNG's header: every chunk's head before the pixels."""
    width, height, bits, mode = _size(window)
    orientation, animated, palette, doubtful = 1, False, False, False
    for count, chunk in enumerate(_heads(window)):
        if chunk.kind == b"IDAT":
            if mode == "P" and not palette:
                raise _corrupt("its palette is missing")
            return Header(
                "PNG", width, height, orientation, mode, bits, animated, chunk.start, doubtful
            )
        if chunk.kind == b"eXIf":
            orientation = orientation_in(window.peek(chunk.start, min(chunk.length, _MAX_EXIF)))
        elif chunk.kind == b"acTL":
            animated = int.from_bytes(window.peek(chunk.start, 4), "big") > 1
            doubtful = True  # frames may be missing or out of order
        elif chunk.kind in _PACKED:
            doubtful = doubtful or not _unpacks(window, chunk)
        elif chunk.kind == b"PLTE":
            palette = True
        elif chunk.kind == b"IEND":
            raise _corrupt("it has no pixels")
        if count > _MAX_CHUNKS:
            raise _corrupt(f"it has more than {_MAX_CHUNKS} chunks before its pixels")
    raise truncated()


def _unpacks(window: Window, chunk: Chunk) -> bool:
    """Whether a compressed text or profile unpacks to a sane size."""
    data = window.peek(chunk.start, min(chunk.length, _MAX_PACKED))
    _, _, rest = data.partition(b"\0")
    if chunk.kind == b"iTXt":
        if rest[:1] == b"\0":
            return True  # not compressed
        method, packed = rest[1:2], rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        method, packed = rest[:1], rest[1:]
    try:
        text = zlib.decompressobj().decompress(packed, _MAX_UNPACKED)
    except zlib.error:
        return False
    return method == b"\0" and len(data) == chunk.length and len(text) < _MAX_UNPACKED


def _heads(window: Window) -> Iterator[Chunk]:
    """Walk the chunks' heads, the last of which may lack data: a header may be all there is."""
    at = len(PNG_SIGNATURE)
    while True:
        head = window.take(at, 8)
        chunk = Chunk(head[4:], at + 8, int.from_bytes(head[:4], "big"))
        yield chunk
        at += 12 + chunk.length


def _size(window: Window) -> tuple[int, int, int, str]:
    """Read width, height, bits and mode from the first chunk, which its checksum guards."""
    if window.peek(12, 4) == b"CgBI":
        raise ImageFormatError(
            "This kind of PNG is for Apple's devices only.",
            remedy="Convert it back with pngcrush -revert-iphone-optimizations or Xcode.",
        )
    data = window.take(8, 25)
    if data[:8] != b"\0\0\0\rIHDR":
        raise _corrupt("it does not start with its size")
    if zlib.crc32(data[4:21]) != int.from_bytes(data[21:], "big"):
        raise _corrupt("the checksum of its header is wrong")
    width, height = int.from_bytes(data[8:12], "big"), int.from_bytes(data[12:16], "big")
    bits, colour = data[16], data[17]
    if bits not in _BITS.get(colour, ()) or data[18:20] != b"\0\0" or data[20] > 1:
        raise _corrupt("its header says something that PNG does not know")
    return width, height, bits, _MODES[colour]


def looks_whole(window: Window, header: Header) -> bool:
    """Whether the picture's end is there and nothing is odd; False asks for a decoder's word."""
    if header.doubtful:
        return False
    if window.peek(window.size - len(_END), len(_END)) == _END:
        return True
    try:
        return any(chunk.kind == b"IEND" for chunk in chunks(window))
    except ImageCorruptError:
        return False


def strip(data: bytes, header: Header) -> bytes:
    """Take out EXIF, texts, times and what follows the picture; no pixel changes.

    The colour profile stays, as the colours depend on it. An orientation other than upright is
    kept in an EXIF chunk that holds nothing else.
    """
    window = Window(lambda start, length: data[start : start + length], len(data))
    view = memoryview(data)
    parts: list[bytes | memoryview] = [PNG_SIGNATURE]
    try:
        for chunk in _heads(window):
            if chunk.kind in _KEPT:
                parts.append(view[chunk.start - 8 : chunk.start + chunk.length + 4])
            if chunk.kind == b"IHDR" and header.orientation != 1:
                parts.append(_chunk(b"eXIf", orientation_only(header.orientation)))
            if chunk.kind == b"IEND":
                break
    except ImageTruncatedError:
        pass  # decoders got over it, or nobody would have come here
    return b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + checksum
