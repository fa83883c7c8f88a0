"""Encrypted content: what only the service can read again. The fake's is not encrypted."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

_MARK = "fake-"


def encode(what: dict[str, Any]) -> str:
    """Make an opaque text of ``what``, which is JSON."""
    packed = zlib.compress(json.dumps(what, sort_keys=True).encode())
    return _MARK + base64.urlsafe_b64encode(packed).decode()


def decode(text: str) -> dict[str, Any]:
    """Read an opaque text of ours again; {} for anyone else's, which nobody here can read."""
    if not text.startswith(_MARK):
        return {}
    try:
        found = json.loads(zlib.decompress(base64.urlsafe_b64decode(text[len(_MARK) :])))
    except (ValueError, zlib.error):
        return {}
    return found if isinstance(found, dict) else {}
