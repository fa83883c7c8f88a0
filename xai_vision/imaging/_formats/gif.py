"""A GIF's header, and whether a second picture follows the first."""

from __future__ import annotations

from xai_vision.errors._image import ImageTruncatedError
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.image_header import ImageHeader

_EXTENSION, _PICTURE = 0x21, 0x2C
_MAX_BLOCKS = 20_000


def parse(window: ByteReader) -> ImageHeader:
    """Read a GIF's header."""
    head = window.read_exact(0, 13)
    width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    return ImageHeader("GIF", width, height, mode="P", animated=_more_than_one(window, head[10]))


def _colours(flags: int) -> int:
    """The bytes of a colour table, by the flags before it."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _more_than_one(window: ByteReader, flags: int) -> bool:
    """Walk over the first picture and see whether there is another."""
    at = 13 + _colours(flags)
    pictures = 0
    try:
        while pictures < 2:
            kind = window.read_exact(at, 1)[0]
            if kind == _PICTURE:
                pictures += 1
                at += 11 + _colours(window.read_exact(at + 9, 1)[0])
            elif kind == _EXTENSION:
                at += 2
            else:
                return False
            at = _after_blocks(window, at)
    except ImageTruncatedError:
        return pictures > 1
    return True


def _after_blocks(window: ByteReader, at: int) -> int:
    """Step over data in blocks of up to 255 bytes, each behind its length, up to an empty one."""
    for _ in range(_MAX_BLOCKS):
        length = window.read_exact(at, 1)[0]
        at += 1 + length
        if not length:
            return at
    return window.size
