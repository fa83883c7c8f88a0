"""ICC profiles for color spaces that a file describes with numbers."""

from __future__ import annotations

import struct
from functools import lru_cache

from xai_vision.imaging._color.color_space import Chromaticities, ColorSpace

_Vector = tuple[float, float, float]
_Matrix = tuple[_Vector, _Vector, _Vector]

_CURVE_POINTS = 4096  # the most that ICC version 2 readers are required to support
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD: _Matrix = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)
_HEADER = 128
_TEXT = "xai_vision"


@lru_cache(maxsize=16)
def icc_profile(space: ColorSpace, *, gray: bool = False) -> bytes:
    """Return an ICC profile (version 4) of a color space.

    Args:
        space: The color space.
        gray: Whether the profile is for grayscale images.
    """
    curve = _curve(space)
    tags = {b"desc": _text(space.name), b"cprt": _text(_TEXT), b"wtpt": _xyz(_D50)}
    if gray:
        tags[b"kTRC"] = curve
    else:
        columns = _transposed(_rgb_to_d50(space.chromaticities))
        for color, column in zip((b"r", b"g", b"b"), columns, strict=True):
            tags[color + b"XYZ"] = _xyz(column)
            tags[color + b"TRC"] = curve
    return _assembled(tags, b"GRAY" if gray else b"RGB ")


def _assembled(tags: dict[bytes, bytes], space: bytes) -> bytes:
    """Write header, tag table and data; equal data is written once."""
    offsets: dict[bytes, int] = {}
    body, at = b"", _HEADER + 4 + 12 * len(tags)
    table = struct.pack(">I", len(tags))
    for name, data in tags.items():
        if data not in offsets:
            offsets[data] = at + len(body)
            body += data
        table += struct.pack(">4sII", name, offsets[data], len(data))
    size = at + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"", 0x04300000, b"mntr", space, b"XYZ ")
    header += struct.pack(">6H4s", 2000, 1, 1, 0, 0, 0, b"acsp")
    header = header.ljust(68, b"\0") + b"".join(map(_fixed, _D50))
    return header.ljust(_HEADER, b"\0") + table + body


def _curve(space: ColorSpace) -> bytes:
    last = _CURVE_POINTS - 1
    values = [round(65535 * space.to_linear(index / last)) for index in range(_CURVE_POINTS)]
    return struct.pack(f">4sII{_CURVE_POINTS}H", b"curv", 0, _CURVE_POINTS, *values)


def _text(text: str) -> bytes:
    data = text.encode("utf-16-be")
    record = struct.pack(">4sIII2s2sII", b"mluc", 0, 1, 12, b"en", b"US", len(data), 28) + data
    return record + bytes(-len(record) % 4)


def _xyz(values: _Vector) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _rgb_to_d50(chromaticities: Chromaticities) -> _Matrix:
    """Return the matrix from linear RGB to XYZ, with white adapted to D50 (Bradford)."""
    (x, y, z), red, green, blue = (
        (x, y, 1 - x - y) for x, y in zip(chromaticities[::2], chromaticities[1::2], strict=True)
    )
    white = x / y, 1.0, z / y
    columns = _transposed((red, green, blue))
    scale = _applied(_inverse(columns), white)
    to_xyz = _product(columns, _diagonal(scale))
    before, after = _applied(_BRADFORD, white), _applied(_BRADFORD, _D50)
    gains = _diagonal((after[0] / before[0], after[1] / before[1], after[2] / before[2]))
    adaptation = _product(_inverse(_BRADFORD), _product(gains, _BRADFORD))
    return _product(adaptation, to_xyz)


def _transposed(matrix: _Matrix) -> _Matrix:
    first, second, third = zip(*matrix, strict=True)
    return first, second, third


def _diagonal(values: _Vector) -> _Matrix:
    x, y, z = values
    return (x, 0.0, 0.0), (0.0, y, 0.0), (0.0, 0.0, z)


def _applied(matrix: _Matrix, vector: _Vector) -> _Vector:
    x, y, z = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def _product(left: _Matrix, right: _Matrix) -> _Matrix:
    first, second, third = (_applied(left, column) for column in _transposed(right))
    return _transposed((first, second, third))


def _inverse(matrix: _Matrix) -> _Matrix:
    a, b, c = matrix
    rows = _cross(b, c), _cross(c, a), _cross(a, b)
    determinant = sum(x * y for x, y in zip(a, rows[0], strict=True))
    first, second, third = (
        (row[0] / determinant, row[1] / determinant, row[2] / determinant) for row in rows
    )
    return _transposed((first, second, third))


def _cross(a: _Vector, b: _Vector) -> _Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
