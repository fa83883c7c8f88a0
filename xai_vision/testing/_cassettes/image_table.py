"""The images of a cassette: their facts in place of their bytes."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import io
from typing import TYPE_CHECKING, Any, Final

from xai_vision.testing._calls.images import ImageCache
from xai_vision.testing._cassettes.cassette import ImageForm
from xai_vision.testing._cassettes.cassette_file import binascii_lines
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._rules.image_similarity import SIDE, LabThumbnail
from xai_vision.testing._service.image_inspection import ImageInfo, ImageInspector, detect_format
from xai_vision.testing._settings import FORMATS, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

MAX_IMAGE_BYTES: Final = 2048
"""The most that an entry of the table takes without the image's bytes."""

_MAX_PIXELS: Final = 178_956_970
"""Pillow's own limit for decompression bombs."""
_SETTINGS: Final = Settings(image_formats=FORMATS, max_pixels=_MAX_PIXELS)
_MAX_STRETCH: Final = 1.1
"""The largest quotient of the proportions of two images that can be the same."""
_SESSION_BYTES: Final = 64 * 1024 * 1024
_THUMBNAIL_SIDES: Final = (64, 48, 32, 24, 16)
_THUMBNAIL_CHARACTERS: Final = 640

_inspector = ImageInspector()


class ImageTable:
    """The images of a cassette by SHA-256.

    Attributes:
        entries: The facts of each image as values of JSON.

    Args:
        form: What an entry contains: "colors", a grid of colors; "thumbnail", also a small image;
            "bytes", the whole file.
        entries: The entries of a cassette that was loaded.
    """

    def __init__(
        self, form: ImageForm = "colors", entries: Mapping[str, dict[str, Any]] | None = None
    ) -> None:
        self.entries = dict(entries or {})
        self._form = form
        self._session = ImageCache(_SESSION_BYTES)

    def keep(self, data: bytes) -> str:
        """Remember the bytes of a file for this session, and return its SHA-256."""
        digest = hashlib.sha256(data).hexdigest()
        self._session.put(digest, data)
        return digest

    def add(self, data: bytes) -> str:
        """Add an image, and return its SHA-256."""
        digest = self.keep(data)
        if digest not in self.entries:
            self.entries[digest] = self._describe(data)
        return digest

    def note(self, info: ImageInfo) -> None:
        """Add an image whose properties are known, without its bytes."""
        entry = {"format": info.format, "size": info.size, **_properties(info)}
        self.entries.setdefault(info.sha256, entry)

    def _describe(self, data: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {"format": detect_format(data), "size": len(data)}
        try:
            info = _inspector.inspect(data, "", _SETTINGS)
        except ServiceError:
            # A broken image, whose replay is the service's error.
            pass
        else:
            entry |= _properties(info)
        if self._form == "bytes":
            entry["bytes"] = base64_lines(data)
        elif self._form == "thumbnail" and "colors" in entry:
            entry["thumbnail"] = _make_thumbnail(data)
        return entry

    def distance(self, one: str, other: str) -> float | None:
        """Return the visual distance of two images.

        It is None if the proportions differ, or if the colors of one are not known.
        """
        if one == other:
            return 0.0
        first, second = self._thumbnail(one), self._thumbnail(other)
        if first is None or second is None:
            return None
        # The grids do not show the proportions of an image.
        ratios = sorted(map(self._proportion, (one, other)))
        return first.distance(second) if ratios[1] <= ratios[0] * _MAX_STRETCH else None

    def _proportion(self, digest: str) -> float:
        """Return the long side of an image divided by the other, as EXIF can swap them."""
        sides = sorted(int(self.entries[digest].get(name, 1)) for name in ("width", "height"))
        return sides[1] / sides[0]

    def _thumbnail(self, digest: str) -> LabThumbnail | None:
        colors = self.entries.get(digest, {}).get("colors")
        return _lab_thumbnail("".join(colors)) if colors else None

    def data(self, digest: str) -> bytes | None:
        """Return the bytes of a file, if this session or the cassette has them."""
        data = self._session.get(digest)
        lines = self.entries.get(digest, {}).get("bytes")
        return base64.b64decode("".join(lines)) if data is None and lines else data

    def image(self, digest: str) -> bytes:
        """Return the bytes of an image. If they are not stored, it is painted with its colors.

        Raises:
            LookupError: The cassette does not have the image.
        """
        data = self.data(digest)
        if data is not None:
            return data
        entry = self.entries.get(digest, {})
        if "colors" not in entry:
            raise LookupError(f"the cassette has neither the bytes nor the colors of {digest[:12]}")
        return _paint("".join(entry["colors"]), entry)

    def label(self, digest: str) -> str:
        """Return a description of an image for messages."""
        entry = self.entries.get(digest, {})
        size = f" {entry['width']}x{entry['height']}" if "width" in entry else ""
        return f"{entry.get('format') or 'image'}{size} {digest[:12]}"


def _properties(info: ImageInfo) -> dict[str, Any]:
    row = SIDE * 6
    grid = info.thumbnail.hex()
    colors = [grid[start : start + row] for start in range(0, len(grid), row)]
    return {"width": info.width, "height": info.height, "colors": colors}


@functools.lru_cache(maxsize=1024)
def _lab_thumbnail(grid: str) -> LabThumbnail:
    return LabThumbnail(bytes.fromhex(grid))


def base64_lines(data: bytes) -> list[str]:
    """Return base64 text in lines."""
    return binascii_lines(base64.b64encode(data).decode("ascii"))


def decode_image(text: str) -> tuple[str, bytes] | None:
    """Split a data URL, or base64, into its head and the bytes of an image; None for other text."""
    head, comma, body = text.partition(",")
    if comma and not (head[:5].lower() == "data:" and head[-7:].lower() == ";base64"):
        return None
    if not comma:
        head, body = "", text
    try:
        data = base64.b64decode(body, validate=not comma)
    except (binascii.Error, ValueError):
        return None
    # Without the head of a data URL, a short word may be base64 by chance.
    if not comma and not detect_format(data):
        return None
    return head + comma, data


def _open(data: bytes) -> Image:
    import PIL.Image

    return PIL.Image.open(io.BytesIO(data), formats=[detect_format(data)])


def _make_thumbnail(data: bytes) -> list[str]:
    """Return a small WebP image that fits into an entry of the table, as base64."""
    encoded: list[str] = []
    for side in _THUMBNAIL_SIDES:
        image = _open(data).convert("RGB")
        image.thumbnail((side, side))
        output = io.BytesIO()
        image.save(output, "WEBP", quality=50, method=6)
        encoded = base64_lines(output.getvalue())
        if sum(map(len, encoded)) <= _THUMBNAIL_CHARACTERS:
            break
    return encoded


def _paint(grid: str, entry: Mapping[str, Any]) -> bytes:
    """Return an image of the recorded format and size, from its grid of colors."""
    import PIL.Image

    small = PIL.Image.frombytes("RGB", (SIDE, SIDE), bytes.fromhex(grid))
    image = small.resize((entry["width"], entry["height"]), PIL.Image.Resampling.BICUBIC)
    output = io.BytesIO()
    image.save(output, entry["format"] if entry["format"] in ("JPEG", "PNG", "WEBP") else "PNG")
    return output.getvalue()
