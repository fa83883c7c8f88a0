"""The segments of a JPEG: its header, whether its end is there, and its metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from xai_vision.errors._image import ImageCorruptError, ImageFormatError
from xai_vision.imaging._formats.byte_reader import ByteReader, truncated_error
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.orientation import EXIF, orientation, orientation_exif
from xai_vision.imaging._formats.tiff import read_tag

SOI, EOI, SOS, DHT, COM = 0xD8, 0xD9, 0xDA, 0xC4, 0xFE
APP0, APP1, APP2, APP14 = 0xE0, 0xE1, 0xE2, 0xEE

_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Baseline, extended, progressive; Huffman or arithmetic. The rest is lossless or hierarchical.
_SUPPORTED = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MPF = b"MPF\0"
_IMAGE_COUNT = 0xB001  # the tag of how many pictures there are
_MAX_SEGMENTS = 5000
_END = bytes((0xFF, EOI))
_SCAN_STEP = 1024 * 1024
# A marker inside compressed data: neither a stuffed zero nor a restart.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


class Segment(NamedTuple):
    """One segment: its marker, where its payload starts, and that payload's length."""

    marker: int
    start: int
    length: int


def segments(window: ByteReader, at: int = 2) -> Iterator[Segment]:
    """Walk the segments from ``at`` up to the first scan or the end, those included."""
    for _ in range(_MAX_SEGMENTS):
        marker, at = _next_marker(window, at)
        if marker in _STANDALONE:
            continue
        if marker == EOI:
            yield Segment(marker, at, 0)
            return
        length = int.from_bytes(window.read_exact(at, 2), "big")
        if length < 2:
            raise _corrupt("a segment is shorter than its own length")
        yield Segment(marker, at + 2, length - 2)
        at += length
        if marker == SOS:
            return
    raise _corrupt(f"it has more than {_MAX_SEGMENTS} segments before its first scan")


def _next_marker(window: ByteReader, at: int) -> tuple[int, int]:
    """Find the next marker, over fill bytes and, as decoders do, over a little garbage."""
    pair = window.read_exact(at, 2)
    if pair[0] == 0xFF and pair[1] not in (0, 0xFF):
        return pair[1], at + 2
    found = _MARKER.search(window.peek(at, 65536))
    if found is None:
        raise truncated_error() if at + 65536 > window.size else _corrupt("a segment is missing")
    return found[1][0], at + found.end()


def _corrupt(why: str) -> ImageCorruptError:
    return ImageCorruptError(
        f"The JPEG is broken: {why}.", remedy="Save it again with a program that opens it."
    )


def parse(window: ByteReader) -> ImageHeader:
    """Read a JPEG's header: every segment before the scan, of which only few are looked into."""
    frame: tuple[int, int, int, int] | None = None
    exif: Segment | None = None
    xmp: Segment | None = None
    several = False
    for segment in segments(window):
        if segment.marker in _FRAMES and frame is None:
            frame = _frame(window, segment)
        elif segment.marker == APP1:
            start = window.peek(segment.start, len(_XMP))
            exif = exif or (segment if start.startswith(EXIF) else None)
            xmp = segment if start == _XMP else xmp
        elif segment.marker == APP2:
            several = several or _has_more_images(window, segment)
        elif segment.marker == EOI:
            raise _corrupt("it ends before its picture starts")
        elif segment.marker == SOS:
            if frame is None:
                raise _corrupt("its size is missing")
            bits, height, width, parts = frame
            body = segment.start + segment.length
            window.read_exact(segment.start, segment.length + 1)
            mode = _MODES.get(parts, "")
            turn = orientation(_payload(window, exif), _payload(window, xmp))
            return ImageHeader("JPEG", width, height, turn, mode, bits, several, body)
    raise truncated_error()


def _frame(window: ByteReader, segment: Segment) -> tuple[int, int, int, int]:
    """Read bits, height, width and number of components."""
    if segment.marker not in _SUPPORTED:
        raise _unsupported("it is lossless or hierarchical")
    data = window.read_exact(segment.start, 6)
    parts = data[5]
    if segment.length < 6 + 3 * parts or parts not in _MODES:
        raise _corrupt(f"it has {parts} colour components")
    if data[0] != 8:
        raise _unsupported(f"it has {data[0]} bits per channel")
    return data[0], int.from_bytes(data[1:3], "big"), int.from_bytes(data[3:5], "big"), parts


def _unsupported(why: str) -> ImageFormatError:
    return ImageFormatError(
        f"This kind of JPEG is opened by hardly any program: {why}.",
        remedy="Save it as an ordinary JPEG or PNG.",
    )


def _has_more_images(window: ByteReader, segment: Segment) -> bool:
    """Whether further pictures follow in the file: of another eye or zoom, or a gain map (MPO)."""
    if window.peek(segment.start, len(_MPF)) != _MPF:
        return False
    found = read_tag(_payload(window, segment).removeprefix(_MPF), _IMAGE_COUNT)
    return found is not None and found > 1


def _payload(window: ByteReader, segment: Segment | None) -> bytes:
    return window.peek(segment.start, segment.length) if segment else b""


def has_end_marker(window: ByteReader, header: ImageHeader) -> bool:
    """Whether the picture's end is there; False asks for a decoder's word.

    The last two bytes tell in most files. In others something follows the picture (a film, a
    maker's notes), so the end is searched for, which the compressed data cannot contain by chance.
    """
    if window.peek(window.size - 2, 2) == _END:
        return True
    before = b""
    for start in range(header.data_offset, window.size, _SCAN_STEP):
        block = window.peek(start, _SCAN_STEP)
        if _END in before + block[:1] or _END in block:
            return True
        before = block[-1:]
    return False


def strip(data: bytes, header: ImageHeader) -> bytes:
    """Take out EXIF, XMP, comments, thumbnails and what follows the picture; no pixel changes.

    The colour profile stays, as the colours depend on it. An orientation other than upright is
    kept in an EXIF segment that holds nothing else.
    """
    window = ByteReader(lambda start, length: data[start : start + length], len(data))
    view = memoryview(data)
    parts: list[bytes | memoryview] = [data[:2]]
    exif = EXIF + orientation_exif(header.orientation) if header.orientation != 1 else b""
    for segment in segments(window):
        payload = view[segment.start : segment.start + segment.length]
        if exif and not (segment.marker == APP0 and bytes(payload[:5]) == b"JFIF\0"):
            parts.append(_segment(APP1, exif))
            exif = b""
        if segment.marker == SOS:
            parts.append(view[segment.start - 4 : header.data_offset])
            parts.extend(_scans(data, header.data_offset))
        elif _is_essential(segment.marker, bytes(payload[:12])):
            parts.append(_segment(segment.marker, _without_thumbnail(segment.marker, payload)))
    return b"".join(parts)


def _segment(marker: int, payload: bytes | memoryview) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + bytes(payload)


def _is_essential(marker: int, start: bytes) -> bool:
    """Whether a segment takes part in decoding: colours do, what was noted about it does not."""
    if marker == APP0:
        return start.startswith(b"JFIF\0")
    if marker == APP2:
        return start.startswith(b"ICC_PROFILE\0")
    if marker == APP14:
        return start.startswith(b"Adobe")
    return marker != COM and not 0xE0 <= marker <= 0xEF


def _without_thumbnail(marker: int, payload: memoryview) -> bytes | memoryview:
    if marker == APP0 and len(payload) > 14:
        return bytes(payload[:12]) + b"\0\0"
    return payload


def _scans(data: bytes, at: int) -> Iterator[bytes | memoryview]:
    """The compressed data from ``at`` to the end of the picture, later tables and scans with it."""
    view, start = memoryview(data), at
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        if marker == EOI:
            yield view[start:at]
            return
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if not _is_essential(marker, data[at + 2 : at + 14]):
            yield view[start : found.start()]
            start = at + length
        at += length
    yield view[start:]
    yield _END  # it was missing
