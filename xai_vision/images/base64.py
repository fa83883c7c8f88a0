"""Base64, by pybase64 (SIMD) if it is installed and by the standard library otherwise."""

from __future__ import annotations

import binascii
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

from xai_vision.images.picture import STEP

RAW_STEP = STEP // 4 * 3
"""Raw bytes of which ``STEP`` bytes of text are made; a multiple of 3, so that steps join."""

_ALPHABET = re.compile(rb"[A-Za-z0-9+/]*={0,2}")

encode: Callable[[Buffer], bytes]
decode: Callable[[bytes], bytes]


def _encode(data: Buffer) -> bytes:
    return binascii.b2a_base64(data, newline=False)


def _decode(text: bytes) -> bytes:
    if sys.version_info >= (3, 11):
        return binascii.a2b_base64(text, strict_mode=True)
    if not _ALPHABET.fullmatch(text):
        raise binascii.Error("not base64")
    return binascii.a2b_base64(text)


try:
    import pybase64
except ImportError:
    encode = _encode
    decode = _decode
    fast = False
else:

    def _fast_decode(text: bytes) -> bytes:
        return pybase64.b64decode(text, validate=True)

    encode = pybase64.b64encode
    decode = _fast_decode
    fast = True


def encoded_size(size: int) -> int:
    """How many bytes of text ``size`` raw bytes become, padding included."""
    return (size + 2) // 3 * 4
