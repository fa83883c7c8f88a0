"""Objects that represent a protobuf message and build it on demand.

protobuf copies an image several times when it is set and twice when it is serialized. Most programs
never read the message, so it is built on first use. From then on it is authoritative, because the
program can change it.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from google.protobuf.message import Message as ProtoMessage

from xai_vision.proto._convert import adopt

P = TypeVar("P", bound=ProtoMessage)

_locks = [threading.RLock()]


def build_lock() -> threading.RLock:
    """Return the lock that guards the replacement of an object's content."""
    return _locks[0]


def _renew() -> None:
    # The thread that held the lock at a fork does not exist in the child.
    _locks[0] = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


class ProtoBacked(Generic[P]):
    """Behaves like the protobuf message that it represents.

    Not an abc.ABC, because isinstance() would then be slow for every part of a message.
    """

    __slots__ = ("_proto",)

    # The subclass has these attributes; the proto has all others.
    _own: ClassVar[frozenset[str]] = frozenset({"_proto"})

    _proto: P | None

    @property
    def proto(self) -> P:
        """The protobuf message, built on first use. Changes to it are kept."""
        if self._proto is None:
            with build_lock():
                if self._proto is None:
                    self._proto = self._build()
                    self._drop_source()
        return self._proto

    def _build(self) -> P:
        """Build the message."""
        raise NotImplementedError

    def _drop_source(self) -> None:
        """Release the source of the message once it is built."""

    def _as_proto(self) -> P:
        """Return the proto for reading; a temporary one is not cached."""
        return self._build() if self._proto is None else self._proto

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ProtoBacked):
            other = other._as_proto()
        if not isinstance(other, ProtoMessage):
            return NotImplemented
        mine = self._as_proto()
        if other.DESCRIPTOR.full_name != mine.DESCRIPTOR.full_name:
            return False
        return bool(adopt(other, type(mine)) == mine)

    __hash__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # messages are mutable

    if not TYPE_CHECKING:  # type checkers report unknown attributes

        def __getattr__(self, name: str) -> Any:
            # Copying and pickling look up special methods before the state exists, which must not
            # build the message.
            if name.startswith("__") or name in type(self)._own:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return getattr(self.proto, name)

        def __setattr__(self, name: str, value: Any) -> None:
            if name in type(self)._own:
                object.__setattr__(self, name, value)
            else:
                setattr(self.proto, name, value)

    def __str__(self) -> str:
        return str(self._as_proto())
