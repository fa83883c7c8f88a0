"""The segments of a JPEG: header, end marker and metadata."""

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
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Baseline, extended, progressive; Huffman or arithmetic. The rest is lossless or hierarchical.
_SUPPORTED = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MPF = b"MPF\0"
_IMAGE_COUNT = 0xB001  # the tag of the number of images
_MAX_SEGMENTS = 5000
_END = bytes((0xFF, EOI))
_SCAN_STEP = 1024 * 1024
_MAX_GARBAGE = 65536
_FIRST_WINDOW = 64
# A marker inside compressed data: neither a stuffed zero nor a restart. The pattern matches only
# the last fill byte before the marker, because a repeat would make a search quadratic.
MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")


class Segment(NamedTuple):
    """A segment: its marker, and the offset and length of its payload."""

    marker: int
    start: int
    length: int


def segments(reader: ByteReader, at: int = 2) -> Iterator[Segment]:
    """Yield the segments from ``at`` to the first scan or the end, inclusive."""
    for _ in range(_MAX_SEGMENTS):
        marker, at = _next_marker(reader, at)
        if marker in _STANDALONE:
            continue
        if marker == EOI:
            yield Segment(marker, at, 0)
            return
        length = int.from_bytes(reader.read_exact(at, 2), "big")
        if length < 2:
            raise _corrupt("a segment is shorter than its own length")
        yield Segment(marker, at + 2, length - 2)
        at += length
        if marker == SOS:
            return
    raise _corrupt(f"it has more than {_MAX_SEGMENTS} segments before its first scan")


def _next_marker(reader: ByteReader, at: int) -> tuple[int, int]:
    """Find the next marker; skip fill bytes and, like decoders, a little garbage."""
    pair = reader.read_exact(at, 2)
    if pair[0] == 0xFF and pair[1] not in (0, 0xFF):
        return pair[1], at + 2
    window, start, end = _FIRST_WINDOW, at, min(at + _MAX_GARBAGE, reader.size)
    # The windows grow, so that a short gap costs a short read. Each overlaps the next by one byte.
    while start + 1 < end:
        data = reader.peek(start, min(window, end - start))
        if match := MARKER.search(data):
            return match[1][0], start + match.end()
        start += max(1, len(data) - 1)
        window *= 2
    raise truncated_error() if at + _MAX_GARBAGE > reader.size else _corrupt("a segment is missing")


def _corrupt(reason: str) -> ImageCorruptError:
    return ImageCorruptError(
        f"the JPEG is corrupt: {reason}.", remedy="Save it again with a program that opens it."
    )


def parse(reader: ByteReader) -> ImageHeader:
    """Parse the header: the segments before the first scan."""
    frame: tuple[int, int, int, int] | None = None
    exif: Segment | None = None
    xmp: Segment | None = None
    several = False
    for segment in segments(reader):
        if segment.marker in FRAMES and frame is None:
            frame = _frame(reader, segment)
        elif segment.marker == APP1:
            start = reader.peek(segment.start, len(_XMP))
            exif = exif or (segment if start.startswith(EXIF) else None)
            xmp = segment if start == _XMP else xmp
        elif segment.marker == APP2:
            several = several or _has_more_images(reader, segment)
        elif segment.marker == EOI:
            raise _corrupt("it ends before its image starts")
        elif segment.marker == SOS:
            if frame is None:
                raise _corrupt("its size is missing")
            bits, height, width, parts = frame
            body = segment.start + segment.length
            reader.read_exact(segment.start, segment.length + 1)
            mode = _MODES.get(parts, "")
            turn = orientation(_payload(reader, exif), _payload(reader, xmp))
            return ImageHeader(
                "JPEG", width, height, turn, mode, bits, data_offset=body, multi_image=several
            )
    raise truncated_error()


def _frame(reader: ByteReader, segment: Segment) -> tuple[int, int, int, int]:
    """Read bits, height, width and number of components."""
    if segment.marker not in _SUPPORTED:
        raise _unsupported("it is lossless or hierarchical")
    data = reader.read_exact(segment.start, 6)
    parts = data[5]
    if segment.length < 6 + 3 * parts or parts not in _MODES:
        raise _corrupt(f"it has {parts} color components")
    if data[0] != 8:
        raise _unsupported(f"it has {data[0]} bits per channel")
    return data[0], int.from_bytes(data[1:3], "big"), int.from_bytes(data[3:5], "big"), parts


def _unsupported(reason: str) -> ImageFormatError:
    return ImageFormatError(
        f"this JPEG variant is not supported by most programs: {reason}.",
        remedy="Save it as an ordinary JPEG or PNG.",
    )


def _has_more_images(reader: ByteReader, segment: Segment) -> bool:
    """Return whether the file has further images: another view, or a gain map (MPO)."""
    if reader.peek(segment.start, len(_MPF)) != _MPF:
        return False
    count = read_tag(_payload(reader, segment).removeprefix(_MPF), _IMAGE_COUNT)
    return count is not None and count > 1


def _payload(reader: ByteReader, segment: Segment | None) -> bytes:
    return reader.peek(segment.start, segment.length) if segment else b""


def has_end_marker(reader: ByteReader, header: ImageHeader) -> bool:
    """Return whether the image has its end marker; if not, only decoding can tell.

    Most files end with the marker. Others have trailing data (a video, maker notes), so the marker
    is searched; compressed data cannot contain it.
    """
    if reader.peek(reader.size - 2, 2) == _END:
        return True
    before = b""
    for start in range(header.data_offset, reader.size, _SCAN_STEP):
        block = reader.peek(start, _SCAN_STEP)
        if _END in before + block[:1] or _END in block:
            return True
        before = block[-1:]
    return False


def strip(data: bytes, header: ImageHeader, *, bare: bool = False) -> bytes:
    """Remove EXIF, XMP, comments, thumbnails and trailing data; no pixel changes.

    The color profile is kept, because the colors depend on it. An orientation other than 1 is kept
    in a minimal EXIF segment. ``bare`` removes these and all other application segments too.
    """
    reader = ByteReader.from_bytes(data)
    view = memoryview(data)
    parts: list[bytes | memoryview] = [data[:2]]
    exif = (
        EXIF + orientation_exif(header.orientation) if header.orientation != 1 and not bare else b""
    )
    for segment in segments(reader):
        payload = view[segment.start : segment.start + segment.length]
        if exif and not (segment.marker == APP0 and bytes(payload[:5]) == b"JFIF\0"):
            parts.append(_segment(APP1, exif))
            exif = b""
        if segment.marker == SOS:
            parts.append(view[segment.start - 4 : header.data_offset])
            parts.extend(_scans(data, header.data_offset, bare=bare))
        elif _is_essential(segment.marker, bytes(payload[:12]), bare=bare):
            parts.append(_segment(segment.marker, _without_thumbnail(segment.marker, payload)))
    return b"".join(parts)


def _segment(marker: int, payload: bytes | memoryview) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + bytes(payload)


def profile_segments(profile: bytes, step: int) -> bytes:
    """Return the segments of a color profile, with at most ``step`` bytes of it each."""
    parts = [profile[at : at + step] for at in range(0, len(profile), step)]
    return b"".join(
        _segment(APP2, b"ICC_PROFILE\0" + bytes((number, len(parts))) + part)
        for number, part in enumerate(parts, 1)
    )


def _is_essential(marker: int, start: bytes, *, bare: bool) -> bool:
    """Return whether decoding depends on a segment; ``bare``: on one of no application."""
    if bare and 0xE0 <= marker <= 0xEF:
        return False
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


def _scans(data: bytes, at: int, *, bare: bool) -> Iterator[bytes | memoryview]:
    """Yield the compressed data from ``at`` to the end of the image, with later tables."""
    view, start = memoryview(data), at
    while match := MARKER.search(data, at):
        marker, at = match[1][0], match.end()
        if marker == EOI:
            yield view[start:at]
            return
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if not _is_essential(marker, data[at + 2 : at + 14], bare=bare):
            yield view[start : _without_fill_bytes(data, start, match.start())]
            start = at + length
        at += length
    yield view[start:]
    yield _END  # the marker was missing


def _without_fill_bytes(data: bytes, start: int, end: int) -> int:
    """Return ``end`` moved before the fill bytes of a marker, but not before ``start``."""
    while end > start and data[end - 1] == 0xFF:
        end -= 1
    return end
