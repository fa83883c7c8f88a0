"""Pictures that have to be decoded and encoded anew."""

from __future__ import annotations

import threading

from PIL import Image, JpegImagePlugin

from xai_vision.errors._image import ImageError, ImageReadError
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.parse import check_pixels, parse_header
from xai_vision.imaging._formats.sniff import SUPPORTED
from xai_vision.imaging._options import PrepareOptions
from xai_vision.imaging._pillow.color_modes import matching_profile, to_png_mode
from xai_vision.imaging._pillow.decode import decoding, load_image, orientation_of, turned
from xai_vision.imaging._pillow.encode import Pixels, encode, shrink
from xai_vision.imaging._sources.data import ImageData, BytesImageData
from xai_vision.imaging._sources.resolved import ResolvedSource

_CONVERTED = {"CMYK", "LAB"}
_OPENED_AT_8_BITS = frozenset({"AVIF", "HEIF", "JPEG2000"})
_METADATA = {"exif", "xmp", "comment", "XML:com.adobe.xmp", "photoshop"}

# An image opened lazily reads its file when it is first looked into, which threads have to do one
# after another. Images that share a lock by chance only wait for each other.
_LOCKS = tuple(threading.Lock() for _ in range(64))


def from_file(
    found: ResolvedSource, data: bytes, name: str, header: ImageHeader | None, wishes: PrepareOptions
) -> tuple[ImageData, ImageHeader]:
    """Decode a file and encode it as JPEG or PNG.

    A JPEG stays one. Everything else becomes PNG, without loss, unless that would be too large.
    """
    at_least = 2 * wishes.max_side if wishes.max_side is not None else None
    image = load_image(data, name, max_pixels=wishes.max_pixels, at_least=at_least)
    pixels = Pixels(image, changes=found.changes)
    if name not in SUPPORTED:
        pixels.note(f"converted from {name}")
    if name in _OPENED_AT_8_BITS and image.mode in ("L", "LA", "RGB", "RGBA"):
        # How deep the original is, its decoder does not say.
        pixels.note("opened at 8 bits per channel, to which a deeper original is reduced")
    if header.animated if header is not None else _animated(image):
        what = "pictures" if name == "JPEG" else "frames or pages"
        pixels.note(f"only the first of its {what} is sent", lossy=True)
    if _METADATA & image.info.keys():
        pixels.note("metadata left out")
    if image.info.get("reduced"):
        pixels.note("16 bits per channel reduced to 8", lossy=True)
    if name == "JPEG":
        pixels.subsampling = max(0, _sampling(image))
    _make_plain(pixels, orientation_of(image, header), name)
    was = header.size if header is not None and name in SUPPORTED else pixels.image.size
    return _encoded(pixels, wishes, was, lossless=name != "JPEG")


def from_image(found: ResolvedSource, image: Image.Image, wishes: PrepareOptions) -> tuple[ImageData, ImageHeader]:
    """Encode a Pillow image, which is left as it is."""
    check_pixels(*image.size, wishes.max_pixels)
    pixels = Pixels(image, changes=found.changes)
    with _LOCKS[(id(image) >> 4) % len(_LOCKS)]:
        _load(image)
        _note_frames(pixels, image)
        orientation = orientation_of(image)
    _make_plain(pixels, orientation, "image")
    return _encoded(pixels, wishes, pixels.image.size, lossless=True)


def _load(image: Image.Image) -> None:
    """Have a Pillow image's pixels read.

    Raises:
        ImageReadError: It was closed before they were.
        ImageError: They cannot be decoded.
    """
    without_file = getattr(image, "fp", image) is None  # it has none any more once it is loaded
    try:
        with decoding("image"):
            image.load()
    except ImageError as error:
        cause = error.__cause__
        missed = without_file and isinstance(cause, (AssertionError, AttributeError))
        if missed or "closed" in str(cause):
            raise ImageReadError(
                "The Pillow image was closed before its pixels were read.",
                remedy="Pass it inside its with block, call its load() there, or pass "
                "pathlib.Path(...) of its file.",
            ) from error
        raise


def _note_frames(pixels: Pixels, image: Image.Image) -> None:
    try:
        animated = _animated(image)
    except ImageError:  # closed since it was loaded: whether there are more is not known any more
        pixels.note("further frames, if it has any, are not sent", lossy=True)
        return
    if animated:
        pixels.note("only its current frame is sent", lossy=True)


def _animated(image: Image.Image) -> bool:
    with decoding(image.format or "image"):
        return bool(getattr(image, "is_animated", False))


def _sampling(image: Image.Image) -> int:
    with decoding("JPEG"):
        return JpegImagePlugin.get_sampling(image)


def _make_plain(pixels: Pixels, orientation: int, what: str) -> None:
    """Turn it upright, in a mode that PNG holds, with a profile of that mode or none."""
    image = pixels.image
    with decoding(what):
        profile = image.info.get("icc_profile")
        plain = to_png_mode(image, pixels.changes)
        pixels.image = turned(plain, orientation)
        pixels.profile = matching_profile(plain, profile) if image.mode not in _CONVERTED else None
    if orientation != 1:
        pixels.note(f"turned upright (its orientation was {orientation})")


def _encoded(
    pixels: Pixels, wishes: PrepareOptions, was: tuple[int, int], *, lossless: bool
) -> tuple[ImageData, ImageHeader]:
    """Encode it within the limits; ``was`` is the size of the original, upright."""
    with decoding("image"):
        if wishes.max_side is not None:
            shrink(pixels, wishes.max_side)
        data, quality = encode(pixels, wishes.most, lossless=lossless, smaller=wishes.smaller)
    if pixels.image.size != was:
        before, after = ("{}x{}".format(*size) for size in (was, pixels.image.size))
        pixels.note(f"resized from {before} to {after}", lossy=True)
    if quality is None:
        pixels.note("encoded as PNG")
    else:
        pixels.note(f"encoded as JPEG of quality {quality}", lossy=True)
    content = BytesImageData(data)
    with content.opened() as window:
        header = parse_header(window, "PNG" if quality is None else "JPEG")
    assert header is not None  # noqa: S101 - both formats are read here
    return content, header
