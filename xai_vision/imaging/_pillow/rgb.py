"""Conversion to 8-bit RGB, which every decoder opens."""

from __future__ import annotations

from PIL import Image

from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._pillow.color_modes import (
    flatten_alpha,
    matching_profile,
    to_8_bits,
    to_png_mode,
    to_srgb,
)


def to_rgb(image: Image.Image, profile: bytes | None, changes: list[Change]) -> Image.Image:
    """Convert an image of any mode to RGB; lossy conversions are added to ``changes``."""
    plain = to_png_mode(image, changes)
    plain = flatten_alpha(to_8_bits(plain, changes), changes)
    if plain.mode == "RGB":
        return plain
    profile = matching_profile(plain, profile)
    converted = to_srgb(plain, profile) if profile else None
    if converted is None:
        changes.append(Change("grayscale converted to RGB"))
        return plain.convert("RGB")
    changes.append(Change("grayscale converted to RGB by its color profile", lossy=True))
    return converted
