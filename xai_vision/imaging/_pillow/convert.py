"""Decoding and re-encoding of images."""

from __future__ import annotations

import threading

from PIL import Image, JpegImagePlugin

from xai_vision.errors._image import ImageError, ImageReadError
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.parse import check_pixels, parse_header
from xai_vision.imaging._formats.sniff import SUPPORTED
from xai_vision.imaging._options import PrepareOptions
from xai_vision.imaging._pillow.color_modes import matching_profile, to_png_mode
from xai_vision.imaging._pillow.decode import (
    apply_orientation,
    decoding,
    load_image,
    orientation_of,
)
from xai_vision.imaging._pillow.encode import PixelBuffer, encode, shrink
from xai_vision.imaging._sources.data import BytesImageData, ImageData
from xai_vision.imaging._sources.resolved import ResolvedSource

_CONVERTED = {"CMYK", "LAB"}
_OPENED_AT_8_BITS = frozenset({"AVIF", "HEIF", "JPEG2000"})
_METADATA = {"exif", "xmp", "comment", "XML:com.adobe.xmp", "photoshop"}

# A lazily opened image reads its file on first use, which is not thread-safe. Images that share a
# lock by chance wait for each other.
_LOCKS = tuple(threading.Lock() for _ in range(64))


def from_file(
    source: ResolvedSource,
    data: bytes,
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
    if name in _OPENED_AT_8_BITS and image.mode in ("L", "LA", "RGB", "RGBA"):
        # The decoder does not report the depth of the original.
        pixels.note("decoded at 8 bits per channel; a deeper original is reduced")
    if header.multi_image if header is not None else _animated(image):
        kind = "images" if name == "JPEG" else "frames or pages"
        pixels.note(f"only the first of its {kind} is sent", lossy=True)
    if _METADATA & image.info.keys():
        pixels.note("metadata removed")
    if image.info.get("reduced"):
        pixels.note("16 bits per channel reduced to 8", lossy=True)
    if name == "JPEG":
        pixels.subsampling = max(0, _sampling(image))
    orientation = orientation_of(image, header)
    source.set_placement(*image.size, orientation)  # of a JPEG or PNG it is known from the header
    _normalize(pixels, orientation, name)
    was = header.size if header is not None and name in SUPPORTED else pixels.image.size
    return _encode_within_limits(pixels, options, was, lossless=name != "JPEG")


def from_image(
    source: ResolvedSource, image: Image.Image, options: PrepareOptions
) -> tuple[ImageData, ImageHeader]:
    """Encode a Pillow image without changing it."""
    check_pixels(*image.size, options.max_pixels)
    pixels = PixelBuffer(image, changes=source.changes)
    with _LOCKS[(id(image) >> 4) % len(_LOCKS)]:
        _load(image)
        _note_frames(pixels, image)
        orientation = orientation_of(image)
    source.set_placement(*image.size, orientation)
    _normalize(pixels, orientation, "image")
    return _encode_within_limits(pixels, options, pixels.image.size, lossless=True)


def _load(image: Image.Image) -> None:
    """Load the pixels of a Pillow image.

    Raises:
        ImageReadError: The image was closed before.
        ImageError: The pixels cannot be decoded.
    """
    without_file = getattr(image, "fp", image) is None  # a loaded image has no file
    try:
        with decoding("image"):
            image.load()
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


def _normalize(pixels: PixelBuffer, orientation: int, kind: str) -> None:
    """Apply the orientation, and convert to a mode of PNG with a matching profile or none."""
    image = pixels.image
    with decoding(kind):
        profile = image.info.get("icc_profile")
        plain = to_png_mode(image, pixels.changes)
        pixels.image = apply_orientation(plain, orientation)
        pixels.profile = matching_profile(plain, profile) if image.mode not in _CONVERTED else None
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
