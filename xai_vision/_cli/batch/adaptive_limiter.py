"""An adaptive concurrency limit (additive increase, multiplicative decrease)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0
_MAX_DOUBLINGS = 6
_INCREASE = 0.2  # one more concurrent request for every five responses


class AdaptiveLimiter:
    """Limits the number of concurrent requests, and reduces it after rate limits.

    Args:
        max_concurrency: The highest number of concurrent requests.
        patience: Seconds of continuous rate limiting after which the batch ends.
    """

    def __init__(self, max_concurrency: int, patience: float) -> None:
        self._max_concurrency = max_concurrency
        self._patience = patience
        self._allowed = float(max_concurrency)
        self._in_flight = 0
        self._until = 0.0
        self._refusals = 0
        self._refused_since: float | None = None
        self._condition = asyncio.Condition()

    @property
    def wait_seconds(self) -> float:
        """Seconds until the next request may start; 0 if it may start now."""
        return max(0.0, self._until - time.monotonic())

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot and hold it during the block."""
        async with self._condition:
            while self._in_flight >= int(self._allowed):
                await self._condition.wait()
            self._in_flight += 1
        try:
            # Another request can extend the wait while this one sleeps.
            while seconds := self.wait_seconds:  # noqa: ASYNC110
                await asyncio.sleep(seconds)
            yield
        finally:
            async with self._condition:
                self._in_flight -= 1
                self._condition.notify_all()

    def record_success(self) -> None:
        """Raise the limit after a response."""
        self._refusals = 0
        self._refused_since = None
        self._allowed = min(self._max_concurrency, self._allowed + _INCREASE)

    def record_rate_limit(self, retry_after: float | None) -> bool:
        """Lower the limit after a rate limit error.

        Returns:
            Whether the batch should continue.
        """
        now = time.monotonic()
        if self._refused_since is None:
            self._refused_since = now
        if now >= self._until:  # count concurrent rate limit errors once
            self._allowed = max(1.0, self._allowed / 2)
            self._refusals += 1
        # The exponent is limited, because the service can refuse thousands of requests with a
        # short retry_after, and a float has a largest power of two.
        wait = min(_FIRST_WAIT * 2 ** min(self._refusals - 1, _MAX_DOUBLINGS), _LONGEST_WAIT)
        if retry_after is not None:
            wait = retry_after
        wait *= random.uniform(1, 1.1)  # noqa: S311  # jitter, not a secret
        self._until = max(self._until, now + wait)
        return self._until - self._refused_since <= self._patience
