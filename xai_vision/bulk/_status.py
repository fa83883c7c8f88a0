"""The state and the result of a job."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from xai_vision.bulk._row import Outcome

Stopped: TypeAlias = Literal["max_usd", "max_tokens", "max_failures"]


@dataclass
class Status:
    """What a run has done so far, for a progress bar.

    Attributes:
        total: The number of rows of the source; None if it is not known.
        earlier: The rows that had an answer before this run, as far as the source was read, and
            rows that the source has twice.
        answered: The rows that this run answered, including those that share an answer.
        failed: The rows that failed in this run.
        shared: The rows that this run answered with the answer of an equal row.
        usd: The known price of this run in US dollars.
        unpriced: The answers of this run without a known price.
        needed_usd: What the row can cost that the budget did not cover; None if it covered all.
        usage: The token counts of this run by name.
        first_error: The error of the first row that failed; None if none has.
        repaired: Whether an incomplete line of a run that was killed was removed from the ledger.
        started: When the run began, by ``time.monotonic()``.
        wait_seconds: Returns the seconds until the service accepts requests again.
    """

    total: int | None = None
    earlier: int = 0
    answered: int = 0
    failed: int = 0
    shared: int = 0
    usd: float = 0.0
    unpriced: int = 0
    needed_usd: float | None = None
    usage: Counter[str] = field(default_factory=Counter)
    first_error: Exception | None = None
    repaired: bool = False
    started: float = field(default_factory=time.monotonic)
    wait_seconds: Callable[[], float] = lambda: 0.0

    @property
    def done(self) -> int:
        """The rows that need nothing more in this run, on the scale of ``total``."""
        return self.earlier + self.answered + self.failed

    @property
    def seconds(self) -> float:
        """The seconds since the run began."""
        return time.monotonic() - self.started

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        if not outcome.ok:
            self.failed += 1
        else:
            self.answered += 1
            self.shared += not outcome.attempts
        if outcome.response_id is not None and outcome.attempts:
            self.usage.update(outcome.usage)
            self.usd += outcome.usd or 0.0
            self.unpriced += outcome.usd is None


@dataclass(frozen=True)
class Result:
    """What a run did. ``print(result)`` prints it in a line.

    Attributes:
        answered: The rows with an answer, including those of earlier runs.
        failed: The rows that failed in this run, and those of all runs whose answer does not match
            the schema; ``job.failed()`` has them with the reason.
        earlier: The rows that had an answer before this run; see ``Status.earlier``.
        usd: The known price of all answers in US dollars, including those of earlier runs.
        usage: The token counts of this run by name.
        stopped: The limit that ended the run before its last row; None if all rows were asked.
        seconds: The duration of this run.
        path: The file with the results; None without one.
        status: The last state of this run.
    """

    answered: int
    failed: int
    earlier: int
    usd: float
    usage: dict[str, int]
    stopped: Stopped | None
    seconds: float
    path: Path | None
    status: Status = field(repr=False)

    def __str__(self) -> str:
        parts = [f"{self.answered:,} rows answered"]
        if self.earlier:
            parts[0] += f" ({self.earlier:,} by earlier runs)"
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self.stopped:
            parts.append(f"stopped by {self.stopped}")
            if self.status.needed_usd is not None:
                parts[-1] += f" (the next row can cost up to ${self.status.needed_usd:,.4f})"
        parts.append(f"${self.usd:,.4f}")
        if self.path is not None:
            parts.append(f"results in {self.path}")
        return " · ".join(parts)
