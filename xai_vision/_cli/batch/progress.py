"""The progress bar of a batch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
)

from xai_vision._cli.report import UsageTotals, usd
from xai_vision._cli.terminal import progress_console
from xai_vision.bulk import Status

_WIDE = 80
_COUNTING_SECONDS = 1.0


class BatchProgress(Progress):
    """A progress bar that reads the state of a batch each time it is drawn."""

    status: Status | None = None

    def get_renderables(self) -> Iterable[RenderableType]:
        """Update the bar and return it; nothing before there is a state."""
        if self.status is None:
            return ()
        for task in self.tasks:
            # rich would shorten the count as well.
            width = self.console.width - 2 * len(str(task.total)) - 2
            text = describe(self.status)
            text = text if len(text) <= width else f"{text[: width - 1]}\N{HORIZONTAL ELLIPSIS}"
            done, total = self.status.done, self.status.total
            self.update(task.id, completed=done, total=total, description=text)
        return super().get_renderables()


@contextmanager
def progress(stream: TextIO, total: int) -> Iterator[Callable[[Status], object]]:
    """Yield a function that shows the state of a batch, if the stream is a terminal.

    Args:
        stream: The stream.
        total: The number of images.
    """
    screen = progress_console(stream)
    if screen is None:
        yield lambda status: None
        return
    shown = bar(screen)
    shown.add_task("", total=total)

    def show(status: Status) -> None:
        # At the start of a run, the images of earlier runs are not counted yet.
        if status.done or status.seconds > _COUNTING_SECONDS:
            shown.status = status

    with shown:
        yield show


def bar(screen: Console) -> BatchProgress:
    """Create the progress bar; a narrow terminal shows less, but the count always."""
    columns: list[ProgressColumn] = [MofNCompleteColumn(), TextColumn("{task.description}")]
    if screen.width >= _WIDE:
        columns = [BarColumn(bar_width=24), *columns]
    return BatchProgress(*columns, console=screen, redirect_stdout=sys.stdout.isatty())


def totals(status: Status) -> UsageTotals:
    """Return the tokens and the cost of this run."""
    usage = status.usage
    return UsageTotals(
        responses=status.answered,
        input_tokens=usage["prompt_tokens"],
        text_tokens=usage["prompt_text_tokens"],
        image_tokens=usage["prompt_image_tokens"],
        cached_tokens=usage["cached_prompt_text_tokens"],
        output_tokens=usage["completion_tokens"] + usage["reasoning_tokens"],
        reasoning_tokens=usage["reasoning_tokens"],
        cost=None if status.unpriced else status.usd,
    )


def describe(status: Status) -> str:
    """Describe rate, tokens, cost and the time that is left."""
    usage = totals(status)
    rate = status.answered / max(status.seconds, 0.001)
    parts = [
        f"{rate:.1f}/s",
        f"{usage.input_tokens + usage.output_tokens:,} tokens",
        usd(usage.cost),
    ]
    if status.failed:
        parts.append(f"{status.failed} failed")
    if seconds := status.wait_seconds():
        parts.append(f"rate limit: waiting {seconds:.0f} s")
    elif rate and status.total is not None:
        # Images of earlier runs take no time, so that they do not count for the rate.
        minutes, seconds = divmod(round((status.total - status.done) / rate), 60)
        parts.append(f"{minutes}:{seconds:02} left")
    return " · ".join(parts)
