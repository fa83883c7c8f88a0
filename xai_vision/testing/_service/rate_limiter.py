"""A rate limit like the service's: so many requests and tokens a second."""

from __future__ import annotations

import threading
import time

from xai_vision.testing._errors import ServiceError
from xai_vision.testing._validation import number


class _Bucket:
    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._held, self._at = burst, time.monotonic()

    def refill(self) -> None:
        now = time.monotonic()
        self._held = min(self._burst, self._held + (now - self._at) * self._rate)
        self._at = now

    def wait(self, wanted: float) -> float:
        """Seconds until ``wanted`` may go; more than the whole bucket may go when it is full."""
        return max(0.0, (min(wanted, self._burst) - self._held) / self._rate)

    def take(self, wanted: float) -> None:
        self._held -= wanted


class RateLimiter:
    """Lets calls pass at a rate; refuses the others.

    Args:
        requests: Requests a second; None is no limit.
        tokens: Prompt tokens a second, images included; None is no limit.
        burst: How many seconds' worth may come at once after a pause.
    """

    def __init__(
        self, requests: float | None = None, tokens: float | None = None, burst: float = 1.0
    ) -> None:
        for name, rate in (("requests", requests), ("tokens", tokens), ("burst", burst)):
            if rate is not None:
                number(f"rate_limit: {name}", rate, positive=True)
        self._requests = _Bucket(requests, max(1.0, requests * burst)) if requests else None
        self._tokens = _Bucket(tokens, tokens * burst) if tokens else None
        self._lock = threading.Lock()

    def acquire(self, tokens: int) -> None:
        """Let a request of so many prompt tokens pass.

        Raises:
            ServiceError: RESOURCE_EXHAUSTED, not now; with ``retry-after`` (seconds) in the
                trailing metadata.
        """
        wanted = [(self._requests, 1.0), (self._tokens, float(tokens))]
        with self._lock:
            pairs = [(bucket, amount) for bucket, amount in wanted if bucket]
            for bucket, _ in pairs:
                bucket.refill()
            wait = max((bucket.wait(amount) for bucket, amount in pairs), default=0.0)
            if wait <= 0:
                for bucket, amount in pairs:
                    bucket.take(amount)
                return
        raise ServiceError(
            "RESOURCE_EXHAUSTED",
            "Too many requests: the rate limit was exceeded.",
            [("retry-after", f"{wait:.3f}")],
        )
