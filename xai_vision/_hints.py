"""Hints for misspelled names, and for names that other SDKs use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar


def unexpected_argument(
    function: str, name: str, known: Iterable[str], renamed: Mapping[str, str]
) -> TypeError:
    """Make the error for an unknown keyword argument.

    Args:
        function: The function as callers write it, such as "Client()".
        name: The unknown argument.
        known: The arguments of the function.
        renamed: Names of other SDKs, and what to write instead.
    """
    hint = _hint(name, known, renamed)
    return TypeError(f"{function} got an unexpected keyword argument {name!r}{hint}")


class HintsAttributes:
    """A base class whose AttributeError suggests what to write instead."""

    __slots__ = ()

    _renamed: ClassVar[Mapping[str, str]] = {}
    """Names of other SDKs, and what to write instead."""

    # Type checkers must not take this for any attribute.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            inherited = getattr(super(), "__getattr__", None)
            if inherited is not None:
                return inherited(name)
            if hasattr(type(self), name):
                # A property raised the AttributeError; read it again to raise that one.
                return object.__getattribute__(self, name)
            public = [known for known in dir(self) if not known.startswith("_")]
            hint = "" if name.startswith("_") else _hint(name, public, self._renamed)
            message = f"{type(self).__name__!r} object has no attribute {name!r}{hint}"
            # With name= and obj=, a traceback would show Python's own hint too.
            raise AttributeError(message)


def _hint(name: str, known: Iterable[str], renamed: Mapping[str, str]) -> str:
    from xai_vision._validation import did_you_mean  # on use: only errors need it

    return f"; use {renamed[name]}" if name in renamed else did_you_mean(name, known)
