"""The rate of requests: adapted to the service's refusals, within limits that the caller sets."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass

from xai_vision import _validation as checks
from xai_vision.errors import InvalidRequestError

_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0
_MAX_DOUBLINGS = 6

_FIRST_WINDOW = 8
_INCREASE = 0.2  # one more concurrent request for every five responses
_FIRST_DECREASE, _DECREASE = 0.25, 0.5

# The rate between two refusals is the service's rate. Requests then keep a little below it, and
# the rate grows, first slowly, until the next refusal.
_BELOW = 0.97
_GROWTH = 0.005  # a second
_GROWTH_DOUBLES = 10.0  # seconds without a refusal
_FRESH = 5.0  # seconds after which a new measurement begins
_CATCH_UP = 0.05  # seconds of unused rate that can be used at once


@dataclass(frozen=True)
class Limit:
    """The rate that a job keeps to, below that of the service.

    Args:
        requests: The largest number of requests in ``seconds``. Default: no limit.
        tokens: The largest number of tokens in ``seconds``, by their estimates.
        seconds: The period. Default: a minute, as in the console of the service.

    Raises:
        InvalidRequestError: A value is not a positive number, or neither limit is set.
    """

    requests: float | None = None
    tokens: float | None = None
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.requests is None and self.tokens is None:
            raise InvalidRequestError("Limit() needs requests= or tokens=")
        for name in ("requests", "tokens", "seconds"):
            if (value := getattr(self, name)) is not None:
                checks.number(f"Limit: {name}", value, positive=True)

    def interval(self, tokens: int) -> float:
        """Return the seconds that a request of so many tokens uses up."""
        by_requests = self.seconds / self.requests if self.requests else 0.0
        by_tokens = tokens * self.seconds / self.tokens if self.tokens else 0.0
        return max(by_requests, by_tokens)


class AdaptiveLimiter:
    """Limits the number of concurrent requests and their rate; reduces both after refusals.

    Args:
        concurrency: The highest number of concurrent requests.
        patience: The seconds of continuous refusals after which the run ends.
        limit: A rate that is never exceeded.
    """

    def __init__(
        self, concurrency: int, patience: float = 600.0, limit: Limit | None = None
    ) -> None:
        self._concurrency = concurrency
        self._patience = patience
        self._limit = limit
        self._window = float(min(concurrency, _FIRST_WINDOW))
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._in_flight = 0
        self._sent = 0
        self._rate: _MeasuredRate | None = None
        self._next_start = 0.0
        self._paused_until = 0.0
        self._refusals = 0
        self._refused_since: float | None = None

    @property
    def wait_seconds(self) -> float:
        """The seconds until the service accepts requests again; 0 if it does."""
        return max(0.0, self._paused_until - time.monotonic())

    async def acquire(self, tokens: int) -> None:
        """Wait for a slot and for the start of the request."""
        await self._enter()
        try:
            # A refusal can postpone the start while this request waits for it.
            while (seconds := self._start(tokens) - time.monotonic()) > 0:
                await asyncio.sleep(seconds)
                if not self.wait_seconds:
                    break
        except BaseException:
            self._leave()
            raise
        self._sent += 1

    async def answered(self, tokens: int) -> None:
        """Raise the limits after a request that was not refused."""
        self._refusals = 0
        self._refused_since = None
        self._window = min(self._concurrency, self._window + _INCREASE)
        self._leave()

    async def refused(self, retry_after: float | None) -> bool:
        """Lower the limits after a rate limit; return whether the run should go on."""
        now = time.monotonic()
        self._sent -= 1
        if self._refused_since is None:
            self._refused_since = now
        if now >= self._paused_until:  # count concurrent refusals once
            self._refusals += 1
            self._window *= _FIRST_DECREASE if self._rate is None else _DECREASE
            self._window = max(1.0, self._window)
            if self._rate is None:
                self._rate = _MeasuredRate(now, self._sent)
            else:
                self._rate.measure(now, self._sent)
        # The exponent is limited, because the service can refuse thousands of requests with a
        # short retry_after, and a float has a largest power of two.
        wait = min(_FIRST_WAIT * 2 ** min(self._refusals - 1, _MAX_DOUBLINGS), _LONGEST_WAIT)
        if retry_after is not None:
            wait = retry_after
        wait *= random.uniform(1, 1.1)  # noqa: S311  # jitter, not a secret
        self._paused_until = max(self._paused_until, now + wait)
        self._next_start = self._paused_until
        self._leave()
        return self._paused_until - self._refused_since <= self._patience

    # --- the start of a request ---

    def _start(self, tokens: int) -> float:
        """Return when a request may start, and move the start of the next one."""
        now = time.monotonic()
        interval = 0.0 if self._rate is None else self._rate.interval(now)
        catch_up = _CATCH_UP
        if self._limit is not None:
            interval, catch_up = max(interval, self._limit.interval(tokens)), 0.0
        start = max(self._next_start, self._paused_until, now - catch_up)
        self._next_start = start + interval
        return start

    # --- slots, which are given in the order of the requests ---

    async def _enter(self) -> None:
        if self._in_flight < int(self._window) and not self._waiting:
            self._in_flight += 1
            return
        slot = asyncio.get_running_loop().create_future()
        self._waiting.append(slot)
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        self._in_flight -= 1
        while self._waiting and self._in_flight < int(self._window):
            slot = self._waiting.popleft()
            if not slot.done():
                self._in_flight += 1
                slot.set_result(None)


class _MeasuredRate:
    """The rate that the service accepts.

    Args:
        now: The time of the first refusal.
        sent: The number of requests sent until then and not refused.
    """

    def __init__(self, now: float, sent: int) -> None:
        self._since, self._sent_before = now, sent
        self._refused_at = now
        self._rate: float | None = None

    def measure(self, now: float, sent: int) -> None:
        """Set the rate at a refusal: what was accepted since an earlier one, when none was left."""
        seconds = max(now - self._since, 1e-3)
        # Half a request, if none was accepted: the rate is unknown, but not 0.
        self._rate = _BELOW * max(sent - self._sent_before, 0.5) / seconds
        self._refused_at = now
        if seconds > _FRESH:
            self._since, self._sent_before = now, sent

    def interval(self, now: float) -> float:
        """Return the seconds from one request to the next."""
        if self._rate is None:
            return 0.0
        return 1 / (self._rate * self._growth(now - self._refused_at))

    @staticmethod
    def _growth(seconds: float) -> float:
        """Return the factor by which the rate has grown, some seconds after the last refusal."""
        return 1 + _GROWTH * seconds * 2 ** min(seconds / _GROWTH_DOUBLES, 10)
