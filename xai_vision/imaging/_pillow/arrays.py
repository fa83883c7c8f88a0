"""Conversion of NumPy arrays, and objects that convert to one, to Pillow images."""

from __future__ import annotations

from typing import Any

from PIL import Image

from xai_vision.errors._image import ImageEmptyError, ImageSourceError
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.sniff import HEAD_BYTES, sniff_format

_SUPPORTED = "Pass an array of shape (height, width), (height, width, 3) or (height, width, 4)"
_TOLERANCE = 0.01
_ENCODED_BY_OPENCV = ("JPEG", "PNG", "WEBP", "TIFF")


def to_array(source: Any) -> Any:
    """Convert an object to a NumPy array.

    Raises:
        ImageSourceError: The object cannot be converted.
    """
    import numpy as np

    try:
        return np.asarray(source)
    except Exception as error:
        raise ImageSourceError(
            "the object could not be converted to a NumPy array.",
            remedy=f"{_SUPPORTED}, in main memory.",
        ) from error


def encoded_file(array: Any) -> bytes | None:
    """Return the image file in an array such as that of cv2.imencode(); None if it has pixels.

    The array has one dimension, or two in older versions of OpenCV. Pixels of one row or column can
    start like a file by chance; those of the formats here start with bytes that are unlikely.
    """
    if array.dtype.name != "uint8" or array.size != max(array.shape, default=0):
        return None
    head = array.ravel()[:HEAD_BYTES].tobytes()
    name = sniff_format(head)
    is_file = name is not None if array.ndim == 1 else name in _ENCODED_BY_OPENCV
    return array.tobytes() if is_file else None


def from_array(array: Any) -> tuple[Image.Image, list[Change]]:
    """Convert an array of uint8, bool, or floats in 0..1; channels last, in RGB order.

    Raises:
        ImageSourceError: The shape, type or values are not supported.
        ImageEmptyError: The array has no elements.
    """
    import numpy as np

    _check_shape(array.shape)
    pixels, changes = _eight_bits(np, array)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(pixels)), changes


def _check_shape(shape: tuple[int, ...]) -> None:
    is_valid = len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))
    if not is_valid:
        remedy = f"{_SUPPORTED}."
        if len(shape) == 3 and shape[2] == 2:
            remedy = "Gray with alpha is not supported: pass array[..., 0], or convert to RGBA."
        elif len(shape) == 3 and shape[0] in (1, 3, 4):
            remedy = "Channels come last: pass array.transpose(1, 2, 0)."
        elif len(shape) == 1:
            remedy += " An array of one dimension has to hold an image file."
        elif len(shape) == 4:
            remedy = "Pass one image of the batch, such as array[0]."
        raise ImageSourceError(f"an array of shape {shape} is not an image.", remedy=remedy)
    if 0 in shape:
        raise ImageEmptyError(f"an array of shape {shape} has no pixels.", remedy="Check the crop.")


def _eight_bits(np: Any, array: Any) -> tuple[Any, list[Change]]:
    if array.dtype == np.uint8:
        return array, []
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255), []
    if array.dtype.kind != "f":
        raise ImageSourceError(
            f"an array of {array.dtype} is not supported.",
            remedy="Pass uint8 values, or floats in 0..1; convert 16-bit values with "
            "(array >> 8).astype('uint8').",
        )
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):  # False for NaN too
        raise _out_of_range(low, high)
    values = np.rint(array * array.dtype.type(255)).astype(np.uint8)
    return values, [Change("floats rounded to 8 bits", lossy=True)]


def _out_of_range(low: float, high: float) -> ImageSourceError:
    remedy = "Divide them by their maximum; or, if they are in 0..255, use .astype('uint8')."
    if low >= -_TOLERANCE and high <= 1 + _TOLERANCE:
        remedy = "Clip rounding errors: array.clip(0, 1)."
    return ImageSourceError(
        f"floats must be in 0..1; these are from {_format_number(low)} to {_format_number(high)}.",
        remedy=remedy,
    )


def _format_number(value: float) -> str:
    """Format a number briefly, but never round a value outside of 0..1 to 0 or 1."""
    short = f"{value:g}"
    return repr(value) if float(short) in (0, 1) and float(short) != value else short
