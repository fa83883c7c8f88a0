"""Comparison with a second decoder, OpenCV, if it is installed."""

from __future__ import annotations

import importlib.util
import io
import math
import os
from pathlib import Path
from typing import Any

from xai_vision.imaging import PreparedImage

MAX_ERROR = 2.0  # the mean difference, of 255
# After a resize or a JPEG of low quality, when both are scaled to at most 16x16.
MAX_COARSE_ERROR = 5.0
_COARSE_SIDE = 16
_COARSE = ("resized", "encoded as JPEG")
_ORIENTATION, _EXTRA_SAMPLES = 0x0112, 338
# Changes after which the pixels differ from those of a decoder that ignores what was changed.
_EXPLAINED = (
    "scaled to 16 bits",
    "colors converted",
    "to sRGB",
    "by its color profile",
    "only the first",
    "only its current frame",
    "tone-mapped",
    "made opaque",
    "ignored",
)
# What OpenCV shows of these is not what the file says: it ignores color profiles and inks,
# transparency of palettes, and the ranges of floats.
_OWN_READING = ("CMYK", "LAB", "F", "I", "YCbCr", "P", "PA")
_PLANAR = "reads only the first plane; the rest differs in each run. Decoding the LZW data by hand"
_PLANAR += " gives our pixels"
_5_BITS = "shifts 5 and 6 bits to 8, so that white is 248 of 255. 31 of 31 is white"
# Files that OpenCV 5.0.0 misreads, and why. Each pixel value was computed from the file's bytes.
_MISREAD = {
    "syntax_num_frames_invalid.png": "shows the red frame of an animation whose acTL is invalid"
    " (0x80000001 frames). IDAT, the default image, is green",
    "syntax_num_frames_zero_default.png": "does not open a PNG whose acTL has 0 frames. Its IDAT"
    " is valid",
    "9bit.j2k": "leaves the 9 bits as they are in 16, so that white is 511 of 65535",
    "rgb16.bmp": _5_BITS,
    "rgb16-565.bmp": _5_BITS,
    "rgb16-565pal.bmp": _5_BITS,
    "rgb32h52.bmp": "ignores the masks. Red is 0xff000000; the first pixel, 00 00 00 ff, is red",
    "tiff_strip_planar_16bit_RGB.tiff": _PLANAR,
    "tiff_tiled_planar_16bit_RGB.tiff": _PLANAR,
    "tiff_wrong_bits_per_sample.tiff": "multiplies colors by an alpha that the file calls"
    " unassociated (ExtraSamples 2)",
}


def check_with_opencv(path: Path, mode: str, prepared: PreparedImage) -> str:
    """Check that OpenCV decodes the same pixels from the result as Pillow, and from the original.

    Differences from the original may be explained by a change.
    """
    if importlib.util.find_spec("cv2") is None:
        return ""
    import numpy as np
    from PIL import Image

    ours = _on_white(np.asarray(_eight_bits(prepared.pil()).convert("RGBA"), dtype=float))
    sent = prepared.read()
    with Image.open(io.BytesIO(sent)) as image:
        stored_mode = image.mode
    is_known = path.name in _MISREAD
    # OpenCV may show another frame of an animation.
    if stored_mode not in _OWN_READING and not _is_deep(sent) and not prepared.animated:
        result = _decode(sent)
        if result is None:
            return "" if is_known else "OpenCV does not open the result"
        error = _difference(ours, result, prepared.orientation or 1)
        if error > MAX_ERROR and not (is_known and sent == path.read_bytes()):
            return f"OpenCV reads the result differently: {error:.1f}"
    if mode in ("Pillow image", "array") or _is_explained(path, prepared):
        return ""
    original = _decode(path.read_bytes())
    if original is None or 0 in original.shape:
        return ""
    limit = MAX_ERROR
    if any(words in str(change) for change in prepared.changes for words in _COARSE):
        limit = MAX_COARSE_ERROR
        ours, original = _coarse(ours, original)
    # The argument that may be turned is the one that is not upright.
    pair = (original, ours) if mode == "as stored" else (ours, original)
    error = _difference(*pair, _orientation(path))
    if is_known:
        is_needed = error > limit or limit == MAX_COARSE_ERROR
        return "" if is_needed else "OpenCV reads it as Pillow does: remove it from _MISREAD"
    return f"OpenCV reads the original differently: {error:.1f}" if error > limit else ""


def _coarse(*images: Any) -> list[Any]:
    """Scale all to the same size, to compare what a resize or a low quality leaves."""
    import cv2

    side = min(_COARSE_SIDE, *(length for image in images for length in image.shape[:2]))
    return [cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in images]


def _is_explained(path: Path, prepared: PreparedImage) -> bool:
    from PIL import Image

    changes = " ".join(map(str, prepared.changes))
    if any(words in changes for words in _EXPLAINED):
        return True
    try:
        with Image.open(path) as image:
            # OpenCV leaves premultiplied alpha as it is.
            is_premultiplied = getattr(image, "tag_v2", {}).get(_EXTRA_SAMPLES) == (1,)
            own = image.mode in _OWN_READING or is_premultiplied
            return own or "transparency" in image.info or getattr(image, "is_animated", False)
    except Exception:  # noqa: BLE001 - not opened by Pillow: nothing explains a difference
        return False


def _is_deep(data: bytes) -> bool:
    return data[:4] == b"\x89PNG" and data[24] == 16


def _eight_bits(image: Any) -> Any:
    """Return an image whose 16-bit values are reduced to 8."""
    if not image.mode.startswith("I;16"):
        return image
    import numpy as np
    from PIL import Image

    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))


def _decode(data: bytes) -> Any:
    """Return the stored pixels as RGB on white, or None."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # read when it is imported
    import cv2
    import numpy as np

    cv2.setNumThreads(0)  # a limit of memory can stop the start of a thread
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if pixels is None:
        return None
    if pixels.dtype == np.uint16:
        pixels = pixels >> 8
    elif pixels.dtype != np.uint8:
        return None
    pixels = pixels.astype(float)
    if pixels.ndim == 2:
        return np.repeat(pixels[:, :, None], 3, axis=2)
    if pixels.shape[2] == 4:
        return _on_white(pixels[:, :, [2, 1, 0, 3]])
    return pixels[:, :, ::-1] if pixels.shape[2] == 3 else None


def _on_white(pixels: Any) -> Any:
    alpha = pixels[:, :, 3:] / 255
    return pixels[:, :, :3] * alpha + 255 * (1 - alpha)


def _orientation(path: Path) -> int:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - not opened by Pillow: no orientation is known
        return 1


def _difference(ours: Any, theirs: Any, orientation: int) -> float:
    """Return the mean difference; some decoders of OpenCV apply the orientation, others do not."""
    return min(_mean_difference(ours, each) for each in (theirs, _turned(theirs, orientation)))


def _turned(pixels: Any, orientation: int) -> Any:
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def _mean_difference(first: Any, second: Any) -> float:
    return float(abs(first - second).mean()) if first.shape == second.shape else math.inf
