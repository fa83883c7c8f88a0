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


def keywords_only(name: str, example: str, positional: int = 0) -> Callable[[_F], _F]:
    """Decorate a method so that its error for a positional argument shows a keyword.

    Args:
        name: The method in the error: "on()".
        example: A keyword with its value.
        positional: The number of positional arguments that the method accepts.
    """

    def decorate(method: _F) -> _F:
        @functools.wraps(method)
        def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
            if len(args) > positional:
                raise TypeError(
                    f"{name} does not accept {short_repr(args[positional])} without a name. Use a "
                    f"keyword, such as {example}"
                )
            return method(self, *args, **kwargs)

        return cast("_F", checked)

    return decorate


def sync_function(label: str, function: Any) -> None:
    """Refuse a coroutine function, which would return a coroutine instead of a result.

    Raises:
        TypeError: The function is async.
    """
    call = getattr(function, "__call__", function)  # noqa: B004 - an object may have an async one
    kinds = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    if any(is_async(item) for is_async in kinds for item in (function, call)):
        raise TypeError(
            f"{label} must be an ordinary function, not the async function "
            f"{getattr(function, '__name__', short_repr(function))}. It runs on a thread of the "
            "server: to use the event loop of the test in it, call "
            "asyncio.run_coroutine_threadsafe(..., loop).result()"
        )


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
