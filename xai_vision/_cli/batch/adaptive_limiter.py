"""How fast a batch asks: as many at a time as the service lets it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Pace"]

_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0
_BOLDNESS = 0.2  # one more at a time for every five answers


class Pace:
    """Lets so many ask at a time; fewer, and later, when the service says it is too much.

    Args:
        most: How many at a time at the most.
        patience: Seconds of nothing but refusals after which to give up.
    """

    def __init__(self, most: int, patience: float) -> None:
        self._most = most
        self._patience = patience
        self._allowed = float(most)
        self._busy = 0
        self._until = 0.0
        self._refusals = 0
        self._refused_since: float | None = None
        self._turn = asyncio.Condition()

    @property
    def waits(self) -> float:
        """Seconds until asking goes on; 0 if it does."""
        return max(0.0, self._until - time.monotonic())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more may ask, and ask inside."""
        async with self._turn:
            while self._busy >= int(self._allowed):
                await self._turn.wait()
            self._busy += 1
        try:
            # The wait may have become longer meanwhile.
            while seconds := self.waits:  # noqa: ASYNC110
                await asyncio.sleep(seconds)
            yield
        finally:
            async with self._turn:
                self._busy -= 1
                self._turn.notify_all()

    def went_well(self) -> None:
        """The service answered: dare a little more."""
        self._refusals = 0
        self._refused_since = None
        self._allowed = min(self._most, self._allowed + _BOLDNESS)

    def refused(self, retry_after: float | None) -> bool:
        """The service said it is too much: wait, then ask fewer at a time.

        Returns:
            Whether to go on at all.
        """
        now = time.monotonic()
        if self._refused_since is None:
            self._refused_since = now
        if now >= self._until:  # not one of several that were under way together
            self._allowed = max(1.0, self._allowed / 2)
            self._refusals += 1
        wait = min(_FIRST_WAIT * 2 ** (self._refusals - 1), _LONGEST_WAIT)
        if retry_after is not None:
            wait = retry_after
        wait *= random.uniform(1, 1.1)  # noqa: S311  # no secret
        self._until = max(self._until, now + wait)
        return self._until - self._refused_since <= self._patience
