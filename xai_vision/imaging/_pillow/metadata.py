"""The metadata of Pillow images, which re-encoding removes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import Image

_KEYS = ("xmp", "comment", "XML:com.adobe.xmp", "photoshop", "metadata")
_ORIENTATION = 274
# Tags of TIFF that describe how the pixels are stored and shown.
_STRUCTURE = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281),
    *(282, 283, 284, 288, 289, 290, 291, 292, 293, 296, 297, 301, 317, 318, 319, 320, 321),
    *(322, 323, 324, 325, 330, 332, 334, 336, 338, 339, 340, 341, 342, 347, 512, 513, 514, 515),
    *(517, 518, 519, 520, 521, 529, 530, 531, 532, 34675, _ORIENTATION),
}


def with_info(image: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """Return an image of the same pixels with other ``info``.

    The pixels are shared, because ``image.copy()`` takes as much memory again. The image itself is
    the user's and can be used by other threads, so its ``info`` is not changed.
    """
    image.load()  # counting frames can unload it
    result = image._new(image.im)  # no public function shares pixels
    result.info = dict(info)
    return result


def has_metadata(image: Any) -> bool:
    """Return whether an image has EXIF besides its orientation, XMP, texts or comments."""
    if any(image.info.get(key) for key in _KEYS) or getattr(image, "text", None):
        return True
    tags = getattr(image, "tag_v2", None)
    if tags is not None:
        return bool(set(tags) - _STRUCTURE)
    if not image.info.get("exif"):
        return False
    exif = Image.Exif()
    try:
        exif.load(image.info["exif"])
        return bool(set(exif) - {_ORIENTATION})
    except Exception:  # noqa: BLE001 - broken EXIF can contain anything
        return True
