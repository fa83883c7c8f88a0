"""Known mistakes in strings, which errors name with their remedy."""

from __future__ import annotations

import re
from typing import NamedTuple

from xai_vision.imaging._formats.sniff import HEAD_BYTES, sniff_format
from xai_vision.imaging._sources.base64_text import decoded_head


class Slip(NamedTuple):
    """A known mistake.

    Attributes:
        reason: What is wrong with "the string" or "the data URL".
        remedy: What to do.
    """

    reason: str
    remedy: str


_STR_OF_BYTES = re.compile(r"(?:bytearray\()?b['\"]")
_CUT_PREFIX = re.compile(r"(?:[a-z]+/[\w.+-]+)?;?base64,", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:[nrt]|u000[aAdD])?")
_MARKDOWN = re.compile(r"!?\[[^\]]*\]\(.*\)$", re.DOTALL)
_TAG = re.compile(r"<(?:img|source|image|a)\s", re.IGNORECASE)
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"
_BOM_AS_LATIN_1 = "\xef\xbb\xbf"
_QUOTES = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019"}
_NOTHING = ("undefined", "null", "none", "nan", "[object object]")

_PARSE_JSON = "Parse the JSON with json.loads() and pass its value."
_TWICE = "Encode the image only once, or pass its bytes."


def find_slip(text: str) -> Slip | None:
    """Find a known mistake in a string that is not a URL, a data URL or base64 of an image."""
    if text[0] in _INVISIBLE or text.startswith(_BOM_AS_LATIN_1):
        return _invisible_start(text)
    if _STR_OF_BYTES.match(text) and text.rstrip(")")[-1] in "'\"":
        return Slip("is the str() of bytes.", "Pass the bytes without str() or an f-string.")
    if len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        return Slip("has quotes around it.", f"Remove the quotes. {_PARSE_JSON}")
    if text[0] == "<" and text[-1] == ">" and _starts_like_an_image(text[1:]):
        return Slip("is a URL in angle brackets.", "Remove the < and >.")
    if _TAG.match(text):
        return Slip("is an HTML tag.", "Pass the value of its src attribute.")
    if _MARKDOWN.match(text):
        return Slip("is a Markdown link.", "Pass the URL between the parentheses.")
    if "\\" in text and _starts_like_an_image(_ESCAPE.sub("", text[: 2 * HEAD_BYTES])):
        return Slip("contains JSON escapes (backslashes).", _PARSE_JSON)
    if match := _CUT_PREFIX.match(text):
        missing = "data:" if match[0][0] not in ";bB" else "data:image/jpeg;"
        return Slip(
            "looks like a data URL without its start.", f"Put {missing} in front of the string."
        )
    if is_encoded_image(decoded_head(text)):
        return Slip("is base64 of base64: the image was encoded twice.", _TWICE)
    if _is_hexadecimal_image(text):
        return Slip("is hexadecimal.", "Pass bytes.fromhex(text).")
    return None


def _invisible_start(text: str) -> Slip:
    letter = "\ufeff" if text.startswith(_BOM_AS_LATIN_1) else text[0]
    if letter == "\ufeff":
        return Slip(
            "starts with a byte order mark (U+FEFF).",
            "Remove it: read the text with the encoding 'utf-8-sig'.",
        )
    code = f"U+{ord(letter):04X}"
    return Slip(f"starts with an invisible character ({code}).", "Remove it.")


def find_data_url_slip(label: str, text: str) -> Slip | None:
    """Find a known mistake in a data URL.

    Args:
        label: The data URL up to its comma.
        text: The start of its data.
    """
    text = text.lstrip()
    lower = text[:20].lower()
    if not text:
        return None
    if "\\" in label or text[:2] == "\\/":
        return Slip("contains JSON escapes (backslashes).", _PARSE_JSON)
    if _STR_OF_BYTES.match(text):
        return Slip(
            "contains the str() of bytes.",
            "Decode the base64 before formatting it: base64.b64encode(data).decode().",
        )
    if lower.startswith("data:") or _CUT_PREFIX.match(text):
        return Slip(
            "has its prefix twice.", "Put a prefix like data:image/jpeg;base64, in front only once."
        )
    if lower.startswith(("http://", "https://")):
        return Slip("contains a URL instead of data.", "Pass the URL itself.")
    if text[0] in _QUOTES:
        return Slip("has quotes around its data.", "Remove the quotes.")
    if text[0] in _INVISIBLE or text.startswith(_BOM_AS_LATIN_1):
        return _invisible_start(text)
    if text.strip().lower() in _NOTHING:
        return Slip(f"contains {text.strip()!r} instead of data.", "Check the value's source.")
    if is_encoded_image(decoded_head(text)):
        return Slip("has base64 of base64: the image was encoded twice.", _TWICE)
    return None


def is_encoded_image(data: bytes) -> bool:
    """Return whether bytes are the text of an image: a data URL, or base64."""
    if data[:5].lower() == b"data:":
        return True
    return data.isascii() and sniff_format(decoded_head(data.decode("ascii"))) is not None


def _starts_like_an_image(text: str) -> bool:
    start = text[:8].lower()
    if start.startswith(("http://", "https://", "data:")):
        return True
    return sniff_format(decoded_head(text)) is not None


def _is_hexadecimal_image(text: str) -> bool:
    try:
        return sniff_format(bytes.fromhex(text[: 2 * HEAD_BYTES])) is not None
    except ValueError:
        return False
