"""Images passed as strings: URLs, data URLs, base64. Strings are never treated as paths."""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes, urlsplit

from xai_vision.errors._image import ImageBase64Error, ImageEmptyError, ImageSourceError
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.sniff import HEAD_BYTES, describe_unknown, sniff_format
from xai_vision.imaging._image_url import STEP
from xai_vision.imaging._limits import safe_repr
from xai_vision.imaging._sources import base64
from xai_vision.imaging._sources.base64_data import Base64ImageData
from xai_vision.imaging._sources.data import BytesImageData
from xai_vision.imaging._sources.resolved import ResolvedSource

_MAX_LABEL = 4096
_MAX_PATH = 1024
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?=//|[A-Za-z])")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_INVALID = re.compile(r"[^A-Za-z0-9+/]")
_STR_OF_BYTES = re.compile(r"(?:bytearray\()?b['\"]")
_URL_SAFE = str.maketrans("-_", "+/")
_SUPPORTED = "Pass an http(s) URL, a data URL, base64, bytes, or pathlib.Path(...) for a file."


def resolve_string(text: str) -> ResolvedSource:
    """Detect the kind of a string and resolve it.

    Raises:
        ImageSourceError: The string is a path, a URL of another scheme, or unknown.
        ImageBase64Error: The base64 is invalid.
        ImageEmptyError: The string is empty.
    """
    text = text.strip()
    if not text:
        raise ImageEmptyError("the string is empty.", remedy=_SUPPORTED, source="string")
    if not text.isascii():
        _check_encodes(text)
    start = text[:8].lower()
    if start.startswith(("http://", "https://")):
        return ResolvedSource("URL", url=_checked_address(text))
    if start.startswith("data:"):
        return _data_url(text)
    head = decoded_head(text)
    if sniff_format(head) is not None:
        content, changes = base64_content(text, 0, "base64 text")
        return ResolvedSource("base64 text", content, changes=changes)
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


def _data_url(text: str) -> ResolvedSource:
    comma = text.find(",", 0, _MAX_LABEL)
    if comma < 0:
        raise ImageSourceError(
            "the data URL has no comma between its media type and its data.",
            remedy="It should start like data:image/jpeg;base64,",
            source="data URL",
        )
    label, *parameters = (part.strip().lower() for part in text[5:comma].split(";"))
    if "base64" in parameters:
        content, changes = base64_content(text, comma + 1, "data URL")
        return ResolvedSource("data URL", content, media_type=label, changes=changes)
    data = unquote_to_bytes(text[comma + 1 :])
    if sniff_format(data[:HEAD_BYTES]) is None and sniff_format(decoded_head(text[comma + 1 :])):
        content, changes = base64_content(text, comma + 1, "data URL")
        changes.append(Change("added the data URL's missing ';base64'"))
        return ResolvedSource("data URL", content, media_type=label, changes=changes)
    changes = [Change("percent-encoded data URL converted to base64")]
    return ResolvedSource("data URL", BytesImageData(data), media_type=label, changes=changes)


def decoded_head(text: str) -> bytes:
    """Decode the start of possible base64 text in any variant; return b"" if it is not base64."""
    head = "".join(text[: HEAD_BYTES * 2].split()).translate(_URL_SAFE).rstrip("=")
    try:
        return base64.decode(head[: len(head) // 4 * 4].encode("ascii"))
    except ValueError:
        return b""


def base64_content(
    text: str, start: int, source: str
) -> tuple[BytesImageData | Base64ImageData, list[Change]]:
    """Use the base64 text from ``start`` on; repair it if it is not in canonical form.

    Raises:
        ImageBase64Error: The text is invalid.
        ImageEmptyError: There is no text.
    """
    size = _decoded_size(text, start)
    if size is not None:
        return Base64ImageData(text, start, size), []
    return _repair(text[start:], source)


def _decoded_size(text: str, start: int) -> int | None:
    """Validate base64 text; return the decoded size, or None if it needs repair."""
    length = len(text) - start
    if length % 4 or not length:
        return None
    if not text.isascii():
        return None
    for at in range(start, len(text), STEP):
        part = text[at : at + STEP].encode("ascii")
        in_the_middle = at + STEP < len(text)
        if not base64.is_valid(part) or (in_the_middle and part.endswith(b"=")):
            return None
    # The last character can contain unused bits; strict decoders require zeros.
    end = text[-4:].encode("ascii")
    if base64.encode(base64.decode(end)) != end:
        return None
    return length // 4 * 3 - text[-2:].count("=")


def _repair(text: str, source: str) -> tuple[BytesImageData, list[Change]]:
    """Decode base64 that is wrapped, URL-safe, percent-encoded or without padding."""
    repairs = []
    if "%" in text:
        text = unquote_to_bytes(text).decode("latin-1")
        repairs.append("percent-decoded")
    joined = "".join(text.split())
    if len(joined) != len(text):
        repairs.append("removed whitespace")
    standard = joined.translate(_URL_SAFE)
    if standard != joined:
        repairs.append("replaced the URL-safe alphabet")
    letters = standard.rstrip("=")
    if not letters:
        raise ImageEmptyError("the string has no data.", remedy=_SUPPORTED, source=source)
    if wrong := _INVALID.search(letters):
        raise _invalid(
            f"character {wrong.start() + 1:,} of {len(letters):,} is not in the alphabet", source
        )
    if len(letters) % 4 == 1:
        raise _invalid(f"{len(letters):,} characters are an impossible length", source)
    padded = letters + "=" * (-len(letters) % 4)
    if padded != standard:
        repairs.append("corrected padding")
    data = binascii.a2b_base64(padded)
    change = f"base64 repaired ({', '.join(repairs) or 'cleared unused bits'})"
    return BytesImageData(data), [Change(change)]


def _invalid(why: str, source: str) -> ImageBase64Error:
    return ImageBase64Error(
        f"invalid base64: {why}.",
        remedy="Encode the image again, or pass its bytes.",
        source=source,
    )


def _unsupported(text: str, head: bytes) -> ImageSourceError:
    """Return the error of an unsupported string, which is quoted only if it cannot be base64."""
    if _STR_OF_BYTES.match(text) and text.rstrip(")")[-1] in "'\"":
        return ImageSourceError(
            "the string is the str() of bytes.",
            remedy="Pass the bytes without str() or an f-string.",
            source="string",
        )
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
        named = re.search(r"[.~:\\ ]", text) is not None and text.isprintable()
        return ImageSourceError(
            "the string looks like a path. Strings are never treated as paths.",
            remedy="Pass pathlib.Path(...), or a complete https:// URL.",
            source=f"string {safe_repr(text)}" if named else "string",
        )
    kind = describe_unknown(head)[0] if head else ""
    return ImageSourceError(
        f"the string is base64 of {kind}."
        if kind and kind != "plain text"
        else "the string is not a URL, a data URL or base64 of an image.",
        remedy=_SUPPORTED,
        source="string",
    )


def _looks_like_path(text: str) -> bool:
    if len(text) > _MAX_PATH or "\n" in text:
        return False
    return bool(_SUFFIX.search(text)) or "/" in text or "\\" in text or text[:1] in "~."
