"""The actor that keeps the rate and the budget of all actors of a job."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from xai_vision.bulk._errors import LedgerLockedError
from xai_vision.bulk._ledger.ledger import read_outcomes
from xai_vision.bulk._limits.budget import LocalBudget
from xai_vision.bulk._limits.limiter import AdaptiveLimiter, Limit

_SILENCE: Final = 60.0
"""Seconds after which a worker that does not report is taken for dead."""

_PATIENCE: Final = 30.0
"""Seconds that a run waits for the end of another one. Workers report more often."""


@dataclass(frozen=True)
class Terms:
    """The limits of a job.

    Attributes:
        concurrency: The concurrent requests of all workers.
        patience: See ``AdaptiveLimiter``.
        limit: A rate that is never exceeded.
        max_usd: The largest spend in US dollars, earlier runs included.
        max_tokens: The largest number of tokens, earlier runs included.
    """

    concurrency: int
    patience: float
    limit: Limit | None
    max_usd: float | None
    max_tokens: int | None

    @property
    def budgeted(self) -> bool:
        """Whether there is a budget."""
        return self.max_usd is not None or self.max_tokens is not None


@dataclass
class _Worker:
    """What a worker holds.

    Attributes:
        calls: The number of requests that it sends.
        reserved: The money and tokens that are reserved for them.
        last_report: When it was alive.
    """

    calls: int = 0
    reserved: list[tuple[float, int]] = field(default_factory=list)
    last_report: float = field(default_factory=time.monotonic)


class Coordinator:
    """Hosts the limiter and the budget, and knows the ledgers of earlier runs.

    It runs as one actor of Ray for each folder of ledgers. The slots of a worker that does not
    report are free again. Its reservations are kept, because its requests may have been paid for.

    Args:
        folder: The folder of the ledgers.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._run = ""
        self._workers: dict[str, _Worker] = {}
        self._ledgers: list[str] = []
        self._ledger_of: dict[str, int] = {}
        self._budget: LocalBudget | None = None

    async def begin(self, run: str, terms: Terms) -> None:
        """Begin a run, unless it has begun, with what is in the ledgers now.

        Raises:
            LedgerLockedError: Another run is in progress.
        """
        end = time.monotonic() + _PATIENCE
        while run != self._run and self._is_busy():
            if time.monotonic() > end:
                raise LedgerLockedError(
                    f"{self._folder} is used by another dataset that is being computed. Wait for "
                    "its end, or use another ledger"
                )
            await asyncio.sleep(0.5)
        if run == self._run:
            return
        if self._budget is not None:
            self._budget.close()  # what is reserved still counts, in its journal
        self._workers.clear()
        self._limiter = AdaptiveLimiter(terms.concurrency, terms.patience, terms.limit)
        usd, tokens = self._read()
        journal = self._folder / "budget"
        self._budget = LocalBudget(
            terms.max_usd, terms.max_tokens, usd=usd, tokens=tokens, journal=journal
        )
        self._run = run

    def _is_busy(self) -> bool:
        """Return whether workers of the present run send requests.

        Ray ends the workers of a dataset that is not consumed to its end; they report no more.
        """
        alive = time.monotonic() - _PATIENCE / 2
        return any(
            (worker.calls or worker.reserved) and worker.last_report > alive
            for worker in self._workers.values()
        )

    async def call(self, run: str, method: str, *arguments: Any) -> tuple[bool, Any]:
        """Call a method for a run.

        Returns:
            Whether the run has begun, and the result. After a restart of this actor it has not.
        """
        if run != self._run:
            return False, None
        return True, await getattr(self, method)(*arguments)

    def _read(self) -> tuple[float, int]:
        """Index the ledgers; return what their answers cost."""
        self._ledgers, self._ledger_of = [], {}
        paid: dict[int, tuple[float, int]] = {}
        for path in sorted(self._folder.glob("*.jsonl")):
            if path.name.endswith(".failed.jsonl"):
                continue
            self._ledgers.append(path.name)
            for outcome in read_outcomes(path):
                self._ledger_of[outcome.id] = len(self._ledgers) - 1
                if outcome.response_id is not None and outcome.attempts:
                    # A line that was copied to another ledger was paid for once.
                    price = outcome.usd or 0.0, outcome.usage.get("total_tokens", 0)
                    paid[hash(outcome.response_id)] = price
        costs = list(paid.values())
        return sum(usd for usd, _ in costs), sum(tokens for _, tokens in costs)

    # --- workers ---

    async def join(self, worker: str) -> None:
        """Register a worker. One with the same name has died."""
        await self._bury(worker)
        self._workers[worker] = _Worker()

    async def report(self, worker: str) -> None:
        """Note that a worker is alive; find those that are not."""
        now = time.monotonic()
        self._of(worker).last_report = now
        for name, other in list(self._workers.items()):
            if now - other.last_report > _SILENCE:
                await self._bury(name)

    async def _bury(self, worker: str) -> None:
        dead = self._workers.pop(worker, None)
        if dead is None:
            return
        for _ in range(dead.calls):
            await self._limiter.answered(0)
        for usd, tokens in dead.reserved:
            await self._money.keep(usd, tokens)
            await self._money.settle(usd, tokens, 0.0, 0)

    def _of(self, worker: str) -> _Worker:
        # After a restart of this actor the workers are not known.
        return self._workers.setdefault(worker, _Worker())

    # --- ledgers ---

    async def ledgers_with(self, ids: list[str], own: str) -> list[str]:
        """Return the names of the ledgers of earlier runs with these rows, except ``own``."""
        numbers = {self._ledger_of[name] for name in ids if name in self._ledger_of}
        return [
            name for name in (self._ledgers[number] for number in sorted(numbers)) if name != own
        ]

    # --- the rate ---

    async def acquire(self, worker: str, tokens: int, ended: list[int]) -> None:
        """Report the ends of requests, and wait until another one may be sent."""
        await self.answered(worker, ended)
        await self._limiter.acquire(tokens)
        self._of(worker).calls += 1

    async def answered(self, worker: str, ended: list[int]) -> None:
        """Report the ends of requests, by their unexpected tokens; see ``Limiter``."""
        for more in ended:
            if self._end_call(worker):
                await self._limiter.answered(more)

    async def refused(self, worker: str, retry_after: float | None) -> bool:
        """Report a rate limit; return whether to go on."""
        return not self._end_call(worker) or await self._limiter.refused(retry_after)

    def _end_call(self, worker: str) -> bool:
        """Return whether the worker held a slot; after a restart of this actor it does not."""
        state = self._of(worker)
        if not state.calls:
            return False
        state.calls -= 1
        return True

    # --- the budget ---

    @property
    def _money(self) -> LocalBudget:
        assert self._budget is not None  # noqa: S101 - the run has begun
        return self._budget

    async def reserve(self, worker: str, usd: float, tokens: int, wait: bool) -> bool:
        """Reserve the most that a request can cost."""
        reserved = await self._money.reserve(usd, tokens, wait=wait)
        if reserved:
            self._of(worker).reserved.append((usd, tokens))
        return reserved

    async def settle(
        self, worker: str, reserved: tuple[float, int], spent: tuple[float, int]
    ) -> None:
        """Replace a reservation by what the request cost."""
        held = self._of(worker).reserved
        if reserved in held:
            held.remove(reserved)
        await self._money.settle(*reserved, *spent)

    async def adopt(self, worker: str, usd: float, tokens: int) -> None:
        """Take over the reservation of a request that an earlier run has sent."""
        self._of(worker).reserved.append((usd, tokens))
        await self._money.adopt(usd, tokens)

    async def keep(self, usd: float, tokens: int) -> None:
        """Count a spend that is in no ledger."""
        await self._money.keep(usd, tokens)

    async def exhausted_by(self) -> str:
        """Return the limit that is nearest."""
        return self._money.exhausted_by
