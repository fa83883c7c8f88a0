"""Checks of the arguments that tests pass.

A wrong type is a ``TypeError`` and a wrong value a ``ValueError``, as in the standard library.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from xai_vision import _validation

_F = TypeVar("_F", bound=Callable[..., Any])

_validator = _validation.Validator(TypeError, ValueError)
boolean = _validator.boolean
check_names = _validator.check_names
enum = _validator.enum
instance = _validator.instance
integer = _validator.integer
mapping = _validator.mapping
number = _validator.number
sequence = _validator.sequence
short_repr = _validation.short_repr
string = _validator.string
strings = _validator.strings


def pluralize(count: int, noun: str) -> str:
    """Return a count and its noun: ``3 calls``, ``1 call``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def suggest_keywords(name: str) -> Callable[[_F], _F]:
    """Decorate a function so that its error for a misspelt keyword suggests the right one.

    Args:
        name: The function in the error: "deferred()".
    """

    def decorate(function: _F) -> _F:
        known = [key for key in inspect.signature(function).parameters if key != "self"]

        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            check_names(name, kwargs, known)
            return function(*args, **kwargs)

        return cast("_F", checked)

    return decorate
