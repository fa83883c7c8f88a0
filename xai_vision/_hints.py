"""Hints for misspelled names, and for names that other SDKs use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xai_vision._validation import did_you_mean


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
    hint = f"; use {renamed[name]}" if name in renamed else did_you_mean(name, known)
    return TypeError(f"{function} got an unexpected keyword argument {name!r}{hint}")


def missing_attribute(instance: object, name: str, renamed: Mapping[str, str]) -> AttributeError:
    """Make the error for an unknown attribute; call it from ``__getattr__``.

    Args:
        instance: The object that lacks the attribute.
        name: The attribute.
        renamed: Names of other SDKs, and what to write instead.
    """
    hint = ""
    if not name.startswith("_"):
        public = (known for known in dir(type(instance)) if not known.startswith("_"))
        hint = f"; use {renamed[name]}" if name in renamed else did_you_mean(name, public)
    return AttributeError(
        f"{type(instance).__name__!r} object has no attribute {name!r}{hint}",
        name=name,
        obj=instance,
    )
