"""The progress bar of a batch."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from xai_vision._cli.report import usd
from xai_vision._cli.terminal import progress_console

if TYPE_CHECKING:
    from xai_vision._cli.batch.runner import BatchRunner


_WIDE = 80


class BatchProgress(Progress):
    """A progress bar that reads the state of a batch each time it is drawn."""

    batch: BatchRunner | None = None
    before = 0  # images that earlier runs have done

    def get_renderables(self) -> Iterable[RenderableType]:
        """Update the bar and return it."""
        if self.batch is not None:
            done = self.before + self.batch.stats.usage.responses + len(self.batch.stats.failed)
            for task in self.tasks:
                # rich would shorten the count as well.
                width = self.console.width - 2 * len(str(task.total)) - 2
                text = describe(self.batch)
                text = text if len(text) <= width else f"{text[: width - 1]}\N{HORIZONTAL ELLIPSIS}"
                self.update(task.id, completed=done, description=text)
        return super().get_renderables()


@contextmanager
def progress(stream: TextIO, total: int, batch: BatchRunner, before: int = 0) -> Iterator[None]:
    """Show a progress bar during the block if the stream is a terminal."""
    screen = progress_console(stream)
    if screen is None:
        yield
        return
    shown = bar(screen)
    shown.batch, shown.before = batch, before
    shown.add_task("", total=before + total)
    with shown:
        yield


def bar(screen: Console) -> BatchProgress:
    """Create the progress bar; a narrow terminal shows less, but the count always."""
    columns: list[ProgressColumn] = [MofNCompleteColumn(), TextColumn("{task.description}")]
    if screen.width >= _WIDE:
        columns = [BarColumn(bar_width=24), *columns]
        columns += [TimeRemainingColumn(compact=True), TextColumn("left")]
    return BatchProgress(*columns, console=screen, redirect_stdout=sys.stdout.isatty())


def describe(batch: BatchRunner) -> str:
    """Describe rate, tokens and cost."""
    stats = batch.stats
    usage = stats.usage
    seconds = max(time.monotonic() - stats.started, 0.001)
    parts = [
        f"{usage.responses / seconds:.1f}/s",
        f"{usage.input_tokens + usage.output_tokens:,} tokens",
        usd(usage.cost),
    ]
    if stats.failed:
        parts.append(f"{len(stats.failed)} failed")
    if seconds := batch.limiter.wait_seconds:
        parts.append(f"rate limit: waiting {seconds:.0f} s")
    return " · ".join(parts)
