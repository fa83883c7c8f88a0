"""Conversion to sRGB of images whose colors the file describes with numbers.

Vision models take pixels for sRGB, and a JPEG can describe other colors only with an ICC profile.
ICC profiles are kept.
"""

from __future__ import annotations

import io

from PIL import Image

from xai_vision.imaging._color.color_space import SRGB, ColorSpace
from xai_vision.imaging._color.icc_profile import icc_profile
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._pillow.color_modes import expand_palette, matching_profile
from xai_vision.imaging._pillow.properties import SourceColors

_GRAY = ("1", "L", "LA", "I;16", "I;16B")


def with_profile_or_srgb(
    image: Image.Image, colors: SourceColors, changes: list[Change]
) -> tuple[Image.Image, bytes | None]:
    """Convert an image to sRGB if its colors are described with numbers.

    Args:
        image: An image in a mode of PNG.
        colors: How the colors are described.
        changes: The list to which changes are added.

    Returns:
        The image, and its ICC profile if it needs one.
    """
    space, profile = colors
    if profile is not None:
        matching = matching_profile(image, profile)
        if matching is None and image.mode != "1":
            changes.append(Change("color profile for other colors dropped", lossy=True))
        return image, matching
    gray = image.mode in _GRAY
    if space is None or image.mode == "1" or (space.is_known and space.is_srgb(gray=gray)):
        return image, None
    if not space.is_known:
        unknown = f"colors of an unknown kind ({space.name}) taken for sRGB"
        changes.append(Change(unknown, lossy=True))
        return image, None
    if image.mode == "P":
        image = expand_palette(image, changes)
    converted = _converted(image, space, gray=gray)
    if converted is None:
        changes.append(Change(f"colors described with an ICC profile ({space.name})", space.is_hdr))
        return image, icc_profile(space, gray=gray)
    what = "tone-mapped" if space.is_hdr else "converted"
    changes.append(Change(f"colors {what} from {space.name} to sRGB", lossy=True))
    return converted, None


def _converted(image: Image.Image, space: ColorSpace, *, gray: bool) -> Image.Image | None:
    """Convert to sRGB; None if Pillow has no color management."""
    try:
        from PIL import ImageCms

        source, target = (
            ImageCms.ImageCmsProfile(io.BytesIO(icc_profile(each, gray=gray)))
            for each in (space, SRGB)
        )
    except ImportError:
        return None
    if image.mode != "LA":
        return ImageCms.profileToProfile(image, source, target, outputMode=image.mode)
    level, alpha = image.split()
    converted = ImageCms.profileToProfile(level, source, target, outputMode="L")
    return None if converted is None else Image.merge("LA", (converted, alpha))
