"""A rate limit like the service's, of requests and tokens per second."""

from __future__ import annotations

import threading

from xai_vision.testing._clock import Clock
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._validation import number


class _TokenBucket:
    def __init__(self, clock: Clock, rate: float, capacity: float) -> None:
        self._clock = clock
        self._rate, self._capacity = rate, capacity
        self.level, self._updated = capacity, clock.time()

    def delay(self, amount: float) -> float:
        """Return the seconds until ``amount`` is available.

        An amount above the capacity is available when the bucket is full.
        """
        now = self._clock.time()
        elapsed = max(0.0, now - self._updated)  # The clock can be set back.
        self.level = min(self._capacity, self.level + elapsed * self._rate)
        self._updated = now
        return max(0.0, (min(amount, self._capacity) - self.level) / self._rate)


class RateLimiter:
    """Refuses the calls that exceed a rate.

    Args:
        clock: The service's clock.
        requests: The maximum number of requests per second. None is no limit.
        tokens: The maximum number of prompt tokens per second, image tokens included. None is no
            limit.
        burst: The seconds of unused rate that calls can use at once after a pause.
    """

    def __init__(
        self,
        clock: Clock,
        requests: float | None = None,
        tokens: float | None = None,
        burst: float = 1.0,
    ) -> None:
        for name, rate in (("requests", requests), ("tokens", tokens), ("burst", burst)):
            if rate is not None:
                number(f"rate_limit: {name}", rate, positive=True)
        self._requests = self._tokens = None
        if requests:
            self._requests = _TokenBucket(clock, requests, max(1.0, requests * burst))
        if tokens:
            self._tokens = _TokenBucket(clock, tokens, tokens * burst)
        self._lock = threading.Lock()

    def acquire(self, tokens: int) -> None:
        """Count a request and its prompt tokens.

        Raises:
            ServiceError: RESOURCE_EXHAUSTED, with the seconds to wait in the trailing metadata
                ``retry-after``.
        """
        amounts = ((self._requests, 1.0), (self._tokens, float(tokens)))
        buckets = [(bucket, amount) for bucket, amount in amounts if bucket]
        with self._lock:
            delay = max((bucket.delay(amount) for bucket, amount in buckets), default=0.0)
            if delay <= 0:
                for bucket, amount in buckets:
                    bucket.level -= amount
                return
        raise ServiceError(
            "RESOURCE_EXHAUSTED",
            "Too many requests: the rate limit was exceeded.",
            [("retry-after", f"{delay:.3f}")],
        )
