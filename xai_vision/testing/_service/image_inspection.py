"""Inspection of images: format, size and main colors."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import Counter, OrderedDict
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from xai_vision.errors._image import ImageError
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.jpeg_scans import check_scans
from xai_vision.imaging._formats.parse import parse_header
from xai_vision.imaging._sources.data import BytesImageData
from xai_vision.testing._errors import ServiceError, invalid_argument
from xai_vision.testing._rules.image_similarity import SIDE
from xai_vision.testing._settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image, Resampling


_SIGNATURES: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"%PDF", "PDF"),
)
_PALETTE: Final = {
    "black": (0, 0, 0),
    "dark grey": (80, 80, 80),
    "grey": (145, 145, 145),
    "light grey": (205, 205, 205),
    "white": (255, 255, 255),
    "red": (210, 30, 30),
    "dark red": (110, 15, 20),
    "pink": (245, 160, 185),
    "orange": (240, 140, 30),
    "brown": (125, 80, 40),
    "beige": (225, 205, 165),
    "yellow": (240, 220, 50),
    "green": (40, 160, 60),
    "dark green": (15, 80, 35),
    "light green": (150, 220, 140),
    "cyan": (60, 200, 210),
    "light blue": (140, 190, 235),
    "blue": (40, 80, 210),
    "dark blue": (20, 30, 100),
    "purple": (130, 50, 165),
    "magenta": (215, 50, 180),
}
_SAMPLE_SIDE: Final = 48  # pixels; enough for the main colors, and fast to count
_LARGE_IMAGE_PIXELS: Final = 4_000_000
_MAX_CACHE_ENTRIES: Final = 4096

# Decoding takes about 4 bytes per pixel. Large images are decoded one at a time, so that
# concurrent calls use a bounded amount of memory.
_large_image_lock = threading.Lock()


@dataclass(frozen=True)
class ImageInfo:
    """The properties of an image's bytes.

    Attributes:
        sha256: The SHA-256 of the bytes, in hex.
        size: The number of bytes.
        format: "JPEG", "PNG", or another format name of Pillow that the settings allow.
        width: The stored width in pixels, without the EXIF orientation applied.
        height: The stored height in pixels, without the EXIF orientation applied.
        colors: The names of at most three main colors, the most frequent first.
        thumbnail: The RGB values of a thumbnail of ``SIDE`` x ``SIDE`` pixels on a white
            background, with the EXIF orientation applied, to compare images.
    """

    sha256: str
    size: int
    format: str
    width: int
    height: int
    colors: tuple[str, ...]
    thumbnail: bytes

    def to_json(self) -> dict[str, Any]:
        """Return the properties as values that JSON can represent."""
        return {**vars(self), "thumbnail": self.thumbnail.hex()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ImageInfo:
        """Make an ImageInfo from the result of ``to_json``."""
        colors, thumbnail = tuple(values["colors"]), bytes.fromhex(values["thumbnail"])
        return cls(**{**values, "colors": colors, "thumbnail": thumbnail})


class ImageInspector:
    """Checks images as the service does, and caches the results by content.

    A conversation sends its images again with every turn, and decoding one can take half a
    second.
    """

    def __init__(self) -> None:
        self._cache: OrderedDict[str, ImageInfo] = OrderedDict()
        self._lock = threading.Lock()

    def inspect(self, data: bytes, declared_media_type: str, settings: Settings) -> ImageInfo:
        """Return the properties of an image.

        Args:
            data: The bytes of the file.
            declared_media_type: The MIME type in the request, or "".
            settings: The settings with the accepted formats and sizes.

        Raises:
            ServiceError: INVALID_ARGUMENT if the service does not accept the image.
        """
        format_ = detect_format(data)
        if not format_:
            declared = declared_media_type.rpartition("/")[2].replace("jpg", "jpeg").upper()
            expected = declared if declared in settings.image_formats else settings.image_formats[0]
            raise invalid_argument(f"Invalid {expected} image: the data is not an image.")
        if format_ not in settings.image_formats:
            supported = ", ".join(settings.image_formats)
            raise invalid_argument(
                f"Unsupported image format {format_}. Supported formats: {supported}."
            )
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            info = self._cache.get(digest)
        if info is None:
            info = _inspect(data, format_, digest, settings)
            with self._lock:
                self._cache[digest] = info
                while len(self._cache) > _MAX_CACHE_ENTRIES:
                    self._cache.popitem(last=False)
        # A cached result may come from a tenant with a higher limit.
        _check_size(info.width, info.height, format_, settings)
        return info


def detect_format(data: bytes) -> str:
    """Return the format of a file by its first bytes, or "" if it is not a known one."""
    for signature, format_ in _SIGNATURES:
        if data.startswith(signature):
            return format_
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:12] in (b"ftypavif", b"ftypheic", b"ftypheix", b"ftypmif1"):
        return "AVIF" if data[8:12] == b"avif" else "HEIC"
    return ""


def _inspect(data: bytes, format_: str, digest: str, settings: Settings) -> ImageInfo:
    try:
        image = open_image(data, format_)
        width, height = image.size
        _check_size(width, height, format_, settings)
        with _large_image_lock if width * height > _LARGE_IMAGE_PIXELS else nullcontext():
            sample = _decode_sample(image, parse_image_header(data, format_))
    except ServiceError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise invalid_argument(f"Invalid {format_} image: {error}.") from None
    except Exception as error:  # noqa: BLE001 - decoders fail in many ways on broken data
        raise invalid_argument(f"Invalid {format_} image: {type(error).__name__}.") from None
    colors, thumbnail = _main_colors(sample), _thumbnail(sample)
    return ImageInfo(digest, len(data), format_, width, height, colors, thumbnail)


def _check_size(width: int, height: int, format_: str, settings: Settings) -> None:
    if width * height > settings.max_pixels:
        raise invalid_argument(
            f"Invalid {format_} image: {width}x{height} pixels are too many. "
            f"The maximum is {settings.max_pixels}."
        )


def open_image(data: bytes, format_: str) -> Image:
    """Open an image with the decoder of a format, without decoding it."""
    # The format's own class cannot try another decoder on the bytes, and unlike Image.open it
    # does not warn about large images, which tests often turn into an error.
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    if format_ == "JPEG":
        image = JpegImageFile(io.BytesIO(data))
        check_scans(ByteReader.from_bytes(data), *image.size)
        # The decoder of arithmetic coding cannot continue with a next block.
        image.decodermaxblock = max(image.decodermaxblock, len(data))
        return image
    if format_ == "PNG":
        return PngImageFile(io.BytesIO(data))
    import PIL.Image

    return PIL.Image.open(io.BytesIO(data), formats=[format_])


def parse_image_header(data: bytes, format_: str) -> ImageHeader | None:
    """Return an image's header; None if only Pillow can read it, as in formats that need Pillow."""
    try:
        with BytesImageData(data).open() as reader:
            return parse_header(reader, format_)
    except ImageError:
        return None


def decode(data: bytes, format_: str, max_side: int) -> Image:
    """Return an inspected image as RGBA pixels, with the EXIF orientation applied.

    Args:
        data: The bytes of the file.
        format_: The name of its format.
        max_side: The maximum width and height. Larger images are reduced.
    """
    from PIL.Image import Resampling

    image = open_image(data, format_)
    width, height = image.size
    scale = min(1, max_side / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    with _large_image_lock if width * height > _LARGE_IMAGE_PIXELS else nullcontext():
        return _decode_upright(
            image, parse_image_header(data, format_), size, (max_side, max_side), Resampling.LANCZOS
        )


def _decode_sample(image: Image, header: ImageHeader | None) -> Image:
    """Return the upright image as ``_SAMPLE_SIDE`` x ``_SAMPLE_SIDE`` RGBA pixels."""
    from PIL.Image import Resampling

    size = (_SAMPLE_SIDE, _SAMPLE_SIDE)
    draft = (_SAMPLE_SIDE * 4, _SAMPLE_SIDE * 4)
    # A box filter uses every pixel.
    return _decode_upright(image, header, size, draft, Resampling.BOX)


def _decode_upright(
    image: Image,
    header: ImageHeader | None,
    size: tuple[int, int],
    draft: tuple[int, int],
    resampling: Resampling,
) -> Image:
    """Return an image at a size, as RGBA pixels with the EXIF orientation applied.

    Args:
        image: The opened image.
        header: Its header, if it could be read.
        size: The size before the orientation is applied.
        draft: The minimum size to decode, which saves time for a large JPEG.
        resampling: The filter that reduces the image.
    """
    from xai_vision.imaging._pillow.orientation import apply_orientation, orientation_of

    image.draft("RGB", draft)  # JPEG can decode at 1/8 scale
    image.load()
    orientation = orientation_of(image, header)  # after load(), which applies that of a TIFF
    if image.mode.startswith("I"):  # 16 bits per pixel; keep the upper 8
        image = image.resize(size).point(lambda value: value / 256).convert("L")
    if image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA")
    return apply_orientation(image.resize(size, resampling).convert("RGBA"), orientation)


def _main_colors(sample: Image) -> tuple[str, ...]:
    raw = sample.point(lambda value: value & 0xF8).tobytes()  # pyright: ignore[reportOperatorIssue]  # fewer distinct colors to name
    pixels = Counter(raw[start : start + 4] for start in range(0, len(raw), 4))
    colors: Counter[str] = Counter()
    for pixel, count in pixels.items():
        colors[_color_name(pixel)] += count
    ranked = sorted(colors, key=lambda name: (-colors[name], name))
    frequent = [name for name in ranked if colors[name] * 12 >= _SAMPLE_SIDE**2]
    return tuple(frequent[:3] or ranked[:1])


def _color_name(pixel: bytes) -> str:
    if pixel[3] < 128:
        return "transparent"
    return min(
        _PALETTE,
        key=lambda name: sum((a - b) ** 2 for a, b in zip(pixel[:3], _PALETTE[name], strict=True)),
    )


def _thumbnail(sample: Image) -> bytes:
    from PIL import Image

    white = Image.new("RGBA", sample.size, "white")
    flattened = Image.alpha_composite(white, sample).convert("RGB")
    return flattened.resize((SIDE, SIDE), Image.Resampling.BOX).tobytes()
