"""The parts of a call as values of JSON, without secrets and without the data of images."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.json_format import MessageToDict

from xai_vision.testing._calls.redaction import redact

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from xai_vision.testing._calls.images import CallImage


# The fields of an MCP tool with the secrets of its server.
_MCP_SECRETS: Final = ("authorization", "headers", "extra_headers")
_HIDDEN: Final = "***"
# The length from which a run of base64 characters counts as data, not as text.
_MIN_RUN: Final = 200
_DATA_URL: Final = re.compile(
    r"(data:[^,\s\"']*);base64,([\w+/-]+={0,2})", re.IGNORECASE | re.ASCII
)
_RUN: Final = re.compile(rf"[\w+/-]{{{_MIN_RUN},}}={{0,2}}", re.ASCII)
_STANDARD_ALPHABET: Final = str.maketrans("-_", "+/")


def message_to_json(message: Message | None) -> Any:
    """Return a proto as a JSON value with the names of its fields; None for None."""
    if message is None:
        return None
    return to_json_value(MessageToDict(message, preserving_proto_field_name=True))


def to_json_value(value: Any, *, is_mcp: bool = False) -> Any:
    """Return a JSON value without secrets, with hashes in place of the data of data URLs.

    Args:
        value: The value. Bytes, as in metadata, become base64.
        is_mcp: Whether the value is an MCP tool, which contains the secrets of its server.
    """
    if isinstance(value, Mapping):
        is_mcp = is_mcp or value.get("type") == "mcp"
        return {
            redact(str(key)): _hide(item)
            if is_mcp and key in _MCP_SECRETS
            else to_json_value(item, is_mcp=key == "mcp")
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [to_json_value(item) for item in value]
    if isinstance(value, bytes):
        return shorten(base64.b64encode(value).decode())
    return shorten(redact(value)) if isinstance(value, str) else value


def _hide(value: Any) -> Any:
    return dict.fromkeys(value, _HIDDEN) if isinstance(value, Mapping) else _HIDDEN


def image_to_json(image: CallImage) -> dict[str, Any]:
    """Return the properties of an image."""
    names = ("sha256", "format", "width", "height", "size", "detail", "source", "tokens", "turn")
    return {name: to_json_value(getattr(image, name)) for name in names}


def shorten(text: str) -> str:
    """Replace the base64 data in a text: data URLs, then long runs such as the data of a file."""
    if len(text) < _MIN_RUN and "," not in text:
        return text
    return _RUN.sub(_hash_run, _DATA_URL.sub(_hash_data_url, text))


def _hash_data_url(found: re.Match[str]) -> str:
    head, data = found.groups()
    try:
        return f"{head};sha256,{_sha256_of(data)}"
    except ValueError:  # not base64; a long run in it is replaced later
        return found[0]


def _hash_run(found: re.Match[str]) -> str:
    run = found[0]
    if not all(re.search(kind, run) for kind in ("[a-z]", "[A-Z]", "[0-9]")):
        return run  # a word, a number or a hash
    try:
        return f"sha256,{_sha256_of(run)}"
    except ValueError:
        return f"sha256,{hashlib.sha256(run.encode()).hexdigest()}"


def _sha256_of(data: str) -> str:
    """Return the hash of the bytes that base64 text, also of its URL form, stands for."""
    decoded = base64.b64decode(data.translate(_STANDARD_ALPHABET), validate=True)
    return hashlib.sha256(decoded).hexdigest()
