"""Taking API keys out of what is shown of a call: its metadata, repr, messages and explanations.

What a client says in a prompt is kept as it is, for tests look at that: there a key is hidden
when it is shown, not when it is kept.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

__all__ = ["hidden", "hidden_bytes", "new_key", "own_key", "redacted"]

# The form of every key made here; those that tests bring along are remembered.
_PREFIX = "xai-fake-"
_KEY = re.compile(rf"{_PREFIX}[0-9a-f]{{64}}")
_SHOWN = "***"
# Shorter ones are words that texts may have for other reasons.
_LEAST = 8
# Own ones, the longest first: one may be in another.
_own: list[tuple[str, ...]] = [()]


def new_key() -> str:
    """Make an API key that looks like one and opens nothing but a fake."""
    return f"{_PREFIX}{secrets.token_hex(32)}"


def own_key(key: object) -> str:
    """A key that a test brings along: one that can be sent. It is hidden from now on.

    One of fewer than 8 characters is hidden only where it was sent as the key.

    Raises:
        TypeError: It is no str.
        ValueError: It is empty, or has characters that metadata cannot have.
    """
    if not isinstance(key, str):
        raise TypeError(f"api_key must be a str, not {type(key).__name__}")
    if not (key.isascii() and key.isprintable() and key.split() == [key]):
        raise ValueError("api_key must be printable ASCII characters without spaces, and some")
    if len(key) >= _LEAST:
        _own[0] = tuple(sorted({key, *_own[0]}, key=len, reverse=True))
    return key


def hidden(text: str, secret: str = "") -> str:
    """A text without keys, and without ``secret``; a short one only where it is a word."""
    text = _without(text, secret)
    for key in _own[0]:
        text = text.replace(key, _SHOWN)
    return _KEY.sub(_SHOWN, text) if _PREFIX in text else text


def _without(text: str, secret: str) -> str:
    if len(secret) >= _LEAST:
        return text.replace(secret, _SHOWN)
    if not secret or secret not in text:
        return text
    return re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", _SHOWN, text)


def hidden_bytes(data: bytes, secret: str = "") -> bytes:
    """The same for bytes."""
    # Each byte has its place among the first 256 characters, and comes back from there.
    return hidden(data.decode("latin-1"), secret).encode("latin-1")


def redacted(
    metadata: Iterable[tuple[str, str | bytes]], authorization: str | None
) -> tuple[tuple[str, str | bytes], ...]:
    """Metadata for the log: without keys, wherever in it they stand."""
    secret = (authorization or "").rpartition(" ")[2]

    def shown(key: str, value: str | bytes) -> str | bytes:
        if key == "authorization":
            return f"Bearer {_SHOWN}"
        if isinstance(value, bytes):
            return hidden_bytes(value, secret)
        return hidden(value, secret)

    return tuple((key, shown(key, value)) for key, value in metadata)
