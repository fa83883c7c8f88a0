"""AVIF files built box by box around compressed images of 16x16 pixels."""

from __future__ import annotations

import struct
from base64 import b64decode

# One color, encoded by libavif 1.3 at full quality, 4:4:4. Their sequence headers have the
# colors, too.
DISPLAY_P3 = b64decode("EgAKCDgM//lDA0AkMhQQAAAAFLm9tA4DEh2tSk3a9a+ZMA==")  # (200, 100, 50)
HDR_PQ = b64decode("EgAKCDgM//nCRAAkMhUQAAAAFLm4ddvTRRbHlVRKjk5i4RM=")  # (800, 400, 200) of 1023
TWELVE_BITS = b64decode("EgAKCVgM//jQICAIgDIXEAAAABS5tvpS/TRRas90/EqOTlfAbDA=")
P3, PQ = (12, 13), (9, 16)


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", len(content) + 8) + kind + content


def wide_box(kind: bytes, *parts: bytes) -> bytes:
    """Build a box whose size has 64 bits."""
    content = b"".join(parts)
    return b"\0\0\0\1" + kind + struct.pack(">Q", len(content) + 16) + content


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def item(number: int, kind: bytes = b"av01", *, hidden: bool = False) -> bytes:
    content = struct.pack(">HH4s", number, 0, kind) + b"\0"
    return full_box(b"infe", content, version=2, flags=int(hidden))


def reference(kind: bytes, source: int, *targets: int) -> bytes:
    return box(kind, struct.pack(f">HH{len(targets)}H", source, len(targets), *targets))


def nclx(numbers: tuple[int, int]) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", *numbers, 0, 0x80))


def profile(data: bytes) -> bytes:
    return box(b"colr", b"prof", data)


def avif(
    data: bytes = DISPLAY_P3,
    *colors: bytes,
    bits: int = 8,
    others: tuple[bytes, ...] = (),
    references: tuple[bytes, ...] = (),
    build=box,
) -> bytes:
    """Build an AVIF with one image, and further items of which only the heads are there."""
    av1_profile, depth = {8: (0x20, 0), 10: (0x20, 0x40), 12: (0x40, 0x60)}[bits]
    config = bytes((0x81, av1_profile, depth, 0))
    size = full_box(b"ispe", struct.pack(">II", 16, 16))
    pixels = full_box(b"pixi", bytes((3, bits, bits, bits)))
    properties = box(b"ipco", size, pixels, box(b"av1C", config), *colors)
    marks = bytes((1, 2, 0x83, *range(4, 4 + len(colors))))
    associations = full_box(b"ipma", struct.pack(">IHB", 1, 1, len(marks)), marks)

    def meta(start: int) -> bytes:
        location = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, start, len(data))
        return full_box(
            b"meta",
            full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
            full_box(b"pitm", struct.pack(">H", 1)),
            full_box(b"iloc", location),
            full_box(b"iinf", struct.pack(">H", 1 + len(others)), item(1), *others),
            *([full_box(b"iref", *references)] if references else []),
            build(b"iprp", properties, associations),
        )

    head = box(b"ftyp", b"avif", bytes(4), b"avifmif1miaf")
    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", data)
