"""The scans of a JPEG: its compressed data."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from xai_vision.errors._image import DecompressionBombError
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.jpeg import EOI, FRAMES, SOS, segments

_BASELINE, _EXTENDED = 0xC0, 0xC1
_ARITHMETIC = (0xC9, 0xCA)
_PROGRESSIVE = (0xC2, 0xCA)
_DRI = 0xDD  # the interval of restart markers
_RESTARTS = range(0xD0, 0xD8)
_START_OF_SCAN = bytes((0xFF, SOS))
# Encoders write about ten scans. Each takes the time of a whole image, even if it is empty.
_MAX_SCANS = 200
_ORDINARY_SCANS = 30
_MAX_SCANNED_PIXELS = 5_000_000_000
_STEP = 1024 * 1024  # bytes
_MARKER = re.compile(rb"\xff([^\x00\xff])")


def is_arithmetic(reader: ByteReader) -> bool:
    """Return whether the compression is arithmetic coding, which few programs decode."""
    return any(segment.marker in _ARITHMETIC for segment in segments(reader))


class Frame(NamedTuple):
    """The frame: its marker, its size, and the sampling factors of its components by their id."""

    marker: int
    width: int
    height: int
    components: dict[int, tuple[int, int]]


@dataclass
class Scan:
    """A scan of some components, coefficients and bits of an image.

    Attributes:
        components: The ids of the components.
        coefficients: The first and the last coefficient of a block.
        high_bit: The lowest bit of the scan that this one refines; 0 if it refines none.
        low_bit: The position of the lowest bit that is stored.
        interval: The number of units between restart markers; 0 for no markers.
        ends: The offsets at which its parts end, before a marker and its fill bytes.
        restarts: The numbers of its restart markers, 0 to 7.
    """

    components: bytes
    coefficients: tuple[int, int]
    high_bit: int
    low_bit: int
    interval: int
    ends: list[int] = field(default_factory=list)
    restarts: list[int] = field(default_factory=list)


class Scans(NamedTuple):
    """The frame and the scans of an image, and whether its end marker exists."""

    frame: Frame
    scans: list[Scan]
    has_end: bool

    @property
    def ends(self) -> list[int]:
        """The offsets at which parts of the compressed data end."""
        return [end for scan in self.scans for end in scan.ends]

    @property
    def is_arithmetic(self) -> bool:
        """Whether the compression is arithmetic coding."""
        return self.frame.marker in _ARITHMETIC

    @property
    def is_sequential(self) -> bool:
        """Whether all bits of a pixel are at one place, with Huffman coding."""
        return self.frame.marker in (_BASELINE, _EXTENDED)

    def are_complete(self) -> bool:
        """Return whether the scans have all bits of all components, and all restart markers."""
        low_bits: dict[tuple[int, int], int] = {}
        for scan in self.scans:
            if not self._has_restarts(scan) or not self._add_bits(scan, low_bits):
                return False
        every = itertools.product(self.frame.components, range(64))
        return all(low_bits.get(coefficient) == 0 for coefficient in every)

    def _add_bits(self, scan: Scan, low_bits: dict[tuple[int, int], int]) -> bool:
        """Note the lowest bits of a scan; return whether the bits above are there."""
        if self.frame.marker not in _PROGRESSIVE:  # some encoders write other values, unread
            first, last, high_bit, low_bit = 0, 63, 0, 0
        else:
            (first, last), high_bit, low_bit = scan.coefficients, scan.high_bit, scan.low_bit
        for coefficient in itertools.product(scan.components, range(first, last + 1)):
            if high_bit and low_bits.get(coefficient, high_bit + 1) > high_bit:
                return False
            low_bits[coefficient] = low_bit
        return True

    def _has_restarts(self, scan: Scan) -> bool:
        """Return whether the restart markers of a scan are complete and in order."""
        numbers = scan.restarts
        if any(number != position % 8 for position, number in enumerate(numbers)):
            return False
        return scan.interval == 0 or len(numbers) >= (self._units(scan) - 1) // scan.interval

    def _units(self, scan: Scan) -> int:
        """Return the number of blocks, or groups of blocks, in a scan."""
        frame = self.frame
        across = 8 * max((h for h, _ in frame.components.values()), default=1)
        down = 8 * max((v for _, v in frame.components.values()), default=1)
        h, v = 1, 1
        if len(scan.components) == 1:  # blocks are not grouped then
            h, v = frame.components.get(scan.components[0], (1, 1))
        return -(-frame.width * h // across) * -(-frame.height * v // down)


def find_scans(data: bytes) -> Scans:
    """Find the scans of an image, up to its end marker."""
    reader = ByteReader.from_bytes(data)
    frame = Frame(0, 0, 0, {})
    scans: list[Scan] = []
    interval = 0
    at = 2
    for segment in segments(reader):
        payload = data[segment.start : segment.start + segment.length]
        if segment.marker in FRAMES and not frame.marker:
            frame = _parse_frame(segment.marker, payload)
        elif segment.marker == _DRI:
            interval = int.from_bytes(payload[:2], "big")
        elif segment.marker == SOS:
            scans.append(_parse_scan(payload, interval))
            at = segment.start + segment.length
    start = at
    for marker, position, after in _markers(data, at):
        if position > start:
            scans[-1].ends.append(_before_fill_bytes(data, start, position))
        if marker in _RESTARTS:
            scans[-1].restarts.append(marker - _RESTARTS.start)
        elif marker == _DRI:
            interval = int.from_bytes(data[position + 4 : position + 6], "big")
        elif marker == SOS:
            scans.append(_parse_scan(data[position + 4 : after], interval))
        elif marker == EOI:
            return Scans(frame, scans, has_end=True)
        start = after
    return Scans(frame, scans, has_end=False)


def _parse_frame(marker: int, payload: bytes) -> Frame:
    height, width = (int.from_bytes(payload[at : at + 2], "big") for at in (1, 3))
    parts = [payload[at : at + 3] for at in range(6, len(payload) - 2, 3)]
    sampling = {part[0]: (part[1] >> 4 or 1, part[1] & 15 or 1) for part in parts}
    return Frame(marker, width, height, sampling)


def _parse_scan(payload: bytes, interval: int) -> Scan:
    count = payload[0] if payload else 0
    tail = payload[1 + 2 * count : 4 + 2 * count].ljust(3, b"\0")
    names, coefficients = payload[1 : 1 + 2 * count : 2], (tail[0], min(tail[1], 63))
    return Scan(names, coefficients, tail[2] >> 4, tail[2] & 15, interval)


def _markers(data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield the markers after ``at``: marker, its offset, and the offset after its segment."""
    while match := _MARKER.search(data, at):
        marker, at = match[1][0], match.end()
        if marker not in _RESTARTS and marker not in (EOI, 1):
            at += int.from_bytes(data[at : at + 2], "big")
        yield marker, match.start(), at
        if marker == EOI:
            return


def _before_fill_bytes(data: bytes, start: int, end: int) -> int:
    while end > start and data[end - 1] == 0xFF:
        end -= 1
    return end


def check_scans(reader: ByteReader, width: int, height: int) -> None:
    """Refuse a JPEG whose scans would take much longer to decode than its pixels.

    Raises:
        DecompressionBombError: It has too many scans.
    """
    by_size = _MAX_SCANNED_PIXELS // (width * height)
    limit = max(_ORDINARY_SCANS, min(_MAX_SCANS, by_size))
    # The number of markers also counts those of thumbnails, but is fast.
    if _has_single_scan(reader) or _count_scan_markers(reader) <= limit:
        return
    data = reader.peek(0, reader.size)
    at = next(found.start + found.length for found in segments(reader) if found.marker == SOS)
    count = 1 + sum(marker == SOS for marker, _, _ in _markers(data, at))
    if count > limit:
        raise DecompressionBombError(
            f"the JPEG has {count:,} scans of {width}x{height} pixels; the limit is {limit}.",
            remedy="Save it again as a baseline JPEG or as PNG.",
        )


def _has_single_scan(reader: ByteReader) -> bool:
    """Return whether the first scan has all components and bits: decoders refuse another one."""
    components = 0
    for segment in segments(reader):
        if segment.marker in FRAMES and not components:
            if segment.marker in _PROGRESSIVE:
                return False
            components = reader.read_exact(segment.start, 6)[5]
        elif segment.marker == SOS:
            return reader.read_exact(segment.start, 1)[0] == components
    return False


def _count_scan_markers(reader: ByteReader) -> int:
    count, last = 0, b""
    for start in range(0, reader.size, _STEP):
        block = reader.peek(start, _STEP)
        count += block.count(_START_OF_SCAN) + (last + block[:1] == _START_OF_SCAN)
        last = block[-1:]
    return count
