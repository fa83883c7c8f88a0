"""The chunks of a PNG: header, end marker and metadata."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from xai_vision.errors._image import ImageCorruptError, ImageFormatError, ImageTruncatedError
from xai_vision.imaging._formats.byte_reader import ByteReader, truncated_error
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.orientation import (
    exif_of_raw_profile,
    orientation,
    orientation_exif,
)
from xai_vision.imaging._formats.sniff import PNG_SIGNATURE

_END = b"\0\0\0\0IEND\xaeB`\x82"
_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
_BITS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_MAX_CHUNKS = 5000
_MAX_WALK = 50_000  # chunks; 400 MiB with the chunk size of most writers
_MAX_EXIF = 1024 * 1024
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
_XMP, _RAW_PROFILE = b"XML:com.adobe.xmp", b"Raw profile type exif"
_MAX_NAME = 80
_MAX_PACKED = 256 * 1024
_MAX_UNPACKED = 1024 * 1024  # Pillow's limit for a text; the next is its limit for all texts:
_MAX_TEXTS = 64 * 1024 * 1024

# Chunks that decoding, colors and animation depend on.
_ESSENTIAL = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP"),
    *(b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"),
}


class Chunk(NamedTuple):
    """A chunk: its type, and the offset and length of its data."""

    kind: bytes
    start: int
    length: int


@dataclass
class _ParserState:
    """The state of the parser."""

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
        """The orientation in EXIF or XMP."""
        exif = self.exif or exif_of_raw_profile(self.texts.get(_RAW_PROFILE, b""))
        return orientation(exif, self.texts.get(_XMP, b""))


def _corrupt(reason: str) -> ImageCorruptError:
    return ImageCorruptError(
        f"the PNG is corrupt: {reason}.", remedy="Save it again with a program that opens it."
    )


def parse(reader: ByteReader) -> ImageHeader:
    """Parse the header: the heads of all chunks, because EXIF can follow the pixels.

    Data that ends after the header is accepted; ``has_end`` of the result is False then.
    """
    width, height, bits, mode = _size(reader)
    state = _ParserState()
    try:
        for count, chunk in enumerate(iter_chunks(reader)):
            if chunk.kind == b"IEND":
                state.has_end = chunk.start + chunk.length + 4 <= reader.size
                break
            if chunk.kind == b"IDAT":
                if mode == "P" and not state.palette:
                    raise _corrupt("its palette is missing")
                state.data_offset = state.data_offset or chunk.start
            else:
                _read_chunk(reader, chunk, state)
            if count > _MAX_CHUNKS and not state.data_offset:
                raise _corrupt(f"it has more than {_MAX_CHUNKS} chunks before its pixels")
            if count > _MAX_WALK:
                state.has_end = state.needs_decode = True
                break
    except ImageTruncatedError:
        if not state.data_offset:
            raise
    if not state.data_offset:
        raise _corrupt("it has no pixels")
    return ImageHeader(
        "PNG",
        width,
        height,
        state.orientation,
        mode,
        bits,
        state.animated,
        state.data_offset,
        state.needs_decode,
        state.has_end,
        multi_image=state.animated,
    )


def _read_chunk(reader: ByteReader, chunk: Chunk, state: _ParserState) -> None:
    """Read a chunk other than the pixels."""
    if chunk.kind == b"eXIf":
        state.exif = reader.peek(chunk.start, min(chunk.length, _MAX_EXIF))
    elif chunk.kind == b"acTL" and not state.data_offset:
        state.animated = int.from_bytes(reader.peek(chunk.start, 4), "big") > 1
        state.needs_decode = True  # frames can be missing or out of order
    elif chunk.kind in _TEXTS:
        name = reader.peek(chunk.start, _MAX_NAME).partition(b"\0")[0]
        turns = name in (_XMP, _RAW_PROFILE)
        if turns or chunk.kind != b"tEXt":
            if state.unpacked >= _MAX_TEXTS:
                state.needs_decode = True
                return
            text, is_valid = _text(reader, chunk)
            state.unpacked += len(text) if is_valid else _MAX_UNPACKED
            if not is_valid:
                state.needs_decode = True
            elif turns:
                state.texts[name] = text
    elif chunk.kind == b"PLTE":
        state.palette = True


def _text(reader: ByteReader, chunk: Chunk) -> tuple[bytes, bool]:
    """Return a text or profile, and whether it is valid and of a plausible size.

    A long text is cut.
    """
    data = reader.peek(chunk.start, min(chunk.length, _MAX_PACKED))
    rest = data.partition(b"\0")[2]
    if chunk.kind == b"tEXt":
        return rest, True
    if chunk.kind == b"iTXt":
        plain, method = rest[:1] == b"\0", rest[1:2]
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
        if plain:
            return rest, True
    else:
        method, rest = rest[:1], rest[1:]
    try:
        text = zlib.decompressobj().decompress(rest, _MAX_UNPACKED)
    except zlib.error:
        return b"", False
    is_complete = len(data) == chunk.length and len(text) < _MAX_UNPACKED
    return text, is_complete and method == b"\0"


def iter_chunks(reader: ByteReader) -> Iterator[Chunk]:
    """Yield the heads of the chunks; the data of the last one can be incomplete.

    Raises:
        ImageTruncatedError: The next head is beyond the end.
    """
    at = len(PNG_SIGNATURE)
    while True:
        head = reader.read_exact(at, 8)
        chunk = Chunk(head[4:], at + 8, int.from_bytes(head[:4], "big"))
        yield chunk
        at += 12 + chunk.length


def _size(reader: ByteReader) -> tuple[int, int, int, str]:
    """Read width, height, bits and mode from the first chunk and verify its checksum."""
    if reader.peek(12, 4) == b"CgBI":
        raise ImageFormatError(
            "this PNG is optimized for Apple's devices and not supported elsewhere.",
            remedy="Convert it back with pngcrush -revert-iphone-optimizations or Xcode.",
        )
    data = reader.read_exact(8, 25)
    if data[:8] != b"\0\0\0\rIHDR":
        raise _corrupt("the first chunk is not IHDR")
    if zlib.crc32(data[4:21]) != int.from_bytes(data[21:], "big"):
        raise _corrupt("the checksum of its header is invalid")
    width, height = int.from_bytes(data[8:12], "big"), int.from_bytes(data[12:16], "big")
    bits, color = data[16], data[17]
    if bits not in _BITS.get(color, ()) or data[18:20] != b"\0\0" or data[20] > 1:
        raise _corrupt("its header has invalid values")
    return width, height, bits, _MODES[color]


def has_end_marker(reader: ByteReader, header: ImageHeader) -> bool:
    """Return whether the image has its end marker and needs no decoding to be checked.

    Raises:
        ImageTruncatedError: The end is missing. Some decoders accept that, others do not.
    """
    if header.has_end:
        return not header.needs_decode
    if reader.peek(reader.size - len(_END), len(_END)) != _END:
        raise truncated_error()
    return False  # the end exists, but the chunks do not lead to it


def strip(data: bytes, header: ImageHeader) -> bytes:
    """Remove EXIF, texts, times and trailing data; no pixel changes.

    The color profile is kept, because the colors depend on it. An orientation other than 1 is kept
    in a minimal EXIF chunk.
    """
    reader = ByteReader(lambda start, length: data[start : start + length], len(data))
    view = memoryview(data)
    parts: list[bytes | memoryview] = [PNG_SIGNATURE]
    try:
        for chunk in iter_chunks(reader):
            if chunk.kind in _ESSENTIAL:
                parts.append(view[chunk.start - 8 : chunk.start + chunk.length + 4])
            if chunk.kind == b"IHDR" and header.orientation != 1:
                parts.append(_chunk(b"eXIf", orientation_exif(header.orientation)))
            if chunk.kind == b"IEND":
                break
    except ImageTruncatedError:
        pass  # the image was decoded before, so decoders accept it
    return b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + checksum
