"""The report on an image, made without network access."""

from __future__ import annotations

import io
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xai_vision._cli.exit_codes import CliError, Exit
from xai_vision._cli.image_files import display_name, is_url, open_image, source_of
from xai_vision._cli.report import sent_dict, token_range
from xai_vision._cli.terminal import error_text
from xai_vision.errors import ImageError
from xai_vision.imaging import ImageHeader, read_header
from xai_vision.imaging._limits import MAX_SOURCE_BYTES, human_size

if TYPE_CHECKING:
    from xai_vision._cli.options import ImageOptions
    from xai_vision.imaging import PreparedImage, TokenEstimate


_ORIENTATIONS = {
    2: "mirrored",
    3: "upside down",
    4: "upside down, mirrored",
    5: "on its side, mirrored",
    6: "on its side",
    7: "on its side, mirrored",
    8: "on its side",
}
_GPS, _EXIF = 0x8825, 0x8769
_CAMERA = (0x010F, 0x0110)
_TIME = (0x0132, 0x9003)


@dataclass(frozen=True)
class ImageReport:
    """The properties of an image file, and the image that would be sent.

    Attributes:
        name: The image's name on the command line.
        header: The file's header, if it can be read.
        size_bytes: The size of the file.
        metadata: The kinds of metadata in the file.
        prepared: The image that would be sent, or None if it is refused.
        refusal: The reason for the refusal.
    """

    name: str
    header: ImageHeader | None = None
    size_bytes: int | None = None
    metadata: tuple[str, ...] = ()
    prepared: PreparedImage | None = None
    refusal: str = ""

    @property
    def summary(self) -> str:
        """Format, size and other properties in words."""
        if self.header is None:
            if is_url(self.name):
                return "URL"
            return "not readable" if self.size_bytes is None else "not an image"
        width, height = self.header.size
        words = [f"{self.header.format} {width}x{height}"]
        if self.header.mode:
            words.append(f"{self.header.mode} {self.header.bits} bit")
        if self.size_bytes is not None:
            words.append(human_size(self.size_bytes))
        if self.header.animated:
            words.append("animated")
        if self.header.orientation in _ORIENTATIONS:
            words.append(f"stored {_ORIENTATIONS[self.header.orientation]}")
        return ", ".join(words)

    @property
    def upload(self) -> str:
        """Format and size of what would be sent."""
        sent = self.prepared
        if sent is None:
            return "nothing"
        if sent.size is None or sent.size_bytes is None:
            return "the URL; the service fetches it"
        return f"{sent.format} {sent.width}x{sent.height}, {human_size(sent.size_bytes)}"

    @property
    def tokens(self) -> TokenEstimate | None:
        """The estimated tokens."""
        return self.prepared.tokens if self.prepared else None

    @property
    def status(self) -> str:
        """Whether the service accepts the image, and the changes."""
        if self.prepared is None:
            return f"refused: {self.refusal}"
        if self.prepared.size is None:
            return "not checked: the service fetches it"
        if not self.prepared.changes:
            return "OK, sent unchanged"
        lost = "" if self.prepared.lossless else " (lossy)"
        return f"OK: {', '.join(map(str, self.prepared.changes))}{lost}"

    def as_dict(self) -> dict[str, Any]:
        """Return the report as a dict for JSON."""
        sent, tokens, header = self.prepared, self.tokens, self.header
        return {
            "image": self.name,
            "ok": sent is not None,
            "status": self.status,
            "format": header and header.format,
            "size": header and header.size,
            "bytes": self.size_bytes,
            "mode": header and header.mode,
            "orientation": header and header.orientation,
            "animated": header and header.animated,
            "metadata": self.metadata,
            "sent": sent and {**sent_dict(sent), "lossless": sent.lossless},
            "tokens": tokens and token_range(tokens),
        }


def inspect_image(name: str, options: ImageOptions) -> ImageReport:
    """Inspect an image."""
    try:
        source = source_of(name)
        data = _read(source) if isinstance(source, Path) else source
    except (OSError, CliError) as error:
        return ImageReport(name, refusal=getattr(error, "strerror", None) or str(error))
    refusal, prepared = "", None
    try:
        prepared = open_image(name, options, data, verify=isinstance(data, bytes))
    except ImageError as error:
        refusal = error_text(error).removeprefix(f"{display_name(name)}: ")
    if isinstance(data, str):
        return ImageReport(name, prepared=prepared, refusal=refusal)
    header, metadata = _read_header(data), _read_metadata(data)
    return ImageReport(name, header, len(data), metadata, prepared, refusal)


def _read(path: Path) -> bytes:
    """Read a file, unless it is not regular or too large."""
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):
        raise CliError("is a directory; name one image in it", Exit.IMAGE)
    if not stat.S_ISREG(about.st_mode):
        raise CliError("is a pipe or a device, not a regular file", Exit.IMAGE)
    if about.st_size > MAX_SOURCE_BYTES:
        raise CliError(f"the file exceeds {human_size(MAX_SOURCE_BYTES)}", Exit.IMAGE)
    return path.read_bytes()


def _read_header(data: bytes) -> ImageHeader | None:
    try:
        return read_header(data)
    except ImageError:
        return None


def _read_metadata(data: bytes) -> tuple[str, ...]:
    """List the metadata of an image file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            exif = image.getexif()
            present = {
                "location (GPS)": bool(exif.get_ifd(_GPS)),
                "camera": any(exif.get(tag) for tag in _CAMERA),
                "time": any(exif.get(tag) or exif.get_ifd(_EXIF).get(tag) for tag in _TIME),
                "comment": bool(image.info.get("comment") or image.info.get("Comment")),
                "XMP": bool(image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")),
                "color profile": bool(image.info.get("icc_profile")),
            }
            if exif and image.format != "TIFF" and not any(present.values()):
                present["EXIF"] = True
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return ()
    return tuple(name for name, exists in present.items() if exists)
