"""Turning or converting the pixels of a JPEG.

Its compressed blocks are turned where that is possible. Otherwise the pixels are decoded to the
colors that the file stores, where it has luminance and chroma, and encoded with the file's own
quantization tables, which changes few of them by more than one.
"""

from __future__ import annotations

import io
from typing import Any

from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.parse import parse_header
from xai_vision.imaging._options import PrepareOptions
from xai_vision.imaging._pillow.color_modes import matching_profile
from xai_vision.imaging._pillow.decode import open_image, prepare_jpeg
from xai_vision.imaging._pillow.decoding import decoding
from xai_vision.imaging._pillow.encode import PixelBuffer
from xai_vision.imaging._pillow.jpeg_blocks import can_turn_blocks, is_installed, turn_blocks
from xai_vision.imaging._pillow.metadata import has_metadata
from xai_vision.imaging._pillow.orientation import apply_orientation
from xai_vision.imaging._pillow.rgb import to_rgb
from xai_vision.imaging._sources.data import BytesImageData, ImageData
from xai_vision.imaging._sources.resolved import ResolvedSource

_SUBSAMPLING = {(1, 1): 0, (2, 1): 1, (2, 2): 2}  # as Pillow numbers it
_RGB_IDS = tuple(b"RGB")
_HINT = "; the extra xai-vision[lossless] turns it without loss"


def rewrite_jpeg(
    source: ResolvedSource, data: bytes, header: ImageHeader, options: PrepareOptions
) -> tuple[ImageData, ImageHeader]:
    """Apply the orientation of a JPEG, convert it to ``options.mode``, and encode it again.

    Returns:
        The JPEG, of any size in bytes.

    Raises:
        ImageError: The image cannot be decoded.
    """
    image = open_image(data, "JPEG", options.max_pixels)
    with decoding("JPEG"):
        prepare_jpeg(image, data)
        tables, factors = _tables(image), _factors(image)
        profile, loses_metadata = image.info.get("icc_profile"), has_metadata(image)
        if image.mode == "RGB" and not _stores_rgb(image):
            image.draft("YCbCr", None)
        image.load()
        pixels = PixelBuffer(image, changes=source.changes)
        converts = options.mode is not None and header.mode != options.mode
        has_blocks = (
            not converts
            and header.orientation != 1
            and image.mode in ("L", "YCbCr")
            and can_turn_blocks(header, factors)
        )
        if converts:
            pixels.image = to_rgb(image, profile, source.changes)
            factors = (1, 1)
        pixels.image = apply_orientation(pixels.image, header.orientation)
        pixels.profile = matching_profile(pixels.image, profile)
        turned = None
        if has_blocks and is_installed():
            turned = turn_blocks(data, header, pixels.image, pixels.profile, options.max_pixels)
        encoded = turned or _encode(pixels, header, tables, factors)
    if header.orientation != 1:
        pixels.note(f"applied EXIF orientation {header.orientation}")
    if header.multi_image:
        pixels.note("only the first of its images is sent", lossy=True)
    if loses_metadata:
        pixels.note("metadata removed")
    if turned is not None:
        pixels.note("turned upright without loss")
    else:
        hint = _HINT if has_blocks and not is_installed() else ""
        pixels.note(f"encoded again as JPEG of the same quality{hint}", lossy=True)
    content = BytesImageData(encoded)
    with content.open() as reader:
        new_header = parse_header(reader, "JPEG")
    assert new_header is not None  # noqa: S101 - the format is read here
    return content, new_header


def _encode(
    pixels: PixelBuffer, header: ImageHeader, tables: list[list[int]], factors: tuple[int, int]
) -> bytes:
    """Encode upright pixels with the tables and the color resolution of the file."""
    if header.orientation >= 5:  # rows become columns
        factors = factors[1], factors[0]
        tables = [_transposed(table) for table in tables]
    out = io.BytesIO()
    pixels.image.info = {}  # Pillow would write its comment
    pixels.image.save(
        out,
        "JPEG",
        qtables=_without_repeats(tables[: len(pixels.image.getbands())]),
        subsampling=_SUBSAMPLING.get(factors, 0),
        icc_profile=pixels.profile,
    )
    return out.getvalue()


def _stores_rgb(image: Any) -> bool:
    """Return whether the file stores red, green and blue, by the rules of libjpeg."""
    if "jfif" in image.info:
        return False
    if "adobe" in image.info:
        return bool(image.info.get("adobe_transform") == 0)
    return tuple(part[0] for part in image.layer) == _RGB_IDS


def _tables(image: Any) -> list[list[int]]:
    """Return the quantization table of each component, row by row."""
    return [list(image.quantization[part[3]]) for part in image.layer]


def _factors(image: Any) -> tuple[int, int]:
    """Return how many columns and rows of pixels share a color; (0, 0) for an unusual sampling."""
    first, *others = (part[1:3] for part in image.layer)
    return first if all(part == (1, 1) for part in others) else (0, 0)


def _without_repeats(tables: list[list[int]]) -> list[list[int]]:
    """Remove tables at the end that equal the one before, which Pillow uses for the rest."""
    while len(tables) > 1 and tables[-1] == tables[-2]:
        tables = tables[:-1]
    return tables


def _transposed(table: list[int]) -> list[int]:
    return [table[8 * (place % 8) + place // 8] for place in range(64)]
