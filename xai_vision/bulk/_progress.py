"""The progress of a run: a line in a terminal, a bar in a notebook, or a function of the caller."""

from __future__ import annotations

import asyncio
import importlib
import sys
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from html import escape
from typing import Any, TypeAlias

from xai_vision import _validation as checks
from xai_vision.bulk._status import Status
from xai_vision.errors import InvalidRequestError

Progress: TypeAlias = "bool | Callable[[Status], object]"

_INTERVAL = 0.2
# A log gets a line only now and then.
_LOG_INTERVAL = 30.0


@asynccontextmanager
async def show_progress(progress: Progress, status: Status) -> AsyncIterator[None]:
    """Show the status during the block.

    An error of the function at its first call ends the run before anything is sent. A later one
    ends the display, but not the run.

    Raises:
        InvalidRequestError: ``progress`` is neither a bool nor a function.
    """
    if progress is False:
        yield
        return
    if progress is not True and not callable(progress):
        raise InvalidRequestError(
            f"progress must be True, False or a function, not {checks.short_repr(progress)}"
        )
    show, interval = _display() if progress is True else (progress, _INTERVAL)
    show(status)
    ticker = asyncio.create_task(_tick(show, status, interval))
    try:
        yield
    finally:
        ticker.cancel()
        (error,) = await asyncio.gather(ticker, return_exceptions=True)
        try:
            if isinstance(error, Exception):
                raise error
            show(status)
        except Exception as raised:  # noqa: BLE001 - the function may raise anything
            warnings.warn(f"progress: the display ended with {raised!r}", stacklevel=1)
        if progress is True and sys.stderr.isatty():
            sys.stderr.write("\n")


async def _tick(show: Callable[[Status], object], status: Status, interval: float) -> None:
    while True:
        await asyncio.sleep(interval)
        show(status)


def describe(status: Status) -> str:
    """Describe the state of a run in a line."""
    total = "" if status.total is None else f" of {status.total:,}"
    parts = [f"{status.done:,}{total} rows", f"{rate(status):,.1f}/s"]
    if status.usd or not status.unpriced:
        parts.append(f"${status.usd:,.2f}")
    if status.failed:
        parts.append(f"{status.failed:,} failed")
    if seconds := status.wait_seconds():
        parts.append(f"rate limit: waiting {seconds:.0f} s")
    return " · ".join(parts)


def rate(status: Status) -> float:
    """Return the rows that this run has answered in a second."""
    return status.answered / max(status.seconds, 1e-3)


def _display() -> tuple[Callable[[Status], object], float]:
    """Return a function that shows the status, and the seconds between its calls."""
    if "ipykernel" in sys.modules:
        return _notebook_bar(), _INTERVAL
    if sys.stderr.isatty():
        return _write_line, _INTERVAL
    return lambda status: print(describe(status), file=sys.stderr, flush=True), _LOG_INTERVAL


def _write_line(status: Status) -> None:
    sys.stderr.write(f"\r{describe(status)}\x1b[K")
    sys.stderr.flush()


def _notebook_bar() -> Callable[[Status], object]:
    # IPython runs the notebook, so it is installed.
    display = importlib.import_module("IPython.display").display

    handle: Any = None

    def show(status: Status) -> None:
        nonlocal handle
        text = describe(status)
        limits = "" if status.total is None else f' max="{status.total}" value="{status.done}"'
        data = {
            "text/plain": text,
            "text/html": f"<progress{limits}></progress> {escape(text)}",
        }
        if handle is None:
            handle = display(data, raw=True, display_id=True)
        else:
            handle.update(data, raw=True)

    return show
