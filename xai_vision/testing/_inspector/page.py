"""The HTML of the inspector: one document that loads nothing, with its policy."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from xai_vision.testing._calls.redaction import redact

_SCRIPTS: Final = ("dom.js", "list.js", "call.js", "main.js")
_POLICY: Final = (
    "default-src 'none'; script-src {script}; style-src {style}; img-src {images}; "
    "connect-src {connect}; base-uri 'none'; form-action 'none'"
)


def live_page(nonce: str) -> str:
    """Return the page that loads its calls from the server."""
    return _fill(nonce=f' nonce="{html.escape(nonce)}"')


def live_policy(nonce: str) -> str:
    """Return the Content-Security-Policy of the live page."""
    source = f"'nonce-{nonce}'"
    policy = _POLICY.format(script=source, style=source, images="'self' data:", connect="'self'")
    return f"{policy}; frame-ancestors 'none'"


def static_page(data: Any) -> str:
    """Return a page that contains its calls, for a file.

    Args:
        data: The values of JSON that the page shows; see ``static_view.py``.
    """
    style, script = _style(), _script()
    policy = _POLICY.format(
        script=_hash_source(script), style=_hash_source(style), images="data:", connect="'none'"
    )
    # "<" could end the element, or begin a comment in which its end does not count.
    text = dump(data).replace("<", "\\u003c")
    return _fill(
        policy=f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">',
        data=f'<script type="application/json" id="data">{text}</script>',
    )


def dump(value: Any) -> str:
    """Return a value as JSON without API keys.

    A lone surrogate, which UTF-8 cannot encode, stays an escape.
    """
    return redact(json.dumps(value, ensure_ascii=True, separators=(",", ":")))


def _fill(policy: str = "", nonce: str = "", data: str = "") -> str:
    values = {"policy": policy, "nonce": nonce, "style": _style(), "script": _script()}
    text = _read("page.html")
    for name, value in values.items():
        text = text.replace(f"[[{name}]]", value)
    # Last: the data may contain the name of another place.
    return text.replace("[[data]]", data)


@cache
def _style() -> str:
    return _read("page.css")


@cache
def _script() -> str:
    return "".join(map(_read, _SCRIPTS))


def _read(name: str) -> str:
    return (files("xai_vision.testing._inspector") / "static" / name).read_text(encoding="utf-8")


def _hash_source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
