"""The rate and the budget of a job, as its workers see them: they are in another process."""

from __future__ import annotations

import asyncio
from typing import Any, Final

_REPORT_DELAY: Final = 0.05
"""Seconds after which the end of a request is reported, if no other request is sent before."""


class SharedLimiter:
    """A limiter in another process.

    Args:
        call: Calls a method of the coordinator: its name, then the arguments.
        worker: The name of this worker.
        concurrency: The concurrent requests of this worker.
    """

    def __init__(self, call: Any, worker: str, concurrency: int) -> None:
        self._call, self._worker = call, worker
        self._slots = asyncio.Semaphore(concurrency)
        # Ends of requests that the coordinator does not know yet. They are reported with the next
        # request, because a call for each would double the work of both processes.
        self._ended: list[int] = []
        self._reporting: asyncio.Task[None] | None = None

    async def acquire(self, tokens: int) -> None:
        """Wait for a slot of this worker, then for the service's rate."""
        await self._slots.acquire()
        call = asyncio.ensure_future(
            self._call("acquire", self._worker, tokens, self._take_ended())
        )
        try:
            await asyncio.shield(call)
        except BaseException:
            self._slots.release()
            call.add_done_callback(self._return_slot)
            raise

    async def answered(self, more: int) -> None:
        """Report the end of a request."""
        self._slots.release()
        self._ended.append(more)
        if self._reporting is None or self._reporting.done():
            self._reporting = asyncio.create_task(self._report())

    async def refused(self, retry_after: float | None) -> bool:
        """Report a rate limit; return whether to go on."""
        self._slots.release()
        return bool(await self._call("refused", self._worker, retry_after))

    async def _report(self) -> None:
        await asyncio.sleep(_REPORT_DELAY)
        await self.flush()

    async def flush(self) -> None:
        """Report all requests that have ended."""
        if ended := self._take_ended():
            await self._call("answered", self._worker, ended)

    def _take_ended(self) -> list[int]:
        ended, self._ended = self._ended, []
        return ended

    def _return_slot(self, call: asyncio.Future[Any]) -> None:
        """Return the slot of a request that was cancelled while it waited."""
        if not call.cancelled() and call.exception() is None:
            self._reporting = asyncio.ensure_future(self._call("answered", self._worker, [0]))


class SharedBudget:
    """A budget in another process; see ``SharedLimiter``."""

    def __init__(self, call: Any, worker: str, *, in_usd: bool = True) -> None:
        self.in_usd = in_usd
        self._call, self._worker = call, worker

    async def reserve(self, usd: float, tokens: int, *, wait: bool) -> bool:
        """Reserve the most that a request can cost."""
        return bool(await self._call("reserve", self._worker, usd, tokens, wait))

    async def adopt(self, usd: float, tokens: int) -> None:
        """Take over the reservation of a request that an earlier run has sent."""
        await self._call("adopt", self._worker, usd, tokens)

    async def keep(self, usd: float, tokens: int) -> None:
        """Count a spend that is in no ledger."""
        await self._call("keep", usd, tokens)

    async def settle(
        self, reserved_usd: float, reserved_tokens: int, usd: float, tokens: int
    ) -> None:
        """Replace a reservation by what the request cost."""
        reserved, spent = (reserved_usd, reserved_tokens), (usd, tokens)
        await self._call("settle", self._worker, reserved, spent)
