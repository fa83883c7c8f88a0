"""``-v``: the library's log records on stderr."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from xai_vision._cli.terminal import print_note

if TYPE_CHECKING:
    import logging

_LEVELS = ("warning", "info", "debug")


def _print_records(ctx: click.Context, _: click.Parameter, count: int) -> int:
    """Print the records during the command, above its progress bar."""
    name = os.environ.get("XAI_VISION_LOG", "").strip().lower()
    requested = _LEVELS.index(name) if name in _LEVELS else 0
    level = max(min(count, 2), requested)
    if ctx.resilient_parsing or not (count or name in _LEVELS):
        return count  # the library reports an invalid name
    _add_handler(ctx, _LEVELS[level])
    # The library would print the records a second time.
    os.environ.pop("XAI_VISION_LOG", None)
    return count


def _add_handler(ctx: click.Context, level: str) -> None:
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            print_note(f"{record.levelname.lower()}: {record.getMessage()}")

    logger: logging.Logger = logging.getLogger("xai_vision")
    handler = Handler()
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    ctx.call_on_close(lambda: logger.removeHandler(handler))


verbose_option = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_print_records,
    help="Print retries to stderr; -vv prints each attempt too.",
)
