"""Writing messages with images as protobuf's wire bytes, without building them as protobuf.

Only what an image sits in is written here: a message's content, an image_url in it. Everything
else is a small proto that serialises itself. That parse(bytes) == proto holds for whatever can be
said is a property test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Write: TypeAlias = Callable[[bytes], object]

# protobuf's limit for one message: lengths are signed 32-bit numbers.
MAX_MESSAGE_BYTES = 2**31 - 1

_VARINT = 0
_LENGTH = 2
# Most lengths and all tags are short.
_SHORT = tuple(bytes((number,)) for number in range(0x80))


def varint(number: int) -> bytes:
    """Encode a number of 0 or more as a base-128 varint."""
    if number < len(_SHORT):
        return _SHORT[number]
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def length_prefix(field: int, size: int) -> bytes:
    """What stands before a length-delimited field of ``size`` bytes."""
    return varint(field << 3 | _LENGTH) + varint(size)


def varint_field(field: int, value: int) -> bytes:
    """A whole varint field; nothing for 0, which proto3 leaves out."""
    return varint(field << 3 | _VARINT) + varint(value) if value else b""
