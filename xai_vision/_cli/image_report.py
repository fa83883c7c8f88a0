"""What is found out about a picture without asking anybody."""

from __future__ import annotations

import io
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xai_vision._cli.exit_codes import Exit, Failure
from xai_vision._cli.image_files import is_address, shown_as, source_of
from xai_vision._cli.terminal import said
from xai_vision.errors import ImageError
from xai_vision.imaging import Header, prepare_image, read_header
from xai_vision.imaging._limits import MAX_SOURCE_BYTES, human_size

if TYPE_CHECKING:
    from xai_vision._cli.options import Looking
    from xai_vision.imaging import Detail, PreparedImage, TokenEstimate

__all__ = ["Finding", "look_at"]

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
class Finding:
    """A picture as it is, and as it would be sent."""

    name: str
    header: Header | None
    size_bytes: int | None
    carries: tuple[str, ...]
    prepared: PreparedImage | None
    refusal: str
    detail: Detail

    @property
    def is_a(self) -> str:
        """Format, size and the like, in words."""
        if self.header is None:
            if is_address(self.name):
                return "at a web address"
            return "not readable" if self.size_bytes is None else "not a picture"
        width, height = self.header.size
        words = [f"{self.header.format} {width}x{height}"]
        if self.header.mode:
            words.append(f"{self.header.mode} {self.header.bits} bit")
        if self.size_bytes is not None:
            words.append(human_size(self.size_bytes))
        if self.header.animated:
            words.append("several pictures")
        if self.header.orientation in _ORIENTED:
            words.append(f"stored {_ORIENTED[self.header.orientation]}")
        return ", ".join(words)

    @property
    def sent_as(self) -> str:
        """Format, size and bytes of what would be sent."""
        sent = self.prepared
        if sent is None:
            return "nothing"
        if sent.size is None or sent.size_bytes is None:
            return "its address; the service fetches it"
        return f"{sent.format} {sent.width}x{sent.height}, {human_size(sent.size_bytes)}"

    @property
    def tokens(self) -> TokenEstimate | None:
        """What it may cost."""
        return self.prepared.estimate(self.detail) if self.prepared else None

    @property
    def verdict(self) -> str:
        """Whether it would be taken, and what is done to it."""
        if self.prepared is None:
            return f"refused: {self.refusal}"
        if self.prepared.size is None:
            return "not looked at: the service fetches it"
        if not self.prepared.changes:
            return "fine as it is"
        lost = "" if self.prepared.lossless else " (with loss)"
        return f"fine: {', '.join(map(str, self.prepared.changes))}{lost}"

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        sent, tokens, header = self.prepared, self.tokens, self.header
        return {
            "picture": self.name,
            "ok": sent is not None,
            "verdict": self.verdict,
            "format": header and header.format,
            "size": header and header.size,
            "bytes": self.size_bytes,
            "mode": header and header.mode,
            "orientation": header and header.orientation,
            "animated": header and header.animated,
            "carries": self.carries,
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


def look_at(name: str, looking: Looking) -> Finding:
    """Find out what there is to know about a picture."""
    try:
        source = source_of(name)
        data = _read(source) if isinstance(source, Path) else source
    except (OSError, Failure) as error:
        why = getattr(error, "strerror", None) or str(error)
        return Finding(name, None, None, (), None, why, looking.detail)
    header = _header(data) if isinstance(data, bytes) else None
    carries = _carried(data) if isinstance(data, bytes) else ()
    refusal, prepared = "", None
    try:
        prepared = prepare_image(
            data,
            name=shown_as(name),
            max_side=looking.max_side,
            fit=looking.fit,
            strip_metadata=looking.strip_metadata,
            verify=isinstance(data, bytes),
        )
    except ImageError as error:
        refusal = said(error).removeprefix(f"{shown_as(name)}: ")
    size = len(data) if isinstance(data, bytes) else None
    return Finding(name, header, size, carries, prepared, refusal, looking.detail)


def _read(path: Path) -> bytes:
    """Read a file; what has no end, or would not fit memory, is not begun."""
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):
        raise Failure("it is a folder; name one picture in it", Exit.PICTURE)
    if not stat.S_ISREG(about.st_mode):
        raise Failure("it is a pipe or a device, not a file", Exit.PICTURE)
    if about.st_size > MAX_SOURCE_BYTES:
        raise Failure(f"it is over {human_size(MAX_SOURCE_BYTES)}", Exit.PICTURE)
    return path.read_bytes()


def _header(data: bytes) -> Header | None:
    try:
        return read_header(data)
    except ImageError:
        return None


def _carried(data: bytes) -> tuple[str, ...]:
    """What a file says besides its pixels."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as picture:
            exif = picture.getexif()
            found = {
                "its place (GPS)": bool(exif.get_ifd(_GPS)),
                "the camera": any(exif.get(tag) for tag in _CAMERA),
                "the time": any(exif.get(tag) or exif.get_ifd(_EXIF).get(tag) for tag in _TIME),
                "a comment": bool(picture.info.get("comment") or picture.info.get("Comment")),
                "XMP": bool(picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp")),
                "a colour profile": bool(picture.info.get("icc_profile")),
            }
            if exif and picture.format != "TIFF" and not any(found.values()):
                found["EXIF"] = True
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return ()
    return tuple(what for what, there in found.items() if there)
