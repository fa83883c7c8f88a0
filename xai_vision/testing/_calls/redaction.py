"""Redaction of API keys in the parts of a call that are shown: metadata, repr and messages.

The text of a prompt is stored unchanged, because tests compare it. It is redacted when shown.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable

# All keys from new_key() have this form. Keys that tests supply are registered.
_PREFIX = "xai-fake-"
_KEY = re.compile(rf"{_PREFIX}[0-9a-f]{{64}}")
_REPLACEMENT = "***"
# Signs the keys of this process, so that it recognizes all of them without a list.
_SECRET = secrets.token_bytes(32)
# Shorter keys may be ordinary words in a text.
_MIN_LENGTH = 8
# Keys supplied by tests, longest first, as one may contain another.
_registered: list[tuple[str, ...]] = [()]


def new_key() -> str:
    """Generate an API key that only a fake server accepts."""
    number = secrets.token_hex(16)
    return f"{_PREFIX}{number}{_signature(number)}"


def is_generated(key: str) -> bool:
    """Return whether ``new_key`` generated a key, in any process."""
    return bool(_KEY.fullmatch(key))


def is_from_this_process(key: str) -> bool:
    """Return whether ``new_key`` generated a key in this process."""
    number = key[len(_PREFIX) : -32]
    return is_generated(key) and hmac.compare_digest(key[-32:], _signature(number))


def _signature(number: str) -> str:
    return hmac.new(_SECRET, number.encode(), hashlib.sha256).hexdigest()[:32]


def register_key(key: object, name: str = "api_key") -> str:
    """Check an API key or a token supplied by a test, and redact it from now on.

    A key of fewer than 8 characters is only redacted in the metadata that it is sent with.

    Args:
        key: The key.
        name: The argument's name, for errors.

    Raises:
        TypeError: The key is not a str.
        ValueError: The key is empty, or has characters that metadata cannot contain.
    """
    if not isinstance(key, str):
        raise TypeError(f"{name} must be a str, not {type(key).__name__}")
    if not (key.isascii() and key.isprintable() and key.split() == [key]):
        raise ValueError(f"{name} must be printable ASCII without spaces, and not empty")
    if len(key) >= _MIN_LENGTH:
        # In JSON and in a repr some characters have escapes.
        forms = {key, json.dumps(key)[1:-1], repr(key)[1:-1]}
        _registered[0] = tuple(sorted({*forms, *_registered[0]}, key=len, reverse=True))
    return key


def redact(text: str, secret: str = "") -> str:
    """Return ``text`` without API keys.

    Args:
        text: Any text.
        secret: Another string to remove. A short one is removed only as a whole word.
    """
    text = _without(text, secret)
    for key in _registered[0]:
        text = text.replace(key, _REPLACEMENT)
    return _KEY.sub(_REPLACEMENT, text) if _PREFIX in text else text


def _without(text: str, secret: str) -> str:
    if len(secret) >= _MIN_LENGTH:
        return text.replace(secret, _REPLACEMENT)
    if not secret or secret not in text:
        return text
    return re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", _REPLACEMENT, text)


def redact_bytes(data: bytes, secret: str = "") -> bytes:
    """Return ``data`` without API keys; see ``redact``."""
    # Latin-1 maps each byte to one character and back.
    return redact(data.decode("latin-1"), secret).encode("latin-1")


def redact_metadata(
    metadata: Iterable[tuple[str, str | bytes]], authorization: str | None
) -> tuple[tuple[str, str | bytes], ...]:
    """Return metadata without API keys in any value.

    Args:
        metadata: Pairs (key, value).
        authorization: The value of the authorization header.
    """
    secret = (authorization or "").rpartition(" ")[2]

    def redacted(key: str, value: str | bytes) -> str | bytes:
        if key == "authorization":
            return f"Bearer {_REPLACEMENT}"
        if isinstance(value, bytes):
            return redact_bytes(value, secret)
        return redact(value, secret)

    return tuple((key, redacted(key, value)) for key, value in metadata)
