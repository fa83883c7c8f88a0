"""Pictures given as strings: web addresses, data URLs, base64. Never opened as files."""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes, urlsplit

from xai_vision.errors._image import ImageBase64Error, ImageEmptyError, ImageSourceError
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.sniff import HEAD_BYTES, sniff_format, describe_unknown
from xai_vision.imaging._image_url import STEP
from xai_vision.imaging._limits import quoted
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
    """Tell what kind of string this is, and hold what it stands for.

    Raises:
        ImageSourceError: It is a path, an address of another kind, or nothing known.
        ImageBase64Error: Its base64 is broken.
        ImageEmptyError: There is nothing in it.
    """
    text = text.strip()
    if not text:
        raise ImageEmptyError("The string is empty.", remedy=_SUPPORTED, source="string")
    if not text.isascii():
        _check_encodes(text)
    start = text[:8].lower()
    if start.startswith(("http://", "https://")):
        return ResolvedSource("URL", address=_checked_address(text))
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
            "The string holds half a character (a lone surrogate), which cannot be sent.",
            remedy="Decode it with the right encoding.",
            source="string",
        ) from None


def _checked_address(text: str) -> str:
    try:
        host = urlsplit(text).hostname
    except ValueError:
        host = None
    if not host:
        raise ImageSourceError("The URL names no host.", remedy="Check it.", source="URL")
    if _CONTROL.search(text):
        raise ImageSourceError(
            "The URL has spaces or control characters in it.",
            remedy="Percent-encode them: urllib.parse.quote().",
            source="URL",
        )
    return text


def _data_url(text: str) -> ResolvedSource:
    comma = text.find(",", 0, _MAX_LABEL)
    if comma < 0:
        raise ImageSourceError(
            "The data URL has no comma between its label and its data.",
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
        changes.append(Change("the data URL's missing ';base64' put in"))
        return ResolvedSource("data URL", content, media_type=label, changes=changes)
    changes = [Change("percent-encoded data URL rewritten in base64")]
    return ResolvedSource("data URL", BytesImageData(data), media_type=label, changes=changes)


def decoded_head(text: str) -> bytes:
    """Decode the start of what may be base64, in any of its spellings; empty if it is not."""
    head = "".join(text[: HEAD_BYTES * 2].split()).translate(_URL_SAFE).rstrip("=")
    try:
        return base64.decode(head[: len(head) // 4 * 4].encode("ascii"))
    except ValueError:
        return b""


def base64_content(
    text: str, start: int, source: str
) -> tuple[BytesImageData | Base64ImageData, list[Change]]:
    """Hold the base64 text that begins at ``start``: as it is if it is sound, mended if it can be.

    Raises:
        ImageBase64Error: It is broken.
        ImageEmptyError: There is none.
    """
    size = _decoded_size(text, start)
    if size is not None:
        return Base64ImageData(text, start, size), []
    return _repair(text[start:], source)


def _decoded_size(text: str, start: int) -> int | None:
    """Check base64 text in one pass; the size it stands for, or None if it needs mending."""
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
    # The last letter may hold bits that no byte uses; strict decoders want them to be zero.
    end = text[-4:].encode("ascii")
    if base64.encode(base64.decode(end)) != end:
        return None
    return length // 4 * 3 - text[-2:].count("=")


def _repair(text: str, source: str) -> tuple[BytesImageData, list[Change]]:
    """Decode base64 that is wrapped, URL-safe, percent-encoded or without padding."""
    repairs = []
    if "%" in text:
        text = unquote_to_bytes(text).decode("latin-1")
        repairs.append("percent-encoding resolved")
    joined = "".join(text.split())
    if len(joined) != len(text):
        repairs.append("line breaks taken out")
    standard = joined.translate(_URL_SAFE)
    if standard != joined:
        repairs.append("URL-safe letters replaced")
    letters = standard.rstrip("=")
    if not letters:
        raise ImageEmptyError("There is no data in it.", remedy=_SUPPORTED, source=source)
    if wrong := _INVALID.search(letters):
        raise _invalid(f"character {wrong.start() + 1:,} of {len(letters):,} is none of it", source)
    if len(letters) % 4 == 1:
        raise _invalid(f"{len(letters):,} characters are one too few or too many", source)
    padded = letters + "=" * (-len(letters) % 4)
    if padded != standard:
        repairs.append("padding put right")
    data = binascii.a2b_base64(padded)
    what = f"base64 rewritten ({', '.join(repairs) or 'unused bits cleared'})"
    return BytesImageData(data), [Change(what)]


def _invalid(why: str, source: str) -> ImageBase64Error:
    return ImageBase64Error(
        f"The base64 text is broken: {why}.",
        remedy="Encode the picture again; or pass its bytes, which are encoded here.",
        source=source,
    )


def _unsupported(text: str, head: bytes) -> ImageSourceError:
    """Say what a string is that is no picture; it is quoted only if it cannot be base64."""
    if _STR_OF_BYTES.match(text) and text.rstrip(")")[-1] in "'\"":
        return ImageSourceError(
            "The string is what str() makes of bytes, not the bytes.",
            remedy="Pass the bytes themselves, without str() or an f-string.",
            source="string",
        )
    scheme = _SCHEME.match(text)
    if scheme and scheme.end() > 2:  # one letter is a drive of Windows
        name = scheme[0].rstrip(":").lower()
        remedy = "Pass pathlib.Path(...)." if name == "file" else "Download it and pass its bytes."
        return ImageSourceError(
            f"An address of the kind {name[:20]}: is not taken; only http and https are.",
            remedy=remedy,
            source="string",
        )
    if _looks_like_path(text):
        named = re.search(r"[.~:\\ ]", text) is not None and text.isprintable()
        return ImageSourceError(
            "It looks like a path, and a string is never opened as a file.",
            remedy="Pass pathlib.Path(...) of it, or a full https:// address.",
            source=f"string {quoted(text)}" if named else "string",
        )
    what = describe_unknown(head)[0] if head else ""
    return ImageSourceError(
        f"The string is the base64 of something else: {what}."
        if what and what != "plain text"
        else "The string is neither a URL, a data URL nor the base64 of a picture.",
        remedy=_SUPPORTED,
        source="string",
    )


def _looks_like_path(text: str) -> bool:
    if len(text) > _MAX_PATH or "\n" in text:
        return False
    return bool(_SUFFIX.search(text)) or "/" in text or "\\" in text or text[:1] in "~."
