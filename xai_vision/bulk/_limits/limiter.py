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

# The window opens by each response: faster if responses take long, because then more of them are
# needed for the same rate.
_FIRST_WINDOW = 8
_SLOWEST_OPENING, _FASTEST_OPENING = 0.1, 1.0
_AFTER_FIRST_REFUSAL = 0.25

# What the service accepted between two refusals is its rate: at both, nothing was left of it. From
# then on requests keep a little below it, and the rate grows until the next refusal, which measures
# it again. If refusals follow each other soon, requests keep further below it.
_ENOUGH_REQUESTS, _ENOUGH_SECONDS = 5, 2.0
_MARGIN, _SMALLEST_SHARE = 0.97, 0.5
_SOON = 50  # requests
_GROWTH, _GROWTH_DOUBLES = 0.0005, 250  # for each request; after so many requests
_REFUSED_WITHIN = 0.25  # seconds
_FRESH = 200  # requests after which a new measurement begins
_CATCH_UP = 0.05  # seconds of unused rate that can be used at once


@dataclass(frozen=True)
class Limit:
    """The rate that a job keeps to, below that of the service.

    Args:
        requests: The largest number of requests in ``seconds``. Default: no limit.
        tokens: The largest number of tokens in ``seconds``. A request counts by the estimate of
            its input until its answer has arrived, then by its usage.
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
        self._slots = 0
        self._in_flight: deque[float] = deque()  # the times of their starts
        self._answered = 0
        self._starting = asyncio.Lock()
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
            # One request waits for its start, and the others for it: a refusal changes all starts.
            async with self._starting:
                while (seconds := self._start() - time.monotonic()) > 0:  # noqa: ASYNC110
                    await asyncio.sleep(seconds)
                self._next_start = self._start() + self._interval(tokens)
        except BaseException:
            self._leave()
            raise
        self._in_flight.append(time.monotonic())

    async def answered(self, more: int) -> None:
        """Raise the limits after a request that was not refused; see ``Limiter``."""
        if self._limit is not None and self._limit.tokens is not None:
            self._next_start += more * self._limit.seconds / self._limit.tokens
        self._answered += 1
        self._refusals = 0
        self._refused_since = None
        # About the first of them: responses arrive roughly in the order of the requests.
        seconds = time.monotonic() - self._in_flight.popleft()
        if self._rate is None or not self._rate.known:
            opening = min(max(seconds, _SLOWEST_OPENING), _FASTEST_OPENING)
            self._window = min(self._concurrency, self._window + opening)
        self._leave()

    async def refused(self, retry_after: float | None) -> bool:
        """Lower the limits after a rate limit; return whether the run should go on."""
        now = time.monotonic()
        self._in_flight.pop()  # about the last of them
        if self._refused_since is None:
            self._refused_since = now
        if now >= self._paused_until:  # count concurrent refusals once
            self._refusals += 1
            if self._rate is None:
                self._rate = _MeasuredRate(now, self._accepted())
                self._window = max(1.0, self._window * _AFTER_FIRST_REFUSAL)
            elif self._rate.measure(now, self._accepted()):
                self._window = self._concurrency  # the rate limits the requests from now on
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

    def _start(self) -> float:
        """Return when the next request may start."""
        earliest = time.monotonic() - (_CATCH_UP if self._limit is None else 0.0)
        return max(self._next_start, self._paused_until, earliest)

    def _interval(self, tokens: int) -> float:
        """Return the seconds that a request of so many tokens uses up."""
        measured = 0.0 if self._rate is None else self._rate.interval(self._accepted())
        return measured if self._limit is None else max(measured, self._limit.interval(tokens))

    def _accepted(self) -> int:
        """Return the number of requests that the service has accepted."""
        # A request that is refused is refused soon.
        before = time.monotonic() - _REFUSED_WITHIN
        return self._answered + sum(start < before for start in self._in_flight)

    # --- slots, which are given in the order of the requests ---

    async def _enter(self) -> None:
        if self._slots < int(self._window) and not self._waiting:
            self._slots += 1
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
        self._slots -= 1
        while self._waiting and self._slots < int(self._window):
            slot = self._waiting.popleft()
            if not slot.done():
                self._slots += 1
                slot.set_result(None)


class _MeasuredRate:
    """The rate that the service accepts.

    Args:
        now: The time of the first refusal.
        accepted: The number of requests sent until then and not refused.
    """

    def __init__(self, now: float, accepted: int) -> None:
        self._since = self._last = (now, accepted)
        self._rate: float | None = None
        self._share = _MARGIN

    @property
    def known(self) -> bool:
        """Whether the rate was measured."""
        return self._rate is not None

    def measure(self, now: float, accepted: int) -> bool:
        """Measure the rate at a refusal; return whether it is known."""
        seconds, requests = now - self._since[0], accepted - self._since[1]
        if requests < _ENOUGH_REQUESTS and seconds < _ENOUGH_SECONDS:
            return False
        soon = accepted - self._last[1] < _SOON
        if self._rate is not None:
            share = self._share * _MARGIN if soon else self._share / _MARGIN
            self._share = min(max(share, _SMALLEST_SHARE), _MARGIN)
        # Half a request, if none was accepted: the rate is unknown, but not 0.
        self._rate = max(requests, 0.5) / max(seconds, 1e-3)
        self._last = (now, accepted)
        if requests > _FRESH:
            self._since = self._last
        return True

    def interval(self, accepted: int) -> float:
        """Return the seconds from one request to the next."""
        if self._rate is None:
            return 0.0
        requests = accepted - self._last[1]
        growth = 1 + _GROWTH * requests * 2 ** min(requests / _GROWTH_DOUBLES, 10)
        return 1 / (self._rate * self._share * growth)
