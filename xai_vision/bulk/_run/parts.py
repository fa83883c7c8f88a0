"""The parts of a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from xai_vision.bulk._ledger.ledger import Ledger
from xai_vision.bulk._protocols import Budget, Limiter
from xai_vision.bulk._row import Outcome, Via
from xai_vision.bulk._run.failures import FailurePolicy
from xai_vision.bulk._run.question import Question

OnOutcome = Callable[[Outcome], Awaitable[None]]


@dataclass(frozen=True)
class Parts:
    """What a run is made of.

    Attributes:
        question: What is asked.
        ledger: Where it is recorded.
        limiter: Decides when requests are sent.
        budget: Keeps the spend below its limits; None if there are none.
        failures: Decides which failures end the run.
        dedupe: Whether rows with the same content share an answer.
        via: How rows are asked.
    """

    question: Question
    ledger: Ledger
    limiter: Limiter
    budget: Budget | None
    failures: FailurePolicy
    dedupe: bool
    via: Via
