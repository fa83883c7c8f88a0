"""Flush a ledger to the disk once for all rows that wait for it."""

from __future__ import annotations

import asyncio

from xai_vision.bulk._ledger.ledger import Ledger


class GroupSync:
    """Flushes of a ledger, each for every row that was written before it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._running = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def flush(self) -> None:
        """Wait until everything that was written before this call is on the disk.

        Raises:
            OSError: The disk failed.
        """
        if self._ledger.path is None:
            return
        if self._next is None:
            self._next = asyncio.create_task(self._sync())
            self._tasks.add(self._next)
            self._next.add_done_callback(self._tasks.discard)
        # Other rows wait for the same flush, so cancelling one of them does not end it.
        await asyncio.shield(self._next)

    async def finish(self) -> None:
        """Wait for the flushes that have begun: a file stays locked until its flush has ended."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _sync(self) -> None:
        async with self._running:
            self._next = None  # what is written from now on needs another flush
            await asyncio.to_thread(self._ledger.sync)
