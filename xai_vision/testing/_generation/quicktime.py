"""Write QuickTime files of JPEG frames, which every common decoder opens."""

from __future__ import annotations

import struct


def make_movie(frames: list[bytes], size: tuple[int, int]) -> bytes:
    """Return a QuickTime file that shows each frame for a second.

    Args:
        frames: JPEG images.
        size: Their width and height in pixels.
    """
    head = _atom(b"ftyp", b"qt  " + bytes(4) + b"qt  ")
    return head + _atom(b"mdat", *frames) + _movie(frames, len(head) + 8, size)


def _atom(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _movie(frames: list[bytes], offset: int, size: tuple[int, int]) -> bytes:
    """Return the atom that describes the track.

    Args:
        frames: The frames, which follow one another in the file.
        offset: The position of the first frame in the file.
        size: The width and height in pixels.
    """
    count = len(frames)
    width, height = size
    one = 0x10000  # 1.0 as a fixed-point number
    matrix = struct.pack(">9I", one, 0, 0, 0, one, 0, 0, 0, 0x40000000)
    # The time unit is a second.
    movie_header = _atom(
        b"mvhd",
        struct.pack(">IIIIIIH10x", 0, 0, 0, 1, count, one, 0x100),
        matrix,
        struct.pack(">24xI", 2),
    )
    track_header = _atom(
        b"tkhd",
        # Flags 7: the track is enabled and shown. The track's id is 1.
        struct.pack(">IIII4xI8xHHH2x", 7, 0, 0, 1, count, 0, 0, 0),
        matrix,
        struct.pack(">II", width << 16, height << 16),
    )
    entry = _atom(
        b"jpeg",
        struct.pack(">6xH", 1),
        struct.pack(">HH4sII", 0, 0, bytes(4), 512, 512),
        struct.pack(">HHIIIH", width, height, 72 << 16, 72 << 16, 0, 1),
        bytes([4]) + b"JPEG" + bytes(27),
        struct.pack(">Hh", 24, -1),
    )
    sizes = [struct.pack(">I", len(frame)) for frame in frames]
    table = _atom(
        b"stbl",
        _atom(b"stsd", struct.pack(">II", 0, 1), entry),
        _atom(b"stts", struct.pack(">IIII", 0, 1, count, 1)),
        _atom(b"stsc", struct.pack(">IIIII", 0, 1, 1, count, 1)),
        _atom(b"stsz", struct.pack(">III", 0, 0, count), *sizes),
        _atom(b"stco", struct.pack(">III", 0, 1, offset)),
    )
    reference = _atom(b"dref", struct.pack(">II", 0, 1), _atom(b"url ", struct.pack(">I", 1)))
    media = _atom(
        b"mdia",
        _atom(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 1, count, 0, 0)),
        _atom(b"hdlr", struct.pack(">I4s4s12x", 0, b"mhlr", b"vide"), b"\0"),
        _atom(
            b"minf",
            _atom(b"vmhd", struct.pack(">IHHHH", 1, 0, 0, 0, 0)),
            _atom(b"dinf", reference),
            table,
        ),
    )
    return _atom(b"moov", movie_header, _atom(b"trak", track_header, media))
