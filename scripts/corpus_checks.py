"""Checks of what ``prepare_image`` makes of a file of the corpus."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_opencv import check_with_opencv

from xai_vision.imaging import ImageError, PreparedImage

SMALL = 60_000
MAX_ROUNDING = 4  # a decoder rounds the turned blocks of a JPEG in another order
_BITS_PER_SAMPLE = 258
_TURNED_BLOCKS = "turned upright without loss"


@dataclass(frozen=True)
class Outcome:
    """The result for a file in a mode: its kind for the table, and an error if it is wrong."""

    kind: str
    error: str = ""


def check(path: Path, mode: str, prepared: PreparedImage | ImageError) -> Outcome:
    """Check the prepared image or the error."""
    if isinstance(prepared, ImageError):
        text = str(prepared)
        if not (prepared.source and prepared.reason and text.isprintable() and len(text) < 400):
            return Outcome("bad error", repr(text))
        return Outcome(type(prepared).__name__)
    kind = "same" if not prepared.changes else "lossless" if prepared.lossless else "lossy"
    for check_one in (check_output, check_unchanged, check_pixels, check_with_opencv):
        error = check_one(path, mode, prepared)
        if error:
            return Outcome("wrong", error)
    return Outcome(f"{prepared.format} {kind}")


def check_output(path: Path, mode: str, prepared: PreparedImage) -> str:
    """Check that the output is a JPEG or PNG within the limits, with the reported size."""
    from PIL import Image, ImageOps

    label, _, text = prepared.url().partition(",")
    data = base64.b64decode(text, validate=True)
    maximum = SMALL if mode == "small" else 20 * 1024 * 1024
    if len(data) > maximum or len(data) != prepared.size_bytes:
        return f"{len(data):,} bytes"
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
        upright = ImageOps.exif_transpose(image)
    except Exception as error:  # noqa: BLE001 - decoders raise many types; each is an error here
        return f"does not open: {type(error).__name__}: {error}"
    actual = "JPEG" if image.format == "MPO" else image.format
    if actual not in ("JPEG", "PNG") or actual != prepared.format:
        return f"is a {actual}"
    if label != f"data:{prepared.media_type};base64":
        return f"label {label}"
    if upright.size != prepared.size:
        return f"size {upright.size}, reported as {prepared.size}"
    if mode in ("RGB", "as stored") and prepared.orientation != 1:
        return f"orientation {prepared.orientation}"
    if mode == "RGB" and (image.mode != "RGB" or "transparency" in image.info):
        return f"mode {image.mode}"
    return "" if mode != "small" or max(upright.size) <= 200 else f"size {upright.size}"


def check_unchanged(path: Path, mode: str, prepared: PreparedImage) -> str:
    """Check that an image without reported changes has the same bytes."""
    if prepared.changes:
        return ""
    return "" if prepared.read() == path.read_bytes() else "changed without a report"


def to_array(image: Any) -> Any:
    """Return the stored pixels as an array of 8-bit gray, RGB or RGBA."""
    import numpy as np

    modes = {"1": "L", "I": "L", "F": "L", "LA": "RGBA", "PA": "RGBA", "P": "RGBA"}
    mode = modes.get(image.mode, image.mode if image.mode in ("L", "RGBA") else "RGB")
    return np.asarray(image.convert(mode))


def check_pixels(path: Path, mode: str, prepared: PreparedImage) -> str:
    """Check that a lossless result has the pixels that Pillow decodes from the original."""
    import numpy as np
    from PIL import Image, ImageOps

    if not prepared.lossless:
        return ""
    try:
        with Image.open(path) as original:
            original.load()
            is_12_bits = getattr(original, "tag_v2", {}).get(_BITS_PER_SAMPLE) == (12,)
            if mode == "as stored":
                if original.format == "TIFF":  # Pillow has applied its orientation
                    return ""
                expected = original.copy()
            elif mode == "array":  # it has neither an orientation nor other properties of the file
                expected = Image.fromarray(to_array(original))
            else:
                expected = ImageOps.exif_transpose(original)
    except Exception:  # noqa: BLE001 - Pillow does not open the original as we did
        return ""
    if expected.mode == "I;16" and is_12_bits:
        # Pillow leaves 12 bits as they are, so that white is 4095 of 65535.
        expected = expected.point(lambda value: value * (65535 / 4095) + 0.5)
    if expected.size != prepared.size:
        return f"size {prepared.size}, in the original {expected.size}"
    images = prepared.pil(), expected
    common = "I" if any(image.mode.startswith("I") for image in images) else "RGBA"
    ours, theirs = (np.asarray(image.convert(common), np.int32) for image in images)
    largest = abs(ours - theirs).max()
    allowed = MAX_ROUNDING if _TURNED_BLOCKS in map(str, prepared.changes) else 0
    return "" if largest <= allowed else f"pixels that differ by up to {largest}"
