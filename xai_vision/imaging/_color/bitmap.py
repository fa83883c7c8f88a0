"""The colors of BMP: a profile inside the file, or primaries and gamma in its header."""

from __future__ import annotations

import struct

from xai_vision.imaging._formats.byte_reader import ByteReader

_HEADER = 14  # offset of the second header
_V4, _V5 = 108, 124  # its sizes with colors, and with a profile
_CALIBRATED, _EMBEDDED = 0, 0x4D424544
_MAX_PROFILE = 4 * 1024 * 1024


def read_bmp_colors(reader: ByteReader) -> tuple[float, tuple[float, ...]] | None:
    """Return gamma and primaries in the header, as a PNG has them; None if there are none."""
    if _header_size(reader) < _V4 or _color_type(reader) != _CALIBRATED:
        return None
    values = struct.unpack("<9i3I", reader.read_exact(_HEADER + 60, 48))
    sums = [sum(values[at : at + 3]) for at in (0, 3, 6)]
    white = [sum(values[at:9:3]) for at in range(3)]
    gamma = values[10] / 65536
    if not gamma or not all(sums) or not sum(white):  # most programs leave them empty
        return None
    points = [
        *zip((white, values[0:3], values[3:6], values[6:9]), (sum(white), *sums), strict=True)
    ]
    chromaticities = tuple(part / total for xyz, total in points for part in xyz[:2])
    # Some programs write the exponent of encoding, others its inverse.
    return min(gamma, 1 / gamma), chromaticities


def read_bmp_profile(reader: ByteReader) -> bytes:
    """Return the ICC profile inside the file; empty if there is none."""
    if _header_size(reader) < _V5 or _color_type(reader) != _EMBEDDED:
        return b""
    offset, size = struct.unpack("<2I", reader.read_exact(_HEADER + 112, 8))
    return reader.peek(_HEADER + offset, min(size, _MAX_PROFILE))


def _header_size(reader: ByteReader) -> int:
    return int.from_bytes(reader.peek(_HEADER, 4), "little")


def _color_type(reader: ByteReader) -> int:
    return int.from_bytes(reader.peek(_HEADER + 56, 4), "little")
