"""Small copies of images, encoded again. The page never gets the bytes that a client sent."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from xai_vision.testing._service.image_inspection import open_image, parse_image_header

if TYPE_CHECKING:
    from PIL.Image import Image

    from xai_vision.testing._calls.images import CallImage

SIDES: Final = {"thumb": 320, "static": 640, "full": 1600}
"""The maximum width and height in pixels of the copies, by their names."""

_MAX_CACHED: Final = 64
# Decoding takes memory, so that images are decoded one at a time.
_lock = threading.Lock()
_cache: OrderedDict[tuple[str, str], tuple[str, bytes]] = OrderedDict()


def thumbnail(image: CallImage, name: str = "thumb") -> tuple[str, bytes] | None:
    """Return the media type and the bytes of a copy, upright; None if the log has no image.

    Args:
        image: The image.
        name: A name in ``SIDES``.
    """
    key = (image.sha256, name)
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
        try:
            data = image.data
        except LookupError:
            return None
        try:
            result = _encode(_small(data, image.format, SIDES[name]))
        except Exception:  # noqa: BLE001 - decoders fail in many ways on broken data
            return None
        _cache[key] = result
        while len(_cache) > _MAX_CACHED:
            _cache.popitem(last=False)
        return result


def orientation(image: CallImage) -> int | None:
    """Return the EXIF orientation, 1 to 8; None if the log does not have the image."""
    from xai_vision.imaging._pillow.orientation import orientation_of

    try:
        data = image.data
        return orientation_of(
            open_image(data, image.format), parse_image_header(data, image.format)
        )
    except Exception:  # noqa: BLE001 - the file is not stored, or it is broken
        return None


def _small(data: bytes, format_: str, side: int) -> Image:
    from xai_vision.imaging._pillow.orientation import apply_orientation, orientation_of

    image: Any = open_image(data, format_)
    image.draft("RGB", (side, side))  # JPEG can decode at 1/8 scale
    image.load()
    turn = orientation_of(image, parse_image_header(data, format_))
    if image.mode.startswith("I"):  # 16 bits per pixel; keep the upper 8
        image = image.point(lambda value: value / 256).convert("L")
    has_alpha = image.has_transparency_data
    image = image.convert("RGBA" if has_alpha else "RGB")
    image.thumbnail((side, side))
    result: Image = apply_orientation(image, turn)
    return result


def _encode(image: Image) -> tuple[str, bytes]:
    from PIL import Image as PillowImage

    # A new image has no metadata of the file.
    clean = PillowImage.new(image.mode, image.size)
    clean.paste(image)
    output = io.BytesIO()
    format_ = "PNG" if image.mode == "RGBA" else "JPEG"
    clean.save(output, format_, **({} if format_ == "PNG" else {"quality": 82}))
    return f"image/{format_.lower()}", output.getvalue()
