"""The protobuf wire format of fields with large content: images, and chunks of files.

Only the fields around the content are written here. The rest is a small proto that serializes
itself. Property tests check that the bytes parse to the same proto.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Write: TypeAlias = Callable[[bytes], object]

# protobuf's limit for a message: lengths are signed 32-bit integers.
MAX_MESSAGE_BYTES = 2**31 - 1

_VARINT = 0
_LENGTH = 2
# Most lengths and all tags are short.
_SHORT = tuple(bytes((number,)) for number in range(0x80))


def varint(number: int) -> bytes:
    """Encode a non-negative integer as a varint."""
    if number < len(_SHORT):
        return _SHORT[number]
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def length_prefix(field: int, size: int) -> bytes:
    """Return the tag and length of a length-delimited field of ``size`` bytes."""
    return varint(field << 3 | _LENGTH) + varint(size)


def varint_field(field: int, value: int) -> bytes:
    """Encode a varint field; b"" for 0, which proto3 omits."""
    return varint(field << 3 | _VARINT) + varint(value) if value else b""
