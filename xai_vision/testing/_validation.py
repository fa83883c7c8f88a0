"""Checks of the arguments that tests pass.

A wrong type is a ``TypeError`` and a wrong value a ``ValueError``, as in the standard library.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from xai_vision import _validation
from xai_vision.testing._calls.redaction import redact

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
string = _validator.string
strings = _validator.strings


class _Redacted:
    """A value whose repr has no API key."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __repr__(self) -> str:
        try:
            return redact(repr(self._value))
        except Exception:  # noqa: BLE001 - the repr of a foreign class may raise anything
            return f"a {type(self._value).__name__}"


def short_repr(value: object, max_length: int = 80) -> str:
    """Return a shortened ``repr`` for a message, without the data of a data URL and without keys.

    Keys are removed before the text is cut, because a pattern does not match half a key.

    Args:
        value: The value.
        max_length: The largest number of characters.
    """
    if isinstance(value, str):
        value = redact(value)
    elif not isinstance(value, int):
        value = _Redacted(value)
    return _validation.short_repr(value, max_length)


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
