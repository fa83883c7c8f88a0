"""Report the progress of an upload, in the form that the caller's callback has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, runtime_checkable

from xai_vision._validation import short_repr
from xai_vision.errors import InvalidRequestError


@runtime_checkable
class ProgressBarLike(Protocol):
    """A progress bar such as tqdm's: ``update`` adds a number of bytes."""

    def update(self, n: int, /) -> Any:
        """Add ``n`` bytes."""
        ...


ProgressCallback: TypeAlias = (
    "ProgressBarLike | Callable[[int, int | None], Any] | Callable[[int], Any]"
)
"""A progress bar, a function of (bytes sent so far, total or None), or a function of the bytes sent
since its last call."""


def reporter(on_progress: Any, total: int | None) -> Callable[[int], None] | None:
    """Return a function that reports the number of bytes sent so far in an attempt.

    A repeated attempt reports nothing until it has sent more than the attempts before, so that the
    progress never goes back, and the steps add up to the size.

    Args:
        on_progress: The caller's callback; None returns None.
        total: The number of bytes to send, if known.

    Raises:
        InvalidRequestError: ``on_progress`` has none of the three forms.
    """
    if on_progress is None:
        return None
    report = _report(on_progress, total)
    reported = 0

    def on_taken(sent: int) -> None:
        nonlocal reported
        step = sent - reported
        if step > 0:
            reported = sent
            report(step, sent)

    return on_taken


def _report(on_progress: Any, total: int | None) -> Callable[[int, int], object]:
    update = getattr(on_progress, "update", None)
    function = update if callable(update) else on_progress
    check_callback("on_progress", function, "a progress bar, f(sent, total) or f(step)")
    if callable(update) or not _accepts(on_progress, 2):
        if not _accepts(function, 1):
            raise InvalidRequestError(
                "on_progress must accept (sent, total) or (step); "
                f"{short_repr(on_progress)} accepts neither"
            )
        return lambda step, sent: function(step)
    return lambda step, sent: on_progress(sent, total)


def check_callback(name: str, function: Any, expected: str) -> None:
    """Check that a callback is a plain function.

    Raises:
        InvalidRequestError: It cannot be called, or it is a coroutine function, whose result
            nothing would await.
    """
    if not callable(function):
        raise InvalidRequestError(f"{name} must be {expected}, not {short_repr(function)}")
    if inspect.iscoroutinefunction(function):
        raise InvalidRequestError(
            f"{name} must be a plain function, not a coroutine function. "
            "Use asyncio.create_task() in it"
        )


def _accepts(function: Any, count: int) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a function in C without a signature
        return True
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True
