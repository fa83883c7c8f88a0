"""Pictures that have to be decoded and encoded anew."""

from __future__ import annotations

from PIL import Image, JpegImagePlugin

from xai_vision.images.change import Change
from xai_vision.images.colours import fitting_profile, plain_mode
from xai_vision.images.content import Content, HeldContent
from xai_vision.images.encode import Pixels, encode, shrink
from xai_vision.images.facts import Header
from xai_vision.images.formats import TAKEN
from xai_vision.images.found import Found
from xai_vision.images.header import parse_header
from xai_vision.images.pixels import decoding, load_image, orientation_of, orientation_set, turned
from xai_vision.images.wishes import Wishes

_METADATA = {"exif", "xmp", "comment", "XML:com.adobe.xmp", "photoshop"}


def from_file(
    found: Found, data: bytes, name: str, header: Header | None, wishes: Wishes
) -> tuple[Content, Header]:
    """Decode a file and encode it as JPEG or PNG.

    A JPEG stays one. Everything else becomes PNG, without loss, unless that would be too large.
    """
    at_least = 2 * wishes.max_side if wishes.max_side is not None else None
    image = load_image(data, name, max_pixels=wishes.max_pixels, at_least=at_least)
    pixels = Pixels(image, changes=found.changes)
    if name not in TAKEN:
        pixels.note(f"converted from {name}")
    if header.animated if header is not None else _animated(image):
        pixels.note("only the first of its frames or pages is sent", lossy=True)
    if _METADATA & image.info.keys():
        pixels.note("metadata left out")
    if image.info.get("reduced"):
        pixels.note("16 bits per channel reduced to 8", lossy=True)
    if name == "JPEG":
        pixels.subsampling = max(0, _sampling(image))
    _make_plain(pixels, orientation_of(image), name)
    return _encoded(pixels, wishes, lossless=name != "JPEG", was=header)


def from_image(found: Found, image: Image.Image, wishes: Wishes) -> tuple[Content, Header]:
    """Encode a Pillow image, which is left as it is."""
    with decoding("image"):
        image.load()
    pixels = Pixels(image, changes=found.changes)
    if _animated(image):
        pixels.note("only its current frame is sent", lossy=True)
    _make_plain(pixels, orientation_set(image), "image")
    return _encoded(pixels, wishes, lossless=True)


def _animated(image: Image.Image) -> bool:
    with decoding(image.format or "image"):
        return bool(getattr(image, "is_animated", False))


def _sampling(image: Image.Image) -> int:
    with decoding():
        return JpegImagePlugin.get_sampling(image)


def _make_plain(pixels: Pixels, orientation: int, what: str) -> None:
    """Turn it upright, in a mode that PNG holds, with a profile of that mode or none."""
    image = pixels.image
    with decoding(what):
        profile = image.info.get("icc_profile")
        plain = plain_mode(image, pixels.changes)
        pixels.image = turned(plain, orientation)
        pixels.profile = fitting_profile(plain, profile) if image.mode not in _CONVERTED else None
    if orientation != 1:
        pixels.note(f"turned upright (its EXIF orientation was {orientation})")


_CONVERTED = {"CMYK", "LAB"}


def _encoded(
    pixels: Pixels, wishes: Wishes, *, lossless: bool, was: Header | None = None
) -> tuple[Content, Header]:
    with decoding():
        if wishes.max_side is not None:
            shrink(pixels, wishes.max_side)
        data, name = encode(pixels, wishes.most, lossless=lossless, smaller=wishes.smaller)
    if name == "PNG":
        pixels.changes.append(Change("encoded as PNG"))
    content = HeldContent(data)
    with content.opened() as window:
        header = parse_header(window, name)
    assert header is not None  # noqa: S101 - both formats are read here
    return content, header
