"""Color spaces that a file describes with numbers: CICP (ITU-T H.273), gamma and primaries."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

Chromaticities = tuple[float, ...]
"""x and y of white, red, green and blue, in this order."""

_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
_BT709 = (*_D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
_BT470M = (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08)
_BT470BG = (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06)
_SMPTE170 = (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)
_FILM = (*_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049)
_BT2020 = (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
_XYZ = (1 / 3, 1 / 3, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_DCI_P3 = (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
_DISPLAY_P3 = (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
_EBU3213 = (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077)

# The exact gamma that this package treats as that of sRGB: the usual approximation.
_SRGB_GAMMA = 2.2
_GAMMA_TOLERANCE = 0.02
_GAMMA_RANGE = (0.1, 10.0)  # other values are mistakes
_CHROMATICITY_TOLERANCE = 0.002

SDR_WHITE = 203.0
"""Luminance of diffuse white in HDR, cd/m2 (ITU-R BT.2408); it becomes white of sRGB."""

HDR_PEAK = 1000.0
"""Luminance that tone mapping makes white, cd/m2: that of usual masters, and HLG's nominal peak."""


def _srgb(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _power(exponent: float) -> Callable[[float], float]:
    return lambda value: float(value**exponent)


def _log(decades: float) -> Callable[[float], float]:
    return lambda value: 10 ** ((value - 1) * decades) if value > 0 else 0.0


def _pq(value: float) -> float:
    """Return the luminance in cd/m2 of a PQ value (SMPTE ST 2084)."""
    root = value ** (1 / _PQ_M2)
    return float(10000 * (max(root - _PQ_C1, 0) / (_PQ_C2 - _PQ_C3 * root)) ** (1 / _PQ_M1))


def _to_pq(luminance: float) -> float:
    power = (luminance / 10000) ** _PQ_M1
    return float(((_PQ_C1 + _PQ_C2 * power) / (1 + _PQ_C3 * power)) ** _PQ_M2)


_PQ_M1, _PQ_M2 = 2610 / 16384, 2523 / 4096 * 128
_PQ_C1, _PQ_C2, _PQ_C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _hlg(value: float) -> float:
    """Return the luminance in cd/m2 of an HLG value on a display of 1000 cd/m2 (ITU-R BT.2100)."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * math.log(4 * a)
    scene = value * value / 3 if value <= 0.5 else (math.exp((value - c) / a) + b) / 12
    return float(HDR_PEAK * scene**1.2)


def _tone_mapped(luminance: float) -> float:
    """Compress a luminance to 0..1 with the curve of ITU-R BT.2390: dark and middle tones stay."""
    peak = _to_pq(HDR_PEAK)
    value, highest = min(_to_pq(luminance) / peak, 1.0), _to_pq(SDR_WHITE) / peak
    knee = 1.5 * highest - 0.5
    if value > knee:
        t = (value - knee) / (1 - knee)
        value = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee)
        value += (-2 * t**3 + 3 * t**2) * highest
    return min(_pq(value * peak) / SDR_WHITE, 1.0)


class ColorSpace(NamedTuple):
    """A color space.

    Attributes:
        name: Its name for messages.
        chromaticities: White and primaries.
        to_linear: Converts a channel's value, 0..1, to linear light, 0..1. For HDR it includes the
            tone mapping.
        is_hdr: Whether its luminance exceeds that of sRGB.
        is_known: Whether its numbers have a meaning; if not, sRGB is assumed.
    """

    name: str
    chromaticities: Chromaticities
    to_linear: Callable[[float], float]
    is_hdr: bool = False
    is_known: bool = True

    def is_srgb(self, *, gray: bool = False) -> bool:
        """Return whether it is sRGB; of a grayscale image, only the curve counts."""
        return self.to_linear is _srgb and (gray or self._has_srgb_primaries)

    @property
    def _has_srgb_primaries(self) -> bool:
        pairs = zip(self.chromaticities, _BT709, strict=True)
        return all(abs(a - b) <= _CHROMATICITY_TOLERANCE for a, b in pairs)


SRGB = ColorSpace("sRGB", _BT709, _srgb)

_PRIMARIES = {
    1: ("BT.709", _BT709),
    2: ("unspecified primaries", _BT709),
    4: ("BT.470 M", _BT470M),
    5: ("BT.601 625", _BT470BG),
    6: ("BT.601 525", _SMPTE170),
    7: ("SMPTE 240M", _SMPTE170),
    8: ("film", _FILM),
    9: ("BT.2020", _BT2020),
    10: ("XYZ", _XYZ),
    11: ("DCI-P3", _DCI_P3),
    12: ("Display P3", _DISPLAY_P3),
    22: ("EBU 3213", _EBU3213),
}
# The curves of video cameras (BT.709, BT.601, BT.2020 and their variants) are shown as sRGB:
# they describe the camera, and displays undo them with a curve like that of sRGB.
_TRANSFERS: dict[int, tuple[str, Callable[[float], float]]] = {
    **dict.fromkeys((1, 6, 7, 11, 12, 14, 15), ("video curve", _srgb)),
    2: ("", _srgb),
    4: ("gamma 2.2", _power(2.2)),
    5: ("gamma 2.8", _power(2.8)),
    8: ("linear", _power(1.0)),
    9: ("logarithmic 100:1", _log(2)),
    10: ("logarithmic 316:1", _log(2.5)),
    13: ("", _srgb),
    16: ("HDR, PQ", lambda value: _tone_mapped(_pq(value))),
    17: ("gamma 2.6", _power(2.6)),
    18: ("HDR, HLG", lambda value: _tone_mapped(_hlg(value))),
}
_HDR = (16, 18)


def from_cicp(primaries: int, transfer: int, *, full_range: bool = True) -> ColorSpace:
    """Return the color space of code points of ITU-T H.273, as in nclx and cICP.

    Args:
        primaries: The number of the primaries.
        transfer: The number of the transfer function.
        full_range: Whether 0 is black and 1 white; otherwise 16/255 and 235/255 are.
    """
    name, chromaticities = _PRIMARIES.get(primaries, _PRIMARIES[2])
    curve, to_linear = _TRANSFERS.get(transfer, _TRANSFERS[2])
    if primaries not in _PRIMARIES or transfer not in _TRANSFERS:
        return ColorSpace(f"CICP {primaries}/{transfer}", _BT709, _srgb, is_known=False)
    if not full_range:
        name, to_linear = f"{name}, limited range", _limited(to_linear)
    return ColorSpace(
        ", ".join(filter(None, (name, curve))), chromaticities, to_linear, is_hdr=transfer in _HDR
    )


def _limited(to_linear: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: to_linear(min(max((value * 255 - 16) / 219, 0.0), 1.0))


def from_gamma(exponent: float | None, chromaticities: Chromaticities | None) -> ColorSpace | None:
    """Return the color space of a display gamma and of primaries, or None if both are missing.

    Args:
        exponent: The exponent of the conversion to linear light, such as 2.2.
        chromaticities: White and primaries. Impossible values are ignored, as decoders do.
    """
    if chromaticities is not None and not _is_possible(chromaticities):
        chromaticities = None
    if exponent is None and chromaticities is None:
        return None
    if exponent is not None and not _GAMMA_RANGE[0] <= exponent <= _GAMMA_RANGE[1]:
        return ColorSpace(f"gamma {exponent:.3g}", _BT709, _srgb, is_known=False)
    space = ColorSpace("its own primaries", chromaticities or _BT709, _srgb)
    is_usual = exponent is None or abs(exponent / _SRGB_GAMMA - 1) <= _GAMMA_TOLERANCE
    if exponent is None or (is_usual and space.is_srgb()):
        return space
    name = f"gamma {exponent:.3g}" + ("" if space.is_srgb() else f" and {space.name}")
    return ColorSpace(name, space.chromaticities, _power(exponent))


def _is_possible(chromaticities: Chromaticities) -> bool:
    """Return whether white is a white, and inside the triangle of the primaries."""
    if len(chromaticities) != 8 or not all(abs(value) <= 2 for value in chromaticities):
        return False
    x, y = chromaticities[:2]
    if not (0.2 <= x <= 0.5 and 0.25 <= y <= 0.5 and x + y <= 0.95):
        return False
    white, *corners = zip(chromaticities[::2], chromaticities[1::2], strict=True)
    areas = [
        (b[0] - a[0]) * (white[1] - a[1]) - (b[1] - a[1]) * (white[0] - a[0])
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)
    ]
    return all(area > 1e-4 for area in areas) or all(area < -1e-4 for area in areas)
