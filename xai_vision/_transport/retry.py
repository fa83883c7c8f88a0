"""When to try again, and how long to wait before it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from xai_vision.errors import (
    APIError,
    CertificateError,
    ConfigurationError,
    InvalidRequestError,
    RateLimitError,
    UnavailableError,
)

# gRPC's way for a server to say when to come back; below 0 means never (gRFC A6).
_PUSHBACK = "grpc-retry-pushback-ms"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call that failed is tried again, and when.

    Two failures are tried again, and only before any of the answer has arrived: the service could
    not be reached (UNAVAILABLE), and a rate limit (RESOURCE_EXHAUSTED, unless a message was too
    large). When the service says how long to wait, that is how long; a wait that would outlast
    the call's deadline is not begun.

    A request whose connection broke may have been carried out before it is sent again. Asking
    twice does no harm beyond its price; where it would, use ``retries=0``.

    Attributes:
        attempts: How often to send at most while the service cannot be reached. Default 5.
        rate_limit_attempts: How often to send at most while a limit is reached. Default 5.
        initial: Seconds before the second attempt. Default 0.2.
        rate_limit_initial: The same for a rate limit that names no time. Default 1.
        multiplier: How much longer each further wait is. Default 2.
        maximum: The longest wait in seconds, unless the service names a longer one. Default 10.
        jitter: By which share each wait is varied, up or down, so that clients do not come back
            all at once. Default 0.2.
    """

    attempts: int = 5
    rate_limit_attempts: int = 5
    initial: float = 0.2
    rate_limit_initial: float = 1.0
    multiplier: float = 2.0
    maximum: float = 10.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        for name in ("attempts", "rate_limit_attempts"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigurationError(f"{name} must be a whole number of 1 or more: {value!r}")
        for name in ("initial", "rate_limit_initial", "maximum"):
            self._check(name, 0, float("inf"), "seconds of 0 or more")
        self._check("multiplier", 1, float("inf"), "1 or more")
        self._check("jitter", 0, 1, "from 0 to below 1")

    def _check(self, name: str, low: float, below: float, wanted: str) -> None:
        value = getattr(self, name)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not low <= value < below:
            raise ConfigurationError(f"{name} must be {wanted}: {value!r}")

    def wait(self, error: APIError, attempt: int) -> float | None:
        """Seconds to wait after this failed attempt (1 is the first); None to give up."""
        if isinstance(error, RateLimitError):
            limit, first = self.rate_limit_attempts, self.rate_limit_initial
        elif isinstance(error, CertificateError):
            return None
        elif isinstance(error, UnavailableError):
            limit, first = self.attempts, self.initial
        else:
            return None
        if attempt >= limit:
            return None
        pushback = _pushback(error)
        if pushback is not None:
            return pushback if pushback >= 0 else None
        if isinstance(error, RateLimitError) and error.retry_after is not None:
            return error.retry_after
        try:
            wait = min(first * float(self.multiplier) ** (attempt - 1), self.maximum)
        except OverflowError:  # long after the wait has reached its maximum
            wait = self.maximum
        return wait * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311  # no secret


def _pushback(error: APIError) -> float | None:
    """Seconds the server asks for; below 0 for never, None when it says nothing."""
    for key, value in error.trailing_metadata():
        if key == _PUSHBACK:
            try:
                return float(value) / 1000
            except ValueError:
                return -1.0
    return None


NO_RETRIES = RetryPolicy(attempts=1, rate_limit_attempts=1)


def policy(value: Any, error: type[ConfigurationError] | type[InvalidRequestError]) -> RetryPolicy:
    """A policy from what a caller may give: one, or how often to try again."""
    if isinstance(value, RetryPolicy):
        return value
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise error(f"retries must be a whole number of 0 or more, or a RetryPolicy, not {value!r}")
    return RetryPolicy(attempts=value + 1, rate_limit_attempts=value + 1)
