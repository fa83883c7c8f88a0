"""The progress bar of a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from xai_vision._cli.report import UsageTotals, usd
from xai_vision._cli.terminal import progress_console
from xai_vision.bulk import Status


@contextmanager
def progress(stream: TextIO) -> Iterator[Callable[[Status], object]]:
    """Yield a function that shows the state of a batch, if the stream is a terminal."""
    screen = progress_console(stream)
    if screen is None:
        yield lambda status: None
        return
    with bar(screen) as shown:
        task = shown.add_task("", total=None)
        yield lambda status: shown.update(
            task, total=status.total, completed=status.done, description=describe(status)
        )


def bar(screen: Console) -> Progress:
    """Create the progress bar."""
    return Progress(
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        console=screen,
        redirect_stderr=True,
    )


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
