"""Taking API keys out of what the log keeps, wherever a client put them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

__all__ = ["hidden", "hidden_bytes", "new_key", "own_key", "redacted"]

# The form of every key made here; one a test brings along is known when it is used as the key.
_PREFIX = "xai-fake-"
_KEY = re.compile(rf"{_PREFIX}[0-9a-f]{{64}}")
_KEY_BYTES = re.compile(_KEY.pattern.encode())
_SHOWN = "***"


def new_key() -> str:
    """Make an API key that looks like one and opens nothing but a fake."""
    return f"{_PREFIX}{secrets.token_hex(32)}"


def own_key(key: object) -> str:
    """A key that a test brings along: one that can be sent.

    Raises:
        TypeError: It is no str.
        ValueError: It is empty, or has characters that metadata cannot have.
    """
    if not isinstance(key, str):
        raise TypeError(f"api_key must be a str, not {type(key).__name__}")
    if not (key.isascii() and key.isprintable() and key.split() == [key]):
        raise ValueError("api_key must be printable ASCII characters without spaces, and some")
    return key


def hidden(text: str, secret: str = "") -> str:
    """A text without keys, and without ``secret``."""
    text = text.replace(secret, _SHOWN) if secret else text
    return _KEY.sub(_SHOWN, text) if _PREFIX in text else text


def hidden_bytes(data: bytes, secret: str = "") -> bytes:
    """The same for bytes."""
    data = data.replace(secret.encode(), _SHOWN.encode()) if secret else data
    return _KEY_BYTES.sub(_SHOWN.encode(), data)


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
