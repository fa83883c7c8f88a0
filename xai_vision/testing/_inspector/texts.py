"""Texts that the inspector shows: without keys, and cut to a length."""

from __future__ import annotations

from typing import Any, Final

from xai_vision.testing._calls.json_form import to_json_value
from xai_vision.testing._calls.redaction import redact

MAX_TEXT: Final = 100_000
"""The number of characters after which the live page cuts a text."""

# The length of a list, such as the messages of a conversation or its chunks.
_MAX_ITEMS: Final = 5_000


def shown(text: str, limit: int) -> str:
    """Return a text without keys and image data, cut to ``limit`` characters.

    It is redacted before it is cut: a pattern does not match half a key.
    """
    return _cut_text(str(to_json_value(text)), limit)


def cut(value: Any, limit: int) -> Any:
    """Return a JSON value with each text cut to ``limit`` characters, and with long lists cut."""
    if isinstance(value, str):
        return _cut_text(value, limit)
    if isinstance(value, list):
        return [cut(item, limit) for item in value[:_MAX_ITEMS]]
    if isinstance(value, dict):
        return {_cut_text(key, limit): cut(item, limit) for key, item in value.items()}
    return value


def _cut_text(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… {len(text) - limit:,} more characters"


def contains_key(text: str) -> bool:
    """Return whether a text contains an API key."""
    return redact(text) != text
