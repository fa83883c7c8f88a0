"""How many bytes a call takes up in the log, its pictures apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from xai_vision.testing._calls.record import Call

__all__ = ["weigh"]

# The object itself with what is always there; measured, and rounded up.
_CALL = 2_048


def weigh(call: Call) -> int:
    """Bytes of all that a call holds, as it would go over the wire: near enough for a limit."""
    messages: tuple[Message | None, ...] = (call.request, call.response)
    return (
        _CALL
        + len(call.prompt)
        + len(call.details)
        + sum(len(key) + len(value) for key, value in call.metadata)
        + sum(message.ByteSize() for message in messages if message is not None)
        + _json(call.body)
    )


def _json(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(str(key)) + _json(one) for key, one in value.items())
    if isinstance(value, list):
        return sum(map(_json, value)) + 8 * len(value)
    return 8
