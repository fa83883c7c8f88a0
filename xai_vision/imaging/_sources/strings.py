"""Images passed as strings: URLs, data URLs, base64. Strings are never treated as paths."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes, urlsplit

from xai_vision.errors._image import ImageBase64Error, ImageEmptyError, ImageSourceError
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.sniff import HEAD_BYTES, describe_unknown, sniff_format
from xai_vision.imaging._limits import safe_repr
from xai_vision.imaging._sources.base64_text import SUPPORTED, decoded_head, resolve_base64
from xai_vision.imaging._sources.data import BytesImageData
from xai_vision.imaging._sources.resolved import ResolvedSource
from xai_vision.imaging._sources.slips import find_data_url_slip, find_slip

_MAX_LABEL = 4096
_MAX_PATH = 1024
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?=//|[A-Za-z])")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{2,5}$")


def resolve_string(text: str) -> ResolvedSource:
    """Detect the kind of a string and resolve it.

    Raises:
        ImageSourceError: The string is a path, a URL of another scheme, or unknown.
        ImageBase64Error: The base64 is invalid.
        ImageEmptyError: The string is empty.
    """
    # A form decoder changes a "+" at the end of base64 to a blank.
    blanks = " " * (len(text.rstrip("\t\n\v\f\r")) - len(text.rstrip()))
    text = text.strip()
    if not text:
        raise ImageEmptyError("the string is empty.", remedy=SUPPORTED, source="string")
    if not text.isascii():
        _check_encodes(text)
    start = text[:8].lower()
    if start.startswith(("http://", "https://")):
        return ResolvedSource("URL", url=_checked_address(text))
    if start.startswith("data:"):
        return _data_url(text, blanks)
    head = decoded_head(text)
    if sniff_format(head) is not None:
        return resolve_base64(text + blanks, 0, "base64 text")
    raise _unsupported(text, head)


def _check_encodes(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ImageSourceError(
            "the string contains a lone surrogate, which cannot be encoded.",
            remedy="Decode it with the right encoding.",
            source="string",
        ) from None


def _checked_address(text: str) -> str:
    try:
        host = urlsplit(text).hostname
    except ValueError:
        host = None
    if not host:
        raise ImageSourceError("the URL has no host.", remedy="Check the URL.", source="URL")
    if _CONTROL.search(text):
        raise ImageSourceError(
            "the URL contains spaces or control characters.",
            remedy="Percent-encode them: urllib.parse.quote().",
            source="URL",
        )
    return text


def _data_url(text: str, blanks: str) -> ResolvedSource:
    comma = text.find(",", 0, _MAX_LABEL)
    if comma < 0:
        raise ImageSourceError(
            "the data URL has no comma between its media type and its data.",
            remedy="It should start like data:image/jpeg;base64,",
            source="data URL",
        )
    if slip := find_data_url_slip(text[:comma], text[comma + 1 : comma + 1 + 2 * HEAD_BYTES]):
        raise ImageBase64Error(f"the data URL {slip.reason}", remedy=slip.remedy, source="data URL")
    label, *parameters = (part.strip().lower() for part in text[5:comma].split(";"))
    if "base64" in parameters:
        resolved = resolve_base64(text + blanks, comma + 1, "data URL")
        resolved.media_type = label
        return resolved
    data = unquote_to_bytes(text[comma + 1 :])
    if sniff_format(data[:HEAD_BYTES]) is None and sniff_format(decoded_head(text[comma + 1 :])):
        resolved = resolve_base64(text + blanks, comma + 1, "data URL")
        resolved.media_type = label
        resolved.changes.append(Change("added the data URL's missing ';base64'"))
        return resolved
    changes = [Change("percent-encoded data URL converted to base64")]
    return ResolvedSource("data URL", BytesImageData(data), media_type=label, changes=changes)


def _unsupported(text: str, head: bytes) -> ImageSourceError:
    """Return the error of an unsupported string, which is quoted only if it cannot be base64."""
    if slip := find_slip(text):
        return ImageSourceError(f"the string {slip.reason}", remedy=slip.remedy, source="string")
    scheme = _SCHEME.match(text)
    if scheme and scheme.end() > 2:  # one letter is a drive of Windows
        name = scheme[0].rstrip(":").lower()
        remedy = (
            "Pass pathlib.Path(...)."
            if name == "file"
            else "Download the image and pass its bytes."
        )
        return ImageSourceError(
            f"the URL scheme {name[:20]}: is not supported (http and https are).",
            remedy=remedy,
            source="string",
        )
    if _looks_like_path(text):
        path = "pathlib.Path(...)" + (".expanduser()" if text[0] == "~" else "")
        named = re.search(r"[.~:\\ ]", text) is not None and text.isprintable()
        return ImageSourceError(
            "the string looks like a path. Strings are never treated as paths.",
            remedy=f"Pass {path}, or a complete https:// URL.",
            source=f"string {safe_repr(text)}" if named else "string",
        )
    kind = describe_unknown(head)[0] if head else ""
    return ImageSourceError(
        f"the string is base64 of {kind}."
        if kind and kind != "plain text"
        else "the string is not a URL, a data URL or base64 of an image.",
        remedy=SUPPORTED,
        source="string",
    )


def _looks_like_path(text: str) -> bool:
    if len(text) > _MAX_PATH or "\n" in text:
        return False
    return bool(_SUFFIX.search(text)) or "/" in text or "\\" in text or text[:1] in "~."
