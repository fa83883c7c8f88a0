"""The chunks of a PNG: its header, whether its end is there, and its metadata."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from xai_vision.errors._image import ImageCorruptError, ImageFormatError, ImageTruncatedError
from xai_vision.imaging._formats.byte_reader import ByteReader, truncated_error
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.orientation import exif_of_raw_profile, orientation, orientation_exif
from xai_vision.imaging._formats.sniff import PNG_SIGNATURE

_END = b"\0\0\0\0IEND\xaeB`\x82"
_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
_BITS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_MAX_CHUNKS = 5000
_MAX_WALK = 50_000  # chunks: 400 MiB as most writers cut it
_MAX_EXIF = 1024 * 1024
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
_XMP, _RAW_PROFILE = b"XML:com.adobe.xmp", b"Raw profile type exif"
_MAX_NAME = 80
_MAX_PACKED = 256 * 1024
_MAX_UNPACKED = 1024 * 1024  # where Pillow gives up, and with more than so much in all:
_MAX_TEXTS = 64 * 1024 * 1024

# What decoding needs, and what the colours and the animation depend on.
_ESSENTIAL = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP"),
    *(b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"),
}


class Chunk(NamedTuple):
    """One chunk: its type, where its data starts, and that data's length."""

    kind: bytes
    start: int
    length: int


@dataclass
class _ParserState:
    """What was met on the way through the chunks."""

    data_offset: int = 0
    has_end: bool = False
    palette: bool = False
    animated: bool = False
    needs_decode: bool = False
    exif: bytes = b""
    unpacked: int = 0
    texts: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def orientation(self) -> int:
        """Which way up it is, by whatever says so."""
        exif = self.exif or exif_of_raw_profile(self.texts.get(_RAW_PROFILE, b""))
        return orientation(exif, self.texts.get(_XMP, b""))


def _corrupt(why: str) -> ImageCorruptError:
    return ImageCorruptError(
        f"The PNG is broken: {why}.", remedy="Save it again with a program that opens it."
    )


def parse(window: ByteReader) -> ImageHeader:
    """Read a PNG's header: every chunk's head, as EXIF may lie behind the pixels.

    Data that ends behind the header is enough, and told by ``ended`` of the result.
    """
    width, height, bits, mode = _size(window)
    seen = _ParserState()
    try:
        for count, chunk in enumerate(_chunk_heads(window)):
            if chunk.kind == b"IEND":
                seen.has_end = chunk.start + chunk.length + 4 <= window.size
                break
            if chunk.kind == b"IDAT":
                if mode == "P" and not seen.palette:
                    raise _corrupt("its palette is missing")
                seen.data_offset = seen.data_offset or chunk.start
            else:
                _read_chunk(window, chunk, seen)
            if count > _MAX_CHUNKS and not seen.data_offset:
                raise _corrupt(f"it has more than {_MAX_CHUNKS} chunks before its pixels")
            if count > _MAX_WALK:
                seen.has_end = seen.needs_decode = True
                break
    except ImageTruncatedError:
        if not seen.data_offset:
            raise
    if not seen.data_offset:
        raise _corrupt("it has no pixels")
    found = seen.orientation, mode, bits, seen.animated, seen.data_offset, seen.needs_decode, seen.has_end
    return ImageHeader("PNG", width, height, *found)


def _read_chunk(window: ByteReader, chunk: Chunk, seen: _ParserState) -> None:
    """Note what a chunk other than the pixels says."""
    if chunk.kind == b"eXIf":
        seen.exif = window.peek(chunk.start, min(chunk.length, _MAX_EXIF))
    elif chunk.kind == b"acTL" and not seen.data_offset:
        seen.animated = int.from_bytes(window.peek(chunk.start, 4), "big") > 1
        seen.needs_decode = True  # frames may be missing or out of order
    elif chunk.kind in _TEXTS:
        name = window.peek(chunk.start, _MAX_NAME).partition(b"\0")[0]
        turns = name in (_XMP, _RAW_PROFILE)
        if turns or chunk.kind != b"tEXt":
            text = _text(window, chunk) if seen.unpacked < _MAX_TEXTS else None
            if text is None:
                seen.needs_decode = True
                return
            seen.unpacked += len(text)
            if turns:
                seen.texts[name] = text
    elif chunk.kind == b"PLTE":
        seen.palette = True


def _text(window: ByteReader, chunk: Chunk) -> bytes | None:
    """What a text or profile says; None if it unpacks to no sane size.

    Of a long text that is not packed, only the beginning.
    """
    data = window.peek(chunk.start, min(chunk.length, _MAX_PACKED))
    rest = data.partition(b"\0")[2]
    if chunk.kind == b"tEXt":
        return rest
    if chunk.kind == b"iTXt":
        plain, method = rest[:1] == b"\0", rest[1:2]
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
        if plain:
            return rest
    else:
        method, rest = rest[:1], rest[1:]
    try:
        text = zlib.decompressobj().decompress(rest, _MAX_UNPACKED)
    except zlib.error:
        return None
    sane = method == b"\0" and len(data) == chunk.length and len(text) < _MAX_UNPACKED
    return text if sane else None


def _chunk_heads(window: ByteReader) -> Iterator[Chunk]:
    """Walk the chunks' heads, the last of which may lack data: a header may be all there is.

    Raises:
        ImageTruncatedError: The next head lies beyond the end.
    """
    at = len(PNG_SIGNATURE)
    while True:
        head = window.read_exact(at, 8)
        chunk = Chunk(head[4:], at + 8, int.from_bytes(head[:4], "big"))
        yield chunk
        at += 12 + chunk.length


def _size(window: ByteReader) -> tuple[int, int, int, str]:
    """Read width, height, bits and mode from the first chunk, which its checksum guards."""
    if window.peek(12, 4) == b"CgBI":
        raise ImageFormatError(
            "This kind of PNG is for Apple's devices only.",
            remedy="Convert it back with pngcrush -revert-iphone-optimizations or Xcode.",
        )
    data = window.read_exact(8, 25)
    if data[:8] != b"\0\0\0\rIHDR":
        raise _corrupt("it does not start with its size")
    if zlib.crc32(data[4:21]) != int.from_bytes(data[21:], "big"):
        raise _corrupt("the checksum of its header is wrong")
    width, height = int.from_bytes(data[8:12], "big"), int.from_bytes(data[12:16], "big")
    bits, colour = data[16], data[17]
    if bits not in _BITS.get(colour, ()) or data[18:20] != b"\0\0" or data[20] > 1:
        raise _corrupt("its header says something that PNG does not know")
    return width, height, bits, _MODES[colour]


def has_end_marker(window: ByteReader, header: ImageHeader) -> bool:
    """Whether nothing about the picture is odd; False asks for a decoder's word.

    Raises:
        ImageTruncatedError: Its end is missing. Some decoders get over it, others do not.
    """
    if header.has_end:
        return not header.needs_decode
    if window.peek(window.size - len(_END), len(_END)) != _END:
        raise truncated_error()
    return False  # the end is there, but no way through the chunks leads to it


def strip(data: bytes, header: ImageHeader) -> bytes:
    """Take out EXIF, texts, times and what follows the picture; no pixel changes.

    The colour profile stays, as the colours depend on it. An orientation other than upright is
    kept in an EXIF chunk that holds nothing else.
    """
    window = ByteReader(lambda start, length: data[start : start + length], len(data))
    view = memoryview(data)
    parts: list[bytes | memoryview] = [PNG_SIGNATURE]
    try:
        for chunk in _chunk_heads(window):
            if chunk.kind in _ESSENTIAL:
                parts.append(view[chunk.start - 8 : chunk.start + chunk.length + 4])
            if chunk.kind == b"IHDR" and header.orientation != 1:
                parts.append(_chunk(b"eXIf", orientation_exif(header.orientation)))
            if chunk.kind == b"IEND":
                break
    except ImageTruncatedError:
        pass  # decoders got over it, or nobody would have come here
    return b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + checksum
