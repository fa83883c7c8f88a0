"""Taking in messages that were built elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["adopt"]

_M = TypeVar("_M", bound="Message")


def adopt(message: Message, cls: type[_M]) -> _M:
    """Return ``message`` as a ``cls`` of this package.

    A message that is one already comes back itself. One of the same name from another
    descriptor pool (built by xai_sdk, or protobuf's own ``Timestamp``) is parsed anew from its
    bytes, which keeps fields that our contract does not know yet.

    Raises:
        TypeError: ``message`` is something else.
    """
    if isinstance(message, cls):
        return message
    wanted = cls.DESCRIPTOR.full_name
    found = getattr(getattr(message, "DESCRIPTOR", None), "full_name", None)
    if found is None or isinstance(message, type):
        raise TypeError(f"expected a {wanted} message, got {message!r:.80}")
    if found != wanted:
        raise TypeError(f"expected a {wanted} message, got a {found}")
    return cls.FromString(message.SerializeToString())
