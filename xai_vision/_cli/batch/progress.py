"""The progress bar of a batch."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from xai_vision._cli.batch.runner import BatchRunner


_REFRESH = 0.2


@contextmanager
def progress(stream: TextIO, total: int, batch: BatchRunner) -> Iterator[None]:
    """Show a progress bar during the block if the stream is a terminal."""
    if not stream.isatty():
        yield
        return
    from xai_vision._cli.terminal import console

    shown = bar(console(stream))
    if shown.console.is_dumb_terminal:
        yield
        return
    task = shown.add_task("", total=total)
    ended = threading.Event()

    def follow() -> None:
        while True:
            done = batch.stats.answered + len(batch.stats.failed)
            shown.update(task, completed=done, description=describe(batch))
            if ended.wait(_REFRESH):
                return

    with shown:
        follower = threading.Thread(target=follow, name="xai-vision-progress", daemon=True)
        follower.start()
        try:
            yield
        finally:
            done = batch.stats.answered + len(batch.stats.failed)
            shown.update(task, completed=done, description=describe(batch))
            ended.set()
            follower.join()


def bar(screen: Console) -> Progress:
    """Create the progress bar."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=screen,
        redirect_stderr=True,
    )


def describe(batch: BatchRunner) -> str:
    """Describe rate, tokens and cost."""
    from xai_vision._cli.report import usd

    tally = batch.stats
    seconds = max(time.monotonic() - tally.started, 0.001)
    parts = [f"{tally.answered / seconds:.1f}/s"]
    parts.append(f"{tally.tokens_in + tally.tokens_out:,} tokens")
    parts.append(usd(tally.cost))
    if tally.failed:
        parts.append(f"{len(tally.failed)} failed")
    if batch.wait_seconds:
        parts.append(f"rate limit: waiting {batch.wait_seconds:.0f} s")
    return " · ".join(parts)
