"""Pictures as pixels: opened with Pillow and turned upright.

The modules of this room that import Pillow are this one, ``colours``, ``encode`` and ``arrays``.
They are imported when a picture has to be decoded, never before.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, features

from xai_vision.errors._image import (
    DecompressionBombError,
    ImageCorruptError,
    ImageError,
    ImageFormatError,
)
from xai_vision.imaging._formats.byte_reader import truncated_error
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.parse import check_pixels, check_sides, parse_header, sniff
from xai_vision.imaging._formats.sniff import SUPPORTED
from xai_vision.imaging._limits import MAX_PIXELS
from xai_vision.imaging._sources.data import BytesImageData

ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_UNKNOWN = re.compile("unsupported|not supported|unimplemented|unknown pixel mode")
_NEEDS = {"AVIF": "avif", "WEBP": "webp", "JPEG2000": "jpg_2000"}


@contextmanager
def decoding(what: str = "picture") -> Iterator[None]:
    """Turn whatever a decoder raises into an ImageError; what it said stays in ``__cause__``."""
    try:
        yield
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise DecompressionBombError(
            f"Decoding this {what} would take too much memory.",
            remedy="Make it smaller, or raise PIL.Image.MAX_IMAGE_PIXELS if it is to be trusted.",
        ) from error
    except Exception as error:
        said = str(error).lower()
        if isinstance(error, EOFError) or "truncated" in said:
            raise truncated_error() from error
        if "decompressed data too large" in said:
            raise DecompressionBombError(
                f"A text or profile in this {what} unpacks to more than any would have.",
                remedy="Save it again without its metadata.",
            ) from error
        if isinstance(error, NotImplementedError) or _UNKNOWN.search(said):
            raise ImageFormatError(
                f"The installed Pillow does not open this kind of {what}.",
                remedy="Save it as JPEG or PNG with a program that opens it.",
            ) from error
        raise ImageCorruptError(
            f"The {what} does not open: its data is broken or of an unknown kind.",
            remedy="Get it again, or save it again with a program that opens it.",
        ) from error


def open_image(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Open a picture of a known format; its pixels are not decoded yet (but HEIC's are).

    Raises:
        ImageFormatError: No decoder for it is installed.
        ImageCorruptError: It does not open.
        ImageEmptyError: It has no pixels.
        ImageBombError: It has too many.
    """
    if name == "HEIF":
        return _open_heif(data, max_pixels)
    _check_decoder(name)
    with decoding(name):
        image = Image.open(io.BytesIO(data), formats=(name,))
    check_sides(ImageHeader(name, *image.size))
    check_pixels(*image.size, max_pixels)
    return image


def _check_decoder(name: str) -> None:
    needs = _NEEDS.get(name)
    known = needs is None or needs in features.modules or needs in features.codecs
    missing = not known or (needs is not None and not features.check(needs))
    if not missing and name not in Image.OPEN:
        Image.init()
        missing = name not in Image.OPEN
    if missing:
        remedy = "Convert it to JPEG or PNG first."
        if name == "AVIF":
            remedy = "Install Pillow 11.3 or newer, or convert it to JPEG or PNG first."
        raise ImageFormatError(f"The installed Pillow opens no {name}.", remedy=remedy)


def _open_heif(data: bytes, max_pixels: int) -> Image.Image:
    try:
        import pillow_heif  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise ImageFormatError(
            "HEIC needs a decoder that is not installed.",
            remedy="Run: pip install pillow-heif; or convert it to JPEG first.",
        ) from error
    with decoding("HEIC picture"):
        opened = pillow_heif.open_heif(io.BytesIO(data))
        width, height = opened.size
        check_pixels(width, height, max_pixels)
        image = opened.to_pillow()
        assert isinstance(image, Image.Image)  # noqa: S101 - for the type checker
        return image


def load_image(
    data: bytes, name: str, *, max_pixels: int = MAX_PIXELS, at_least: int | None = None
) -> Image.Image:
    """Open a picture and decode its first frame.

    Args:
        data: The file's bytes.
        name: Its format.
        max_pixels: The most pixels that are decoded.
        at_least: If the longest side need only have so many pixels, a JPEG may be decoded at a
            half, quarter or eighth of its size, which saves time and memory.

    Returns:
        The decoded picture. Its ``info`` says under "reduced" whether Pillow read more than 8 bits
        per channel as 8, as far as that can be seen.

    Raises:
        ImageError: It has too many pixels, no pixels, or does not open.
    """
    image = open_image(data, name, max_pixels)
    with decoding(name):
        deep = _deep(image)
        if at_least is not None and name == "JPEG":
            image.draft(None, _draft_size(image.size, at_least))
        image.load()
        image.info["reduced"] = deep and image.mode in ("L", "LA", "RGB", "RGBA", "CMYK")
    return image


def _deep(image: Image.Image) -> bool:
    """Whether the file has more than 8 bits per channel, as far as its decoder's plan tells."""
    plan = str(getattr(image, "tile", ""))
    return ";16" in plan or "65535" in plan


def verify(data: bytes, name: str) -> None:
    """Check what a format has of checksums; the pixels are not decoded.

    Raises:
        ImageCorruptError: One is wrong.
    """
    image = open_image(data, name)
    with decoding(name):
        image.verify()


def _draft_size(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """A size of the same shape whose longest side has ``longest`` pixels."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def orientation_of(image: Image.Image, header: ImageHeader | None = None) -> int:
    """The orientation a picture is to be turned by, 1 to 8; that is 1 where Pillow turned it.

    Args:
        image: The picture.
        header: The header of its file: of a JPEG or PNG, what it says is what counts.
    """
    if header is not None and header.format in SUPPORTED:
        return header.orientation
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - broken EXIF says nothing
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """Turn a picture the way its orientation says."""
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def header_by_pillow(data: bytes, name: str) -> ImageHeader:
    """Read the header of a format that only Pillow reads."""
    image = open_image(data, name)
    with decoding(name):
        animated = bool(getattr(image, "is_animated", False))
        turn = orientation_of(image)
        return ImageHeader(name, *image.size, turn, mode=image.mode, animated=animated)


def decode(data: bytes | bytearray | memoryview, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a picture's first frame and turn it upright; see ``xai_vision.imaging.decode``."""
    data = bytes(data)
    with BytesImageData(data).opened() as window:
        name = sniff(window)
        header = parse_header(window, name)
    if header is not None:
        check_pixels(header.width, header.height, max_pixels)
    image = load_image(data, name, max_pixels=max_pixels)
    with decoding(name):
        return turned(image, orientation_of(image, header))
