"""The report on an image, made without network access."""

from __future__ import annotations

import io
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xai_vision._cli.exit_codes import CliError, Exit
from xai_vision._cli.image_files import display_name, is_url, source_of
from xai_vision._cli.terminal import error_text
from xai_vision.errors import ImageError
from xai_vision.imaging import ImageHeader, prepare_image, read_header
from xai_vision.imaging._limits import MAX_SOURCE_BYTES, human_size

if TYPE_CHECKING:
    from xai_vision._cli.options import ImageOptions
    from xai_vision.imaging import Detail, PreparedImage, TokenEstimate


_ORIENTED = {
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
    """The properties of an image, and of what would be sent."""

    name: str
    header: ImageHeader | None
    size_bytes: int | None
    metadata: tuple[str, ...]
    prepared: PreparedImage | None
    refusal: str
    detail: Detail

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
        if self.header.orientation in _ORIENTED:
            words.append(f"stored {_ORIENTED[self.header.orientation]}")
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
        return self.prepared.estimate(self.detail) if self.prepared else None

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
            "sent": sent
            and {
                "format": sent.format,
                "size": sent.size,
                "bytes": sent.size_bytes,
                "changes": [str(change) for change in sent.changes],
                "lossless": sent.lossless,
            },
            "tokens": tokens and {"low": tokens.low, "likely": tokens.likely, "high": tokens.high},
        }


def inspect_image(name: str, options: ImageOptions) -> ImageReport:
    """Inspect an image."""
    try:
        source = source_of(name)
        data = _read(source) if isinstance(source, Path) else source
    except (OSError, CliError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return ImageReport(name, None, None, (), None, why, options.detail)
    header = _header(data) if isinstance(data, bytes) else None
    metadata = _read_metadata(data) if isinstance(data, bytes) else ()
    refusal, prepared = "", None
    try:
        prepared = prepare_image(
            data,
            name=display_name(name),
            max_side=options.max_side,
            fit=options.fit,
            strip_metadata=options.strip_metadata,
            verify=isinstance(data, bytes),
        )
    except ImageError as error:
        refusal = error_text(error).removeprefix(f"{display_name(name)}: ")
    size = len(data) if isinstance(data, bytes) else None
    return ImageReport(name, header, size, metadata, prepared, refusal, options.detail)


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


def _header(data: bytes) -> ImageHeader | None:
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
