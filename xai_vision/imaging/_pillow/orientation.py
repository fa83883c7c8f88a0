"""The orientation of Pillow images."""

from __future__ import annotations

from PIL import Image

from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.sniff import SUPPORTED

_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation_of(image: Image.Image, header: ImageHeader | None = None) -> int:
    """Return the orientation to apply, 1 to 8; 1 if Pillow applied it.

    Args:
        image: The image.
        header: The header of its file, which decides for a JPEG or PNG.
    """
    if header is not None and header.format in SUPPORTED:
        return header.orientation
    try:
        value = image.getexif().get(_TAG, 1)
    except Exception:  # noqa: BLE001 - broken EXIF says nothing
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def apply_orientation(image: Image.Image, orientation: int) -> Image.Image:
    """Apply an orientation to an image."""
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def forget_orientation(image: Image.Image) -> None:
    """Remove an applied orientation from the metadata, so that nobody applies it again."""
    try:
        exif = image.getexif()
        exif.pop(_TAG, None)
        image.info["exif"] = exif.tobytes()
    except Exception:  # noqa: BLE001 - broken EXIF cannot be written again
        image.info.pop("exif", None)
    for key in ("xmp", "XML:com.adobe.xmp", "Raw profile type exif"):
        image.info.pop(key, None)


def undo_orientation(image: Image.Image, orientation: int) -> Image.Image:
    """Turn an upright image back to how it was stored."""
    return apply_orientation(image, {6: 8, 8: 6}.get(orientation, orientation))
