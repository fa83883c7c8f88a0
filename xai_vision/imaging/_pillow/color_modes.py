"""Conversion of modes that JPEG and PNG do not support."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from PIL import Image

from xai_vision.errors._image import ImageFormatError
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._pillow.metadata import with_info

if TYPE_CHECKING:
    from collections.abc import Callable

    Convert = Callable[[Image.Image, list[Change]], Image.Image]

_WHITE = (255, 255, 255)
_MAX_8_BITS, _MAX_16_BITS = 255, 65535
_DEEP = ("I;16", "I;16B", "I;16L", "I;16N")
_SPACES = {"P": b"RGB ", "RGB": b"RGB ", "RGBA": b"RGB ", "L": b"GRAY", "LA": b"GRAY"}
_SPACES |= {"1": b"GRAY", "I;16": b"GRAY", "I;16B": b"GRAY"}
_SPACES |= {"YCbCr": b"RGB ", "CMYK": b"CMYK"}  # in a JPEG


def to_png_mode(image: Image.Image, changes: list[Change]) -> Image.Image:
    """Convert an image to a mode of PNG: 1, L, LA, P, RGB, RGBA or I;16.

    Premultiplied alpha and transparent colors become an alpha channel, which is lossless. Lossy
    conversions (CMYK, YCbCr, floats ...) are added to ``changes``.
    """
    if not _transparency_is_valid(image):
        # A PNG can have a text of this name, which replaces the transparency in Pillow.
        changes.append(Change("transparency of an unknown kind ignored", lossy=True))
        info = {key: value for key, value in image.info.items() if key != "transparency"}
        image = with_info(image, info)
    if image.mode in ("1", "L", "RGB"):
        if "transparency" in image.info:
            return image.convert("RGBA" if image.mode == "RGB" else "LA")
        return image
    if image.mode in ("I", "F", *_DEEP) and "transparency" in image.info:
        changes.append(Change("transparent gray made opaque", lossy=True))
    if image.mode == "P":
        return image if _palette_is_complete(image) else expand_palette(image, changes)
    if image.mode in ("LA", "RGBA", "I;16", "I;16B"):
        return image
    convert = _CONVERT.get(image.mode)
    if convert is None:
        changes.append(Change(f"colors converted from {image.mode} to RGB", lossy=True))
        return image.convert("RGB")
    return convert(image, changes)


def _transparency_is_valid(image: Image.Image) -> bool:
    """Return whether Pillow can apply the transparency of an image, or does not have to."""
    if "transparency" not in image.info:
        return True
    value: Any = image.info["transparency"]
    if image.mode == "RGB":
        is_color = isinstance(value, tuple) and len(value) == len(image.mode)
        return is_color and all(_is_integer(level, _MAX_16_BITS) for level in value)
    if image.mode == "P" and isinstance(value, bytes):
        return len(value) <= _MAX_8_BITS + 1
    maximum = {"1": _MAX_16_BITS, "L": _MAX_16_BITS, "P": _MAX_8_BITS}.get(image.mode)
    return maximum is None or _is_integer(value, maximum)


def _is_integer(value: Any, maximum: int) -> bool:
    return isinstance(value, int) and 0 <= value <= maximum


def _palette_is_complete(image: Image.Image) -> bool:
    """Return whether the palette has every pixel's color; a PNG would change the others."""
    palette = image.palette
    if palette is None:
        return False
    highest = _extrema(image)[1]
    colors = min(len(palette.palette) // len(palette.mode), len(image.getpalette() or ()) // 3)
    return highest < colors


def expand_palette(image: Image.Image, changes: list[Change]) -> Image.Image:
    """Convert a palette to RGB, or to RGBA if it has transparency."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    changes.append(Change(f"palette expanded to {mode}"))
    return image.convert(mode)


def _as(mode: str) -> Convert:
    return lambda image, changes: image.convert(mode)


def _by_profile(image: Image.Image, changes: list[Change]) -> Image.Image:
    """Convert CMYK or LAB to sRGB, with the image's color profile if it has one."""
    method = "a general formula"
    converted = None
    profile = image.info.get("icc_profile")
    if image.mode == "LAB" or profile:
        converted = to_srgb(image, profile)
        method = "its color profile" if converted is not None and profile else method
    if converted is None:
        converted = image.convert("RGB")
    changes.append(Change(f"colors converted from {image.mode} to RGB by {method}", lossy=True))
    return converted


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Convert colors with a profile (for LAB the default); None if that fails."""
    try:
        from PIL import ImageCms

        source = (
            ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if profile
            else ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        )
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except Exception:  # noqa: BLE001 - a broken profile is no reason to refuse the image
        return None


def _integers(image: Image.Image, changes: list[Change]) -> Image.Image:
    """Convert 32-bit integers to 8 bits if they are in 0..255, as Pillow does, or else to 16 bits.

    Integers beyond 16 bits are scaled.
    """
    low, high = _extrema(image)
    # Pillow decodes a PPM of 16 bits to this mode with values in 0..65535.
    if low >= 0 and high <= _MAX_8_BITS and image.format != "PPM":
        changes.append(Change("32-bit integers in 0..255 converted to 8 bits"))
        return image.convert("L")
    if low < 0 or high > _MAX_16_BITS:
        image = _scale_to_16_bits(image, low, high, changes)
    return image.convert("I;16")


def _floats(image: Image.Image, changes: list[Change]) -> Image.Image:
    """Convert floats to 16 bits: 0..1 or 0..255 to the full range, other ranges scaled to it."""
    low, high = _extrema(image)
    # The extrema skip NaN, but a mean does not.
    mean = image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(mean, float)  # noqa: S101 - one channel, so one value
    if not all(map(math.isfinite, (low, high, mean))):
        raise ImageFormatError(
            "the pixels are floats that are not finite.",
            remedy="Replace infinities and NaN, and scale the values to 0..1.",
        )
    if low >= 0 and high <= _MAX_8_BITS:
        low, high = 0.0, 1.0 if high <= 1 else float(_MAX_8_BITS)
    return _scale_to_16_bits(image, low, high, changes).convert("I").convert("I;16")


def _extrema(image: Image.Image) -> tuple[float, float]:
    low, high = image.getextrema()
    assert not isinstance(low, tuple)  # noqa: S101 - one channel, so one pair
    assert not isinstance(high, tuple)  # noqa: S101
    return low, high


def _scale_to_16_bits(
    image: Image.Image, low: float, high: float, changes: list[Change]
) -> Image.Image:
    scale = _MAX_16_BITS / (high - low) if high > low else 0.0
    changes.append(Change(f"values from {low:g} to {high:g} scaled to 16 bits", lossy=True))
    shift = 0.5 - low * scale  # the conversion to integers truncates
    return image.point(lambda value: value * scale + shift)


_CONVERT: dict[str, Convert] = {
    "PA": _as("RGBA"),
    "La": _as("LA"),
    "RGBa": _as("RGBA"),
    "RGBX": _as("RGB"),
    "I;16L": _as("I;16"),
    "I;16N": _as("I;16"),
    "CMYK": _by_profile,
    "LAB": _by_profile,
    "I": _integers,
    "F": _floats,
}


def to_8_bits(image: Image.Image, changes: list[Change]) -> Image.Image:
    """Convert 16 bits, 1 bit or a palette to 8 bits per channel, for JPEG and for resizing."""
    if image.mode == "1":
        return image.convert("L")
    if image.mode == "P":
        return expand_palette(image, changes)
    if image.mode not in _DEEP:
        return image
    changes.append(Change("16 bits per channel reduced to 8", lossy=True))
    upper = 0 if image.mode == "I;16B" else 1  # the upper byte of each pair
    return Image.frombytes("L", image.size, image.tobytes()[upper::2])


def flatten_alpha(image: Image.Image, changes: list[Change]) -> Image.Image:
    """Blend transparency with white, because JPEG has no alpha."""
    if image.mode not in ("LA", "RGBA"):
        return image
    changes.append(Change("transparency blended with white", lossy=True))
    base = Image.new("RGBA", image.size, (*_WHITE, 255))
    flat = Image.alpha_composite(base, image.convert("RGBA"))
    return flat.convert("L" if image.mode == "LA" else "RGB")


def matching_profile(image: Image.Image, profile: bytes | None) -> bytes | None:
    """Return the color profile if it matches the mode; a wrong one is worse than none."""
    if not profile or len(profile) < 128 or profile[36:40] != b"acsp":
        return None
    return profile if profile[16:20] == _SPACES.get(image.mode) else None
