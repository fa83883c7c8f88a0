"""The bar a batch shows where there is a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from xai_vision._cli.batch.runner import Batch

__all__ = ["bar", "describe", "progress"]

_REFRESH = 0.2


@contextmanager
def progress(stream: TextIO, total: int, batch: Batch) -> Iterator[None]:
    """Show how far a batch is, while it runs; nothing where nobody watches."""
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
            done = batch.tally.answered + len(batch.tally.failed)
            shown.update(task, completed=done, description=describe(batch))
            if ended.wait(_REFRESH):
                return

    with shown:
        follower = threading.Thread(target=follow, name="xai-vision-progress", daemon=True)
        follower.start()
        try:
            yield
        finally:
            done = batch.tally.answered + len(batch.tally.failed)
            shown.update(task, completed=done, description=describe(batch))
            ended.set()
            follower.join()


def bar(screen: Console) -> Progress:
    """A bar with what has come, what it cost, and the time left."""
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


def describe(batch: Batch) -> str:
    """Rate, tokens and cost."""
    from xai_vision._cli.report import usd

    tally = batch.tally
    seconds = max(time.monotonic() - tally.began, 0.001)
    parts = [f"{tally.answered / seconds:.1f}/s"]
    parts.append(f"{tally.tokens_in + tally.tokens_out:,} tokens")
    parts.append(usd(tally.cost))
    if tally.failed:
        parts.append(f"{len(tally.failed)} failed")
    if batch.waits:
        parts.append(f"rate limit: waiting {batch.waits:.0f} s")
    return " · ".join(parts)
