"""Progress bars on stderr that vanish when they end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xai_vision._cli.terminal import progress_console

if TYPE_CHECKING:
    from rich.progress import Progress

    from xai_vision.proto import batch_pb2


@contextmanager
def progress_bars(columns: Callable[[], tuple[Any, ...]]) -> Iterator[Progress | None]:
    """Yield progress bars; None if stderr is not a terminal that can redraw.

    Args:
        columns: Returns the columns. It is called on use, because rich is slow to import.
    """
    screen = progress_console(sys.stderr)
    if screen is None:
        yield None
        return
    from rich.progress import Progress

    # rich would write what goes to a redirected stdout to the terminal.
    with Progress(
        *columns(), console=screen, transient=True, redirect_stdout=sys.stdout.isatty()
    ) as bars:
        yield bars


@contextmanager
def batch_progress() -> Iterator[Callable[[batch_pb2.Batch], None] | None]:
    """Yield the callback of a progress bar; None off a terminal."""
    with progress_bars(_batch_columns) as bars:
        if bars is None:
            yield None
            return
        task = bars.add_task("", total=None)

        def on_progress(batch: batch_pb2.Batch) -> None:
            state = batch.state
            failed = f"{state.num_error} failed" if state.num_error else ""
            done = state.num_requests - state.num_pending
            bars.update(task, total=state.num_requests, completed=done, description=failed)

        yield on_progress


def _batch_columns() -> tuple[Any, ...]:
    from rich import progress

    return (
        progress.BarColumn(bar_width=24),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.description}"),
    )
