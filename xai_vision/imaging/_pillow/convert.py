"""Decoding and re-encoding of images."""

from __future__ import annotations

import threading

from PIL import Image, JpegImagePlugin

from xai_vision.errors._image import ImageError, ImageReadError
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.parse import parse_header
from xai_vision.imaging._formats.sniff import SUPPORTED
from xai_vision.imaging._options import PrepareOptions
from xai_vision.imaging._pillow.color_modes import matching_profile, to_png_mode
from xai_vision.imaging._pillow.decode import load_image
from xai_vision.imaging._pillow.decoding import decoding
from xai_vision.imaging._pillow.encode import PixelBuffer, encode, shrink
from xai_vision.imaging._pillow.metadata import has_metadata
from xai_vision.imaging._pillow.opened import load_opened
from xai_vision.imaging._pillow.orientation import (
    apply_orientation,
    orientation_of,
    undo_orientation,
)
from xai_vision.imaging._pillow.properties import (
    SourceColors,
    colors_of,
    lost_by_decoding,
    opened_reader,
    read_properties,
)
from xai_vision.imaging._pillow.rgb import to_rgb
from xai_vision.imaging._pillow.srgb import with_profile_or_srgb
from xai_vision.imaging._sources.data import BytesImageData, ImageData
from xai_vision.imaging._sources.resolved import ResolvedSource

_CONVERTED = {"CMYK", "LAB"}

# A lazily opened image reads its file on first use, which is not thread-safe. Images that share a
# lock by chance wait for each other.
_LOCKS = tuple(threading.Lock() for _ in range(64))


def from_file(
    source: ResolvedSource,
    data: bytes | ImageData,
    name: str,
    header: ImageHeader | None,
    options: PrepareOptions,
) -> tuple[ImageData, ImageHeader]:
    """Decode a file and encode it as JPEG or PNG.

    A JPEG stays a JPEG. Other formats become PNG, or JPEG if the PNG would be too large.
    """
    at_least = 2 * options.max_side if options.max_side is not None else None
    image = load_image(data, name, max_pixels=options.max_pixels, min_side=at_least)
    pixels = PixelBuffer(image, changes=source.changes)
    if name not in SUPPORTED:
        pixels.note(f"converted from {name}")
    if header.multi_image if header is not None else _animated(image):
        kind = "images" if name == "JPEG" else "frames or pages"
        pixels.note(f"only the first of its {kind} is sent", lossy=True)
    if has_metadata(image):
        pixels.note("metadata removed")
    _note_depth(pixels)
    pixels.changes += lost_by_decoding(image, image.info)
    if name == "JPEG":
        pixels.subsampling = max(0, _sampling(image))
    orientation = orientation_of(image, header)
    turned = header.orientation if name == "TIFF" and header is not None else 1  # by Pillow
    if options.ignores_orientation:
        image = pixels.image = undo_orientation(image, turned)
        orientation = turned = 1
    width, height = image.size
    stored = (height, width) if turned >= 5 else (width, height)
    # Of a JPEG or PNG it is known from the header.
    source.set_placement(*stored, orientation if turned == 1 else turned)
    _normalize(pixels, orientation, name, options, colors_of(image, image.info))
    was = header.size if header is not None and name in SUPPORTED else pixels.image.size
    return _encode_within_limits(pixels, options, was, lossless=name != "JPEG")


def from_image(
    source: ResolvedSource, image: Image.Image, options: PrepareOptions
) -> tuple[ImageData, ImageHeader]:
    """Encode a Pillow image without changing it."""
    pixels = PixelBuffer(image, changes=source.changes)
    with _LOCKS[(id(image) >> 4) % len(_LOCKS)]:
        with opened_reader(image) as reader:
            info = dict(image.info)
            read_properties(info, image.format, reader)
        pixels.image = _load(image, pixels, options)
        _note_frames(pixels, image)
        orientation = 1 if options.ignores_orientation else orientation_of(pixels.image)
    if has_metadata(image):
        pixels.note("metadata removed")
    _note_depth(pixels)
    pixels.changes += lost_by_decoding(image, info)
    source.set_placement(*pixels.image.size, orientation)
    _normalize(pixels, orientation, "image", options, colors_of(image, info))
    return _encode_within_limits(pixels, options, pixels.image.size, lossless=True)


def _load(image: Image.Image, pixels: PixelBuffer, options: PrepareOptions) -> Image.Image:
    """Load the pixels of a Pillow image.

    Returns:
        The image, or another one of the same file that is decoded correctly.

    Raises:
        ImageReadError: The image was closed before.
        ImageError: The pixels cannot be decoded.
    """
    without_file = getattr(image, "fp", image) is None  # a loaded image has no file
    try:
        with decoding("image"):
            return load_opened(image, pixels.changes, options)
    except ImageError as error:
        cause = error.__cause__
        was_closed = without_file and isinstance(cause, (AssertionError, AttributeError))
        if was_closed or "closed" in str(cause):
            raise ImageReadError(
                "the Pillow image was closed before its pixels were read.",
                remedy="Pass it inside its with block, call its load() there, or pass "
                "pathlib.Path(...) of its file.",
            ) from error
        raise


def _note_depth(pixels: PixelBuffer) -> None:
    """Note the changes of values that decoding made."""
    info = pixels.image.info
    # A PNG can have a text of any name.
    if info.get("reduced") is True:
        pixels.note("16 bits per channel reduced to 8", lossy=True)
    if info.get("scaled") is True:
        pixels.note("signed 16-bit values scaled from 0..32767 to 0..65535", lossy=True)


def _note_frames(pixels: PixelBuffer, image: Image.Image) -> None:
    try:
        animated = _animated(image)
    except ImageError:  # closed after loading: the number of frames is unknown
        pixels.note("further frames, if any, are not sent", lossy=True)
        return
    if animated:
        pixels.note("only its current frame is sent", lossy=True)


def _animated(image: Image.Image) -> bool:
    with decoding(image.format or "image"):
        return bool(getattr(image, "is_animated", False))


def _sampling(image: Image.Image) -> int:
    with decoding("JPEG"):
        return JpegImagePlugin.get_sampling(image)


def _normalize(
    pixels: PixelBuffer,
    orientation: int,
    kind: str,
    options: PrepareOptions,
    colors: SourceColors,
) -> None:
    """Apply the orientation, and convert to a mode of PNG with a matching profile or to sRGB."""
    changes = pixels.changes
    with decoding(kind):
        if pixels.image.mode in _CONVERTED:  # to sRGB, by its profile
            colors = SourceColors(None, None)
        plain = to_png_mode(pixels.image, changes)
        plain, profile = with_profile_or_srgb(plain, colors, changes)
        if options.mode is not None:
            plain = to_rgb(plain, profile, changes)
            profile = matching_profile(plain, profile)
        pixels.image, pixels.profile = apply_orientation(plain, orientation), profile
    if orientation != 1:
        pixels.note(f"applied EXIF orientation {orientation}")


def _encode_within_limits(
    pixels: PixelBuffer, options: PrepareOptions, original_size: tuple[int, int], *, lossless: bool
) -> tuple[ImageData, ImageHeader]:
    """Encode within the limits; ``original_size`` has the orientation applied."""
    with decoding("image"):
        if options.max_side is not None:
            shrink(pixels, options.max_side)
        data, quality = encode(
            pixels, options.size_limit, lossless=lossless, may_shrink=options.may_shrink
        )
    if pixels.image.size != original_size:
        before, after = ("{}x{}".format(*size) for size in (original_size, pixels.image.size))
        pixels.note(f"resized from {before} to {after}", lossy=True)
    if quality is None:
        pixels.note("encoded as PNG")
    else:
        pixels.note(f"encoded as JPEG of quality {quality}", lossy=True)
    content = BytesImageData(data)
    with content.open() as reader:
        header = parse_header(reader, "PNG" if quality is None else "JPEG")
    assert header is not None  # noqa: S101 - both formats are read here
    return content, header
