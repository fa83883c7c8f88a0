"""Objects that stand for a protobuf message, and become it when somebody asks.

An image put into a protobuf message is copied several times on its way in and twice more on its
way out. Most programs never look at the message, so ours is built on demand; from then on it is
the truth, because whoever holds it may change it.
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
    """Hold this while what an object holds becomes something else."""
    return _locks[0]


def _renew() -> None:
    # A thread that held it at a fork is not there in the child.
    _locks[0] = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


class ProtoBacked(Generic[P]):
    """Reads, compares and changes like the protobuf message it stands for.

    No abc.ABC: isinstance() of its classes would go through Python for every part of a message.
    """

    __slots__ = ("_proto",)

    # Reading these attributes is answered by the subclass; everything else by the proto.
    _own: ClassVar[frozenset[str]] = frozenset({"_proto"})

    _proto: P | None

    @property
    def proto(self) -> P:
        """The protobuf message itself, built on first use. Changes to it are kept."""
        if self._proto is None:
            with build_lock():
                if self._proto is None:
                    self._proto = self._build()
                    self._drop_source()
        return self._proto

    def _build(self) -> P:
        """Make the message out of what is held."""
        raise NotImplementedError

    def _drop_source(self) -> None:
        """Part from what the message was made of, which it holds now."""

    def _as_proto(self) -> P:
        """The message, for a look: one built for it is not kept."""
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

    __hash__ = None  # type: ignore[assignment]  # a message can change, so it has no hash

    if not TYPE_CHECKING:  # so that a misspelt attribute stays an error in editors

        def __getattr__(self, name: str) -> Any:
            # Copying and pickling probe for special methods before there is a state to answer
            # from; those must not build (or look for) the message.
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
