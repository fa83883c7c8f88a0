"""Images passed as base64 text in any variant."""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from xai_vision.errors._image import ImageBase64Error, ImageEmptyError
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.sniff import HEAD_BYTES, sniff_format
from xai_vision.imaging._image_url import STEP
from xai_vision.imaging._sources import base64
from xai_vision.imaging._sources.base64_blanks import unwrap
from xai_vision.imaging._sources.base64_data import Base64ImageData
from xai_vision.imaging._sources.data import BytesImageData
from xai_vision.imaging._sources.resolved import ResolvedSource

SUPPORTED = "Pass an http(s) URL, a data URL, base64, bytes, or pathlib.Path(...) for a file."
"""The remedy for a string that is not an image."""

_INVALID = re.compile(r"[^A-Za-z0-9+/]")
_URL_SAFE = str.maketrans("-_", "+/")


def decoded_head(text: str) -> bytes:
    """Decode the start of possible base64 text in any variant; return b"" if it is not base64."""
    start = text[: HEAD_BYTES * 2]
    head = _decode_start("".join(start.split()))
    if " " in start and sniff_format(head) is None:  # a blank can be a "+"
        restored = _decode_start(start.strip().replace(" ", "+"))
        return restored if sniff_format(restored) is not None else head
    return head


def _decode_start(text: str) -> bytes:
    text = text.translate(_URL_SAFE).rstrip("=")
    try:
        return base64.decode(text[: len(text) // 4 * 4].encode("ascii"))
    except ValueError:
        return b""


def resolve_base64(text: str, start: int, source: str) -> ResolvedSource:
    """Use the base64 text from ``start`` on; repair it if it is not in canonical form.

    Args:
        text: The text; blanks at its end can be letters.
        start: Where the base64 begins.
        source: The image's name.

    Raises:
        ImageBase64Error: The text is invalid.
        ImageEmptyError: There is no text.
    """
    stripped = text.rstrip(" ")
    size = _decoded_size(stripped, start)
    if size is not None:
        return ResolvedSource(source, Base64ImageData(stripped, start, size))
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


def _repair(text: str, source: str) -> ResolvedSource:
    """Decode base64 that is wrapped, URL-safe, percent-encoded or without padding."""
    repairs = []
    if "%" in text:
        text = unquote_to_bytes(text).decode("latin-1")
        repairs.append("percent-decoded")
    joined, blank_repairs, is_guess = unwrap(text)
    repairs += blank_repairs
    standard = joined.translate(_URL_SAFE)
    if standard != joined:
        repairs.append("replaced the URL-safe alphabet")
    letters = standard.rstrip("=")
    if not letters:
        raise ImageEmptyError("the string has no data.", remedy=SUPPORTED, source=source)
    wrong = _INVALID.search(letters)
    if wrong and "\\" in text:
        raise ImageBase64Error(
            "invalid base64: it contains JSON escapes (backslashes).",
            remedy="Parse the JSON with json.loads() and pass its value.",
            source=source,
        )
    if wrong:
        raise _invalid(
            f"character {wrong.start() + 1:,} of {len(letters):,} is not in the alphabet", source
        )
    if len(letters) % 4 == 1:
        raise _invalid(f"{len(letters):,} characters are an impossible length", source)
    padded = letters + "=" * (-len(letters) % 4)
    if padded != standard:
        repairs.append("corrected padding")
    data = BytesImageData(binascii.a2b_base64(padded))
    change = Change(f"base64 repaired ({', '.join(repairs) or 'cleared unused bits'})")
    return ResolvedSource(source, data, changes=[change], is_guess=is_guess)


def _invalid(why: str, source: str) -> ImageBase64Error:
    return ImageBase64Error(
        f"invalid base64: {why}.",
        remedy="Encode the image again, or pass its bytes.",
        source=source,
    )
