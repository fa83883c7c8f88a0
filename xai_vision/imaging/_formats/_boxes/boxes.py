"""The boxes of the ISO container, which AVIF, HEIC and JPEG 2000 share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from xai_vision.imaging._formats.byte_reader import ByteReader

_MAX_BOXES = 20_000
_MAX_CONTENT = 4 * 1024 * 1024  # bytes of a profile; other contents are much shorter


class Box(NamedTuple):
    """A box: its type, and the offsets where its content starts and ends."""

    kind: bytes
    start: int
    end: int


def iter_boxes(reader: ByteReader, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two offsets; stop at one that is damaged."""
    for _ in range(_MAX_BOXES):
        head = reader.peek(start, min(16, end - start))
        size, length = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, length = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - start
        if len(head) < length or size < length or start + size > end:
            return
        yield Box(head[4:8], start + length, start + size)
        start += size


def find_box(reader: ByteReader, parent: Box, *path: bytes) -> Box | None:
    """Return the first box at a path of types below ``parent``, or None."""
    for kind in path:
        boxes = iter_boxes(reader, parent.start, parent.end)
        found = next((box for box in boxes if box.kind == kind), None)
        if found is None:
            return None
        parent = found
    return parent


def content(reader: ByteReader, box: Box, maximum: int = _MAX_CONTENT) -> bytes:
    """Return the content of a box, at most ``maximum`` bytes of it."""
    return reader.peek(box.start, min(box.end - box.start, maximum))


class Fields:
    """The fields of a box, which are big-endian numbers."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def number(self, size: int) -> int:
        """Read a number of ``size`` bytes.

        Raises:
            EOFError: The data ends before.
        """
        end = self.position + size
        if end > len(self.data):
            raise EOFError
        value = int.from_bytes(self.data[self.position : end], "big")
        self.position = end
        return value

    def skip(self, size: int) -> None:
        """Skip ``size`` bytes.

        Raises:
            EOFError: The data ends before.
        """
        if self.position + size > len(self.data):
            raise EOFError
        self.position += size
