"""Content that clients send back unread. The fake's is encoded but not encrypted."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

_PREFIX = "fake-"


def encode(content: dict[str, Any]) -> str:
    """Encode JSON values as an opaque string."""
    compressed = zlib.compress(json.dumps(content, sort_keys=True).encode())
    return _PREFIX + base64.urlsafe_b64encode(compressed).decode()


def decode(text: str) -> dict[str, Any]:
    """Decode a string of ``encode``. The result of any other string is empty."""
    if not text.startswith(_PREFIX):
        return {}
    try:
        compressed = base64.urlsafe_b64decode(text.removeprefix(_PREFIX))
        content = json.loads(zlib.decompress(compressed))
    except (ValueError, RecursionError, zlib.error):
        return {}
    return content if isinstance(content, dict) else {}
