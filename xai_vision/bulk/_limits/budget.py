"""The budget of a job: the most that its requests can cost is reserved before they are sent."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from pathlib import Path

from xai_vision.bulk._errors import LedgerError
from xai_vision.bulk._ledger.append_file import AppendFile
from xai_vision.bulk._status import Stopped

TICKS_PER_USD = 10**10


def to_ticks(usd: float) -> int:
    """Return US dollars in the service's unit, rounded up."""
    # A price is a number of ticks; the small amount removes the error of the division.
    return math.ceil(usd * TICKS_PER_USD - 1e-3)


class LocalBudget:
    """Keeps US dollars and tokens below their limits. A limit of None is no limit.

    Args:
        max_usd: The largest spend in US dollars.
        max_tokens: The largest number of tokens.
        usd: The spend of earlier runs.
        tokens: The tokens of earlier runs.
        journal: The file in which reservations are written before they are used. A process that is
            killed leaves those of its unfinished requests there, which may have been paid for. The
            spends of ``keep()`` stay there.

    Attributes:
        in_usd: Whether there is a limit in US dollars.
        exhausted_by: The limit for which the last reservation was refused.
    """

    def __init__(
        self,
        max_usd: float | None,
        max_tokens: int | None,
        *,
        usd: float = 0.0,
        tokens: int = 0,
        journal: Path | None = None,
    ) -> None:
        self.in_usd = max_usd is not None
        self.exhausted_by: Stopped = "max_usd"
        self._limits = (
            math.inf if max_usd is None else math.floor(max_usd * TICKS_PER_USD),
            math.inf if max_tokens is None else max_tokens,
        )
        self._spent = [to_ticks(usd), tokens]
        self._reserved = [0, 0]
        self._open = 0  # requests with a reservation
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._journal: AppendFile | None = None
        self._unfinished = [0, 0]
        if journal is not None and (max_usd is not None or max_tokens is not None):
            self._unfinished = _read(journal)
            self._journal = AppendFile(journal)
            self._rewrite()

    def _used(self) -> list[int]:
        parts = (self._spent, self._reserved, self._unfinished)
        return [sum(values) for values in zip(*parts, strict=True)]

    async def reserve(self, usd: float, tokens: int, *, wait: bool) -> bool:
        """Reserve the most that a request can cost; see ``Budget``."""
        amount = (to_ticks(usd), tokens)
        while not self._fits(amount):
            if not wait or not self._open:
                self.exhausted_by = self._first_limit(amount)
                return False
            change = asyncio.get_running_loop().create_future()
            self._waiting.append(change)
            await change
        self._write("+", amount)
        self._add(self._reserved, amount)
        self._open += 1
        return True

    async def adopt(self, usd: float, tokens: int) -> None:
        """Take over the reservation of a request that an earlier run has sent."""
        amount = (to_ticks(usd), tokens)
        for index in (0, 1):
            known = min(amount[index], self._unfinished[index])
            self._unfinished[index] -= known
            self._reserved[index] += amount[index]
        self._open += 1

    async def keep(self, usd: float, tokens: int) -> None:
        """Count a spend that is in no ledger, in this run and in later ones."""
        amount = (to_ticks(usd), tokens)
        self._write("+", amount)
        self._add(self._unfinished, amount)

    async def settle(
        self, reserved_usd: float, reserved_tokens: int, usd: float, tokens: int
    ) -> None:
        """Replace a reservation by what the request cost."""
        reserved = (to_ticks(reserved_usd), reserved_tokens)
        self._add(self._reserved, reserved, -1)
        self._add(self._spent, (to_ticks(usd), tokens))
        self._write("-", reserved)
        self._open -= 1
        waiting, self._waiting = self._waiting, deque()
        for change in waiting:
            if not change.done():
                change.set_result(None)

    def close(self) -> None:
        """Close the journal. It is removed if the ledger has the whole spend."""
        if self._journal is None:
            return
        path = self._journal.path
        for index in (0, 1):  # what was cancelled while it was sent
            self._unfinished[index] += self._reserved[index]
        self._rewrite()
        self._journal.close()
        self._journal = None
        if path is not None and not any(self._unfinished):
            path.unlink(missing_ok=True)

    def _fits(self, amount: tuple[int, int]) -> bool:
        return all(self._within(amount, index) for index in (0, 1))

    def _first_limit(self, amount: tuple[int, int]) -> Stopped:
        return "max_tokens" if self._within(amount, 0) else "max_usd"

    def _within(self, amount: tuple[int, int], index: int) -> bool:
        return not amount[index] or self._used()[index] + amount[index] <= self._limits[index]

    @staticmethod
    def _add(total: list[int], amount: tuple[int, int], sign: int = 1) -> None:
        for index in (0, 1):
            total[index] += sign * amount[index]

    def _write(self, sign: str, amount: tuple[int, int]) -> None:
        if self._journal is not None:
            self._journal.append(f"{sign} {amount[0]} {amount[1]}\n".encode())

    def _rewrite(self) -> None:
        if self._journal is not None:
            # The old lines stay until the sum of them is written.
            start = self._journal.end
            sums = f"= {self._unfinished[0]} {self._unfinished[1]}\n"
            self._journal.append(sums.encode())
            if start > 1_000_000:
                self._journal.truncate(0)
                self._journal.append(sums.encode())


def _read(path: Path) -> list[int]:
    """Return the reservations in a journal that were not settled."""
    total = [0, 0]
    if not path.exists():
        return total
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            sign, ticks, tokens = line.split()
            amounts = (int(ticks), int(tokens))
        except ValueError:
            raise LedgerError(
                f"{path} is not the budget of a job. It was not changed. Remove it, if the "
                "requests of the last run have ended"
            ) from None
        if sign == b"=":
            total = [0, 0]
        for index in (0, 1):
            total[index] += -amounts[index] if sign == b"-" else amounts[index]
    return [max(0, value) for value in total]
