"""Looking at an image: is it one, how large, which colors."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from xai_vision.testing._errors import ServiceError, invalid_argument
from xai_vision.testing._rules.image_similarity import SIDE
from xai_vision.testing._settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image


_MAGIC: Final = (
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
_SWATCH: Final = 48  # pixels a side: enough to tell the main colors, quick to count
_LARGE: Final = 4_000_000

# Decoding takes some 4 bytes a pixel; large ones take turns, so that memory stays bounded
# however many calls come at once.
_turn = threading.Lock()


@dataclass(frozen=True)
class ImageInfo:
    """What is true of an image's bytes, wherever they came from.

    Attributes:
        sha256: Hash of the bytes, in hex.
        size: Bytes.
        format: "JPEG" or "PNG", or another of Pillow's names where the settings take it.
        width: Pixels, as stored: before any EXIF rotation.
        height: Pixels, likewise.
        colors: Names of the main colors, the most frequent first, at most three.
        thumbnail: The image as ``looks.SIDE`` x ``looks.SIDE`` RGB values, on white where it is
            transparent, for telling near images apart.
    """

    sha256: str
    size: int
    format: str
    width: int
    height: int
    colors: tuple[str, ...]
    thumbnail: bytes

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON."""
        return {**vars(self), "thumbnail": self.thumbnail.hex()}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> ImageInfo:
        """The facts from JSON."""
        colors, thumbnail = tuple(found["colors"]), bytes.fromhex(found["thumbnail"])
        return cls(**{**found, "colors": colors, "thumbnail": thumbnail})


class ImageInspector:
    """Checks images as the service does; remembers what it found by content.

    A conversation sends its images again with every turn, and decoding one may take half a
    second.
    """

    def __init__(self, remember: int = 4096) -> None:
        self._remember = remember
        self._seen: OrderedDict[str, ImageInfo] = OrderedDict()
        self._lock = threading.Lock()

    def inspect(self, data: bytes, declared_media_type: str, settings: Settings) -> ImageInfo:
        """Look at an image.

        Args:
            data: The file.
            label: The MIME type it was sent with, or "".
            settings: What is taken.

        Raises:
            ServiceError: INVALID_ARGUMENT, it is not taken.
        """
        kind = _check(data, declared_media_type, settings)
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            facts = self._seen.get(digest)
        if facts is None:
            facts = _look(data, kind, digest, settings)
            with self._lock:
                self._seen[digest] = facts
                while len(self._seen) > self._remember:
                    self._seen.popitem(last=False)
        # What is known was looked at for a tenant that may take larger ones.
        _check_size(facts.width, facts.height, kind, settings)
        return facts


def detect_format(data: bytes) -> str:
    """Tell a file's format by its first bytes; "" if they are of no known image."""
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:12] in (b"ftypavif", b"ftypheic", b"ftypheix", b"ftypmif1"):
        return "AVIF" if data[8:12] == b"avif" else "HEIC"
    return ""


def _check(data: bytes, label: str, settings: Settings) -> str:
    kind = detect_format(data)
    if not kind:
        wanted = label.rpartition("/")[2].replace("jpg", "jpeg").upper()
        named = wanted if wanted in settings.image_formats else settings.image_formats[0]
        raise invalid_argument(f"Invalid {named} image: the data is not an image.")
    if kind not in settings.image_formats:
        known = ", ".join(settings.image_formats)
        raise invalid_argument(f"Unsupported image format {kind}. Supported formats: {known}.")
    return kind


def _look(data: bytes, kind: str, digest: str, settings: Settings) -> ImageInfo:
    try:
        image = _open(data, kind)
        width, height = image.size
        _check_size(width, height, kind, settings)
        small = _decode(image, width * height > _LARGE)
    except ServiceError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as fault:
        raise invalid_argument(f"Invalid {kind} image: {fault}.") from None
    except Exception as fault:  # noqa: BLE001 - decoders fail in many ways on broken data
        raise invalid_argument(f"Invalid {kind} image: {type(fault).__name__}.") from None
    return ImageInfo(digest, len(data), kind, width, height, _colours(small), _swatch(small))


def _check_size(width: int, height: int, kind: str, settings: Settings) -> None:
    if width * height > settings.max_pixels:
        raise invalid_argument(f"Invalid {kind} image: {width}x{height} pixels are too many.")


def _open(data: bytes, kind: str) -> Image:
    # The format's own class instead of Image.open: nothing else can be tried on the bytes, and
    # the warning about large images, which tests often turn into an error, does not arise.
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    own: dict[str, Any] = {"JPEG": JpegImageFile, "PNG": PngImageFile}
    if kind in own:
        image: Image = own[kind](io.BytesIO(data))
        return image
    import PIL.Image

    return PIL.Image.open(io.BytesIO(data), formats=[kind])


def _decode(image: Image, large: bool) -> Image:
    from contextlib import nullcontext

    with _turn if large else nullcontext():
        image.draft("RGB", (_SWATCH * 4, _SWATCH * 4))  # JPEG: decodes at an eighth at best
        image.load()
        if image.mode.startswith("I"):  # 16 bits: the upper 8 of them
            image = image.resize((_SWATCH, _SWATCH)).point(lambda value: value / 256)
            image = image.convert("L")
        if image.mode in ("P", "PA", "1"):
            image = image.convert("RGBA")
        return image.resize((_SWATCH, _SWATCH), 4).convert("RGBA")  # 4: box, every pixel counts


def _colours(small: Image) -> tuple[str, ...]:
    tally: dict[str, int] = {}
    nearest: dict[tuple[int, ...], str] = {}
    raw = small.tobytes()
    for start in range(0, len(raw), 4):
        pixel = tuple(value & 0xF8 for value in raw[start : start + 4])
        if pixel not in nearest:
            nearest[pixel] = _name(pixel)
        tally[nearest[pixel]] = tally.get(nearest[pixel], 0) + 1
    ranked = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    enough = [name for name, pixels in ranked if pixels * 12 >= _SWATCH * _SWATCH]
    return tuple(enough[:3] or [ranked[0][0]])


def _name(pixel: tuple[int, ...]) -> str:
    if pixel[3] < 128:
        return "transparent"
    return min(
        _PALETTE,
        key=lambda name: sum((a - b) ** 2 for a, b in zip(pixel[:3], _PALETTE[name], strict=True)),
    )


def _swatch(small: Image) -> bytes:
    from PIL import Image

    white = Image.new("RGBA", small.size, "white")
    return Image.alpha_composite(white, small).convert("RGB").resize((SIDE, SIDE), 4).tobytes()
