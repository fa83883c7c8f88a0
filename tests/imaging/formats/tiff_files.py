"""TIFF files of any kind, which Pillow cannot write."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

SHORT, LONG = 3, 4
_CODES = {SHORT: "H", LONG: "I"}


@dataclass
class TiffImage:
    """An image in a TIFF: its tags, its strips or tiles, and its sub-directories."""

    width: int
    height: int
    strips: Sequence[bytes]
    photometric: int = 1
    bits: Sequence[int] = (8,)
    tags: dict[int, Sequence[int]] = field(default_factory=dict)
    inner: Sequence[TiffImage] = ()


def tiff_file(*pages: TiffImage, order: str = "<", start: bytes = b"") -> bytes:
    """Build a file. ``order`` is "<" or ">"; ``start`` follows the header."""
    data = bytearray((b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 0) + start)
    link = 4
    for page in pages:
        position = _add(data, page, order)
        data[link : link + 4] = struct.pack(f"{order}I", position)
        link = len(data) - 4
    return bytes(data)


def _add(data: bytearray, image: TiffImage, order: str) -> int:
    """Add an image; its directory, whose offset is returned, comes last."""
    inner = [_add(data, sub, order) for sub in image.inner]
    offsets = []
    for strip in image.strips:
        offsets.append(len(data))
        data += strip
    tiled = 322 in image.tags
    tags = {
        256: (image.width,),
        257: (image.height,),
        258: tuple(image.bits),
        262: (image.photometric,),
        277: (len(image.bits),),
        324 if tiled else 273: offsets,
        325 if tiled else 279: [len(strip) for strip in image.strips],
        **({330: inner} if inner else {}),
        **image.tags,
    }
    entries = b""
    for tag, values in sorted(tags.items()):
        kind = LONG if tag in (273, 279, 324, 325, 330) else SHORT
        raw = struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values)
        if len(raw) > 4:
            position = struct.pack(f"{order}I", len(data))
            data += raw
            raw = position
        entries += struct.pack(f"{order}HHI", tag, kind, len(values)) + raw.ljust(4, b"\0")
    position = len(data)
    data += struct.pack(f"{order}H", len(tags)) + entries + bytes(4)
    return position
