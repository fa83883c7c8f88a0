"""Base64 by pybase64 (SIMD) if it is installed, otherwise by the standard library."""

from __future__ import annotations

import binascii
import string
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

from xai_vision.imaging._image_url import STEP

RAW_STEP = STEP // 4 * 3
"""Raw bytes that encode to ``STEP`` bytes of text; a multiple of 3, so that steps can be joined."""

_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()

encode: Callable[[Buffer], bytes]
"""Encode bytes as base64 text."""

decode: Callable[[bytes], bytes]
"""Decode base64 text strictly; an invalid character or padding is a ValueError."""

is_valid: Callable[[bytes], bool]
"""Whether text is valid base64; checked without decoding where that is faster."""


def _encode(data: Buffer) -> bytes:
    return binascii.b2a_base64(data, newline=False)


def _decode(text: bytes) -> bytes:
    if not _is_valid(text):
        raise binascii.Error("not base64")
    return binascii.a2b_base64(text)


def _is_valid(text: bytes) -> bool:
    letters = text.rstrip(b"=")
    padding = len(text) - len(letters)
    return len(text) % 4 == 0 and padding <= 2 and not letters.translate(None, _ALPHABET)


try:
    import pybase64
except ImportError:
    encode = _encode
    decode = _decode
    is_valid = _is_valid
    fast = False
else:

    def _fast_decode(text: bytes) -> bytes:
        return pybase64.b64decode(text, validate=True)

    encode = pybase64.b64encode

    def _fast_is_valid(text: bytes) -> bool:
        try:
            _fast_decode(text)
        except ValueError:
            return False
        return True

    decode = _fast_decode
    is_valid = _fast_is_valid
    fast = True


def encoded_size(size: int) -> int:
    """Return the length of the text of ``size`` raw bytes, with padding."""
    return (size + 2) // 3 * 4
