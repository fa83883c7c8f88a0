"""Convert messages of other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["adopt"]

_M = TypeVar("_M", bound="Message")


def adopt(message: Message, cls: type[_M]) -> _M:
    """Return ``message`` as an instance of ``cls``.

    An instance of ``cls`` is returned as it is. A message of the same name from another descriptor
    pool (a message of xai_sdk, or protobuf's own ``Timestamp``) is parsed again from its bytes,
    which keeps fields that this package's definition does not have yet.

    Raises:
        TypeError: ``message`` is not such a message.
    """
    if isinstance(message, cls):
        return message
    expected = cls.DESCRIPTOR.full_name
    name = getattr(getattr(message, "DESCRIPTOR", None), "full_name", None)
    if name is None or isinstance(message, type):
        raise TypeError(f"expected a {expected} message, got {message!r:.80}")
    if name != expected:
        raise TypeError(f"expected a {expected} message, got a {name}")
    return cls.FromString(message.SerializeToString())
