"""The parts of a call as values of JSON, without secrets and without the data of images."""

from __future__ import annotations

import base64
import hashlib
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
        return base64.b64encode(value).decode()
    return _shorten_data_url(redact(value)) if isinstance(value, str) else value


def _hide(value: Any) -> Any:
    return dict.fromkeys(value, _HIDDEN) if isinstance(value, Mapping) else _HIDDEN


def image_to_json(image: CallImage) -> dict[str, Any]:
    """Return the properties of an image."""
    names = ("sha256", "format", "width", "height", "size", "detail", "source", "tokens", "turn")
    return {name: to_json_value(getattr(image, name)) for name in names}


def _shorten_data_url(text: str) -> str:
    head, comma, data = text.partition(",")
    if text[:5].lower() != "data:" or not comma or not head.lower().endswith(";base64"):
        return text
    try:
        decoded = base64.b64decode(data, validate=True)
    except ValueError:  # not base64, or shortened already
        return text
    return f"{head[:-7]};sha256,{hashlib.sha256(decoded).hexdigest()}"
