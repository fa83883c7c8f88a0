"""Cutting of images into tiles."""

from __future__ import annotations

from PIL import Image

from xai_vision.errors._image import ImageError
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._options import PrepareOptions
from xai_vision.imaging._pillow.convert import from_image
from xai_vision.imaging._pillow.properties import COLOR_KEYS
from xai_vision.imaging._sources.data import ImageData
from xai_vision.imaging._sources.resolved import ResolvedSource

_KEPT = (*COLOR_KEYS, "reduced")


def encode_tile(
    tile: ResolvedSource,
    image: Image.Image,
    box: tuple[int, int, int, int],
    options: PrepareOptions,
) -> tuple[ImageData, ImageHeader]:
    """Cut a box out of an upright image and encode it; ``tile.changes`` gets what was changed."""
    crop = image.crop(box)
    # The orientation in the metadata was applied to the whole image.
    crop.info = {key: value for key, value in image.info.items() if key in _KEPT}
    try:
        return from_image(tile, crop, options)
    except ImageError as error:
        error.source = tile.name
        raise
