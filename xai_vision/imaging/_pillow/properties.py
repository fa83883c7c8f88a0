"""Properties of a source that Pillow does not read: color space, bits, further images.

They are kept in ``info`` of the Pillow image, as Pillow keeps others, so that they stay with the
pixels when the image is cropped, or prepared again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from PIL import Image

from xai_vision.imaging._color.bitmap import read_bmp_colors, read_bmp_profile
from xai_vision.imaging._color.color_space import SRGB, ColorSpace, from_cicp, from_gamma
from xai_vision.imaging._color.png_chunks import read_cicp
from xai_vision.imaging._formats._boxes.avif import read_avif
from xai_vision.imaging._formats._boxes.heic import read_heic_cicp
from xai_vision.imaging._formats._boxes.jpeg2000 import read_jpeg2000
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.change import Change

COLOR_KEYS = (
    *("icc_profile", "cicp", "nclx_profile", "srgb", "gamma", "chromaticity", "unknown_space"),
    "transparency",
)
"""Keys of ``info`` that describe the meaning of the pixels' values."""

_T = TypeVar("_T")
_Info = dict[Any, Any]

_EIGHT_BITS = ("L", "LA", "RGB", "RGBA", "CMYK", "P", "PA")
_UNTOLD_DEPTH = ("AVIF", "JPEG2000", "JXL")
_UNSPECIFIED = 2  # in ITU-T H.273
_BT601 = (5, 6, 7)  # encoders in phones write it for photos in sRGB
_QOI_SPACE, _QOI_LINEAR = 13, b"\1"
_WHITE_POINT, _PRIMARIES, _TRANSFER_FUNCTION = 318, 319, 301


class SourceColors(NamedTuple):
    """How the colors of a source are described.

    Attributes:
        space: The color space, if it is described with numbers.
        profile: The ICC profile, if it counts.
    """

    space: ColorSpace | None
    profile: bytes | None


def read_properties(info: _Info, name: str | None, reader: ByteReader | None) -> None:
    """Add the properties of a file to the ``info`` of its image.

    Args:
        info: The image's ``info``, or a copy.
        name: The format.
        reader: The file; None if it is not available.
    """
    read = _READERS.get(name or "")
    if read is not None and reader is not None:
        read(reader, info)


@contextmanager
def opened_reader(image: Any) -> Iterator[ByteReader | None]:
    """Give access to the file of a Pillow image that is not decoded yet; None if there is none."""
    file = getattr(image, "fp", None)
    is_decoded = getattr(image, "_im", image) is not None
    if is_decoded or file is None or image.format not in _READERS:
        yield None
        return
    try:
        position, size = file.tell(), file.seek(0, 2)
    except (OSError, ValueError):  # closed, which loading the image reports
        yield None
        return

    def read_at(start: int, length: int) -> bytes:
        file.seek(start)
        return bytes(file.read(length))

    try:
        yield ByteReader(read_at, size)
    finally:
        file.seek(position)


def _png(reader: ByteReader, info: _Info) -> None:
    cicp = read_cicp(reader)
    if cicp is not None:
        info["cicp"] = cicp


def _avif(reader: ByteReader, info: _Info) -> None:
    properties = read_avif(reader)
    if properties.cicp is not None and not info.get("icc_profile"):
        info["cicp"] = (*properties.cicp, True)  # the decoder has expanded a limited range
    info["bit_depth"] = properties.bits
    info["images"] = 1 + properties.other_images
    if properties.has_gain_map:
        info["aux"] = {"gainmap": []}


def _heif(reader: ByteReader, info: _Info) -> None:
    if not info.get("icc_profile") and not info.get("nclx_profile"):
        cicp = read_heic_cicp(reader)
        if cicp is not None and cicp[0] not in _BT601:
            info["cicp"] = (*cicp, True)


def _jpeg2000(reader: ByteReader, info: _Info) -> None:
    properties = read_jpeg2000(reader)
    info["bit_depth"] = properties.bits
    if properties.icc:
        info["icc_profile"] = properties.icc
    if properties.unknown_space is not None:
        info["unknown_space"] = properties.unknown_space


def _bmp(reader: ByteReader, info: _Info) -> None:
    if profile := read_bmp_profile(reader):
        info["icc_profile"] = profile
    elif colors := read_bmp_colors(reader):
        info["gamma"], info["chromaticity"] = colors


def _qoi(reader: ByteReader, info: _Info) -> None:
    if reader.peek(_QOI_SPACE, 1) == _QOI_LINEAR:
        info["gamma"] = 1.0


_READERS: dict[str, Callable[[ByteReader, _Info], None]] = {
    "PNG": _png,
    "AVIF": _avif,
    "HEIF": _heif,
    "JPEG2000": _jpeg2000,
    "BMP": _bmp,
    "QOI": _qoi,
}


def lost_by_decoding(image: Image.Image, info: Mapping[Any, Any]) -> list[Change]:
    """Return what a decoded image lacks of its source.

    Args:
        image: The decoded image.
        info: Its ``info`` with the properties of its file.
    """
    bits, images = _value(info, "bit_depth", int) or 0, _value(info, "images", int) or 1
    lost = []
    if bits > 8 and image.mode in _EIGHT_BITS:
        lost.append(f"{bits} bits per channel reduced to 8")
    if not bits and image.format in _UNTOLD_DEPTH:
        lost.append("decoded by Pillow, which does not tell of more bits or of other color spaces")
    if images > 1:
        lost.append(f"only the primary of its {images} images is sent")
    if any("gainmap" in str(kind) for kind in _value(info, "aux", dict) or ()):
        lost.append("its HDR gain map is not applied")
    if _value(info, "depth_images", list):
        lost.append("its depth map is not sent")
    if _TRANSFER_FUNCTION in _tiff_tags(image) and not info.get("icc_profile"):
        lost.append("its transfer function (TIFF tag 301) is not applied")
    return [Change(what, lossy=True) for what in lost]


def colors_of(image: Image.Image, info: Mapping[Any, Any]) -> SourceColors:
    """Return how the colors of an image are described; arguments as for `lost_by_decoding`."""
    match info.get("cicp"):
        case (int(primaries), int(transfer), bool(full_range)):
            return SourceColors(_cicp(primaries, transfer, full_range), None)
    if profile := _value(info, "icc_profile", bytes):
        return SourceColors(None, profile)
    match info.get("nclx_profile"):
        case {"color_primaries": int(primaries), "transfer_characteristics": int(transfer)}:
            return SourceColors(_cicp(primaries, transfer, True), None)
    if (number := _value(info, "unknown_space", int)) is not None:
        name = f"JPEG 2000 {number}"
        return SourceColors(SRGB._replace(name=name, is_known=False), None)
    if "srgb" in info:
        return SourceColors(SRGB, None)
    gamma, chromaticities = _value(info, "gamma", float), _floats(info.get("chromaticity"), 8)
    tags = _tiff_tags(image)
    white, corners = _floats(tags.get(_WHITE_POINT), 2), _floats(tags.get(_PRIMARIES), 6)
    if white and corners:
        chromaticities = (*white, *corners)
    return SourceColors(from_gamma(1 / gamma if gamma else None, chromaticities), None)


def _value(info: Mapping[Any, Any], key: Any, kind: type[_T]) -> _T | None:
    """Return a value of ``info`` if it has the right type: texts in a PNG can have any key."""
    value = info.get(key)
    return value if isinstance(value, kind) else None


def _floats(values: Any, count: int) -> tuple[float, ...] | None:
    """Return a tuple of ``count`` numbers as floats; None if it is anything else."""
    if not isinstance(values, tuple) or len(values) != count:
        return None
    try:
        return tuple(map(float, values))
    except (TypeError, ValueError, OverflowError):
        return None


def _tiff_tags(image: Image.Image) -> Mapping[int, Any]:
    tags: Mapping[int, Any] | None = getattr(image, "tag_v2", None)
    return tags or {}


def _cicp(primaries: int, transfer: int, full_range: bool) -> ColorSpace | None:
    if primaries == transfer == _UNSPECIFIED and full_range:
        return None
    return from_cicp(primaries, transfer, full_range=full_range)
