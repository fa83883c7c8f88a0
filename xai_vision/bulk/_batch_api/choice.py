"""Decide between calls and batches, for ``via="auto"``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xai_vision.bulk._row import Via

BATCH_SECONDS: Final = 24 * 3600.0
"""Most batches finish within this time (documented)."""
_FEW_ROWS: Final = 100
"""Fewer rows than these are answered within a minute by calls."""


def choose(rows: int | None, deadline: float | None) -> Via:
    """Choose how rows are asked.

    Whether the service accepts a model in batches is known when a batch is filled: a sender of
    batches raises BadRequestError then, before a row was accepted.

    Args:
        rows: The number of rows; None if it is not known.
        deadline: The seconds in which all rows must be answered; None if they can wait.
    """
    if rows is not None and rows < _FEW_ROWS:
        return "now"
    return "now" if deadline is not None and deadline < BATCH_SECONDS else "batch"
