"""Checks of what a test hands in: refused where it is said, in words that name what and why.

``where`` is what to call a value in an error, such as ``Reply: ttft``. Of a wrong kind it is a
TypeError, of a wrong value a ValueError.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from xai_vision import _validation as checks
from xai_vision.openai_compat._values import meant

__all__ = [
    "choice",
    "flag",
    "instance",
    "mapping",
    "named",
    "number",
    "sequence",
    "shown",
    "spelled",
    "text",
    "texts",
    "unknown",
    "whole",
]

_T = TypeVar("_T")
_F = TypeVar("_F", bound=Callable[..., Any])


def shown(value: Any, most: int = 60) -> str:
    """A value for a message, not too long."""
    return checks.shown(value, most)


def instance(where: str, value: Any, kinds: type | tuple[type, ...], words: str) -> None:
    """A value of a type.

    Raises:
        TypeError: It is not; the error says that ``words`` were wanted.
    """
    if not isinstance(value, kinds):
        raise TypeError(f"{where} must be {words}, not {shown(value)}")


def whole(where: str, value: Any, low: int | None, high: int | None = None) -> int:
    """A whole number from ``low`` to ``high``, both taken; None is no bound."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{where} must be a whole number, not {shown(value)}")
    found = int(value.__index__())
    if (low is not None and found < low) or (high is not None and found > high):
        span = f"{low} or more" if high is None else f"from {low} to {high}"
        raise ValueError(f"{where} must be {span}, not {found}")
    return found


def number(where: str, value: Any, *, above: bool = False, high: float = math.inf) -> float:
    """A number of 0 or more that is finite.

    Args:
        where: What to call it.
        value: The number.
        above: Whether it must be more than 0.
        high: The largest one that is taken.
    """
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        raise TypeError(f"{where} must be a number, not {shown(value)}")
    found = float(value)
    if not (found > 0 if above else found >= 0) or found > high or math.isinf(found):
        least = "more than 0" if above else "0 or more"
        span = f"{least}, and finite" if math.isinf(high) else f"between 0 and {high:,.10g}"
        raise ValueError(f"{where} must be {span}, not {shown(value)}")
    return found


def flag(where: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{where} must be True or False, not {shown(value)}")
    return value


def text(where: str, value: Any) -> str:
    """A text that has a form in UTF-8, as all that is sent must."""
    if not isinstance(value, str):
        hint = ": call .decode() on it" if isinstance(value, bytes) else ""
        raise TypeError(f"{where} must be a str, not {type(value).__name__}{hint}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{where} holds a lone surrogate (half of a character), which cannot be sent"
        ) from None
    return value


def texts(where: str, value: Any) -> tuple[str, ...]:
    """Several texts; a single one is refused, which would be taken apart into letters."""
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{where} must be several, in a list: [{shown(value)}]")
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise TypeError(f"{where} must be a list of str, not {shown(value)}")
    return tuple(text(f"{where}[{place}]", one) for place, one in enumerate(value))


def sequence(where: str, value: Any, kind: type | tuple[type, ...], words: str) -> None:
    """Several values of a type, in a list or tuple; ``words`` name several of them."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise TypeError(f"{where} must be a list of {words}, not {shown(value)}")
    for place, one in enumerate(value):
        instance(f"{where}[{place}]", one, kind, f"one of {words}")


def mapping(where: str, value: Any) -> Mapping[str, Any]:
    """A dict, or what is like one, with texts as keys."""
    instance(where, value, Mapping, "a mapping (a dict)")
    for key in value:
        instance(f"a key of {where}", key, str, "a str")
    found: Mapping[str, Any] = value
    return found


def choice(where: str, value: Any, allowed: Iterable[str]) -> str:
    """One of a few words."""
    words = list(allowed)
    if isinstance(value, str) and value in words:
        return value
    error = ValueError if isinstance(value, str) else TypeError
    near = meant(value, words)
    listed = near or f": one of {', '.join(map(repr, words))}"
    raise error(f"{where} cannot be {shown(value)}{listed}")


def unknown(where: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Names that all must be known.

    Raises:
        TypeError: One is not; the error has the nearest that is, or all of them.
    """
    there = list(known)
    for name in names:
        if name not in there:
            near = meant(name, there)
            listed = near or f"; there are {', '.join(there)}"
            raise TypeError(f"{where} has no {name!r}{listed}")


def spelled(where: str) -> Callable[[type[_T]], type[_T]]:
    """Have a class say of a misspelt argument by name which one may have been meant."""

    def decorate(cls: type[_T]) -> type[_T]:
        cls.__init__ = named(where)(cls.__init__)  # type: ignore[method-assign]
        return cls

    return decorate


def named(where: str) -> Callable[[_F], _F]:
    """The same for a function whose arguments all are explicit."""

    def decorate(function: _F) -> _F:
        known = [name for name in inspect.signature(function).parameters if name != "self"]

        @functools.wraps(function)
        def checked(*args: Any, **given: Any) -> Any:
            unknown(where, given, known)
            return function(*args, **given)

        return cast("_F", checked)

    return decorate
