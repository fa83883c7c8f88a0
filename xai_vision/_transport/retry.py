"""Decide whether to retry a call, and after which delay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xai_vision._validation import Validator, short_repr
from xai_vision.errors import (
    APIError,
    CertificateError,
    ConfigurationError,
    InvalidRequestError,
    OutOfCreditsError,
    RateLimitError,
    UnavailableError,
)

# Trailing metadata with which a server sets the delay; a negative one forbids retries (gRFC A6).
_PUSHBACK = "grpc-retry-pushback-ms"

_configuration = Validator(ConfigurationError)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The number of attempts of a call and the delays between them.

    Two errors are retried, as long as no part of the response has arrived: an unreachable service
    (UNAVAILABLE) and a rate limit (RESOURCE_EXHAUSTED, unless a message was too large or the
    account is out of credits). A delay set by the service takes precedence. A call is not retried
    if the delay would exceed its deadline or ``max_retry_after``.

    If a connection breaks, the service may process a request that is then sent again. The second
    request costs its price. Pass ``retries=0`` where that matters.

    Attributes:
        attempts: The maximum number of attempts while the service is unreachable. Default 5.
        rate_limit_attempts: The maximum number of attempts at a rate limit. Default 5.
        initial: Seconds before the second attempt. Default 0.2.
        rate_limit_initial: Seconds before the second attempt at a rate limit for which the
            service sets no delay. Default 1.
        multiplier: The factor from each delay to the next. Default 2.
        maximum: The longest delay in seconds, unless the service sets a longer one. Default 10.
        jitter: The fraction by which each delay varies at random, up or down, so that clients do
            not retry all at once. Default 0.2.
        max_retry_after: The longest delay in seconds that the service may set. If it sets a longer
            one, the error is raised; ``retry_after`` of a RateLimitError has the delay. Default
            120.

    Examples:
        >>> from xai_vision import RetryPolicy
        >>> RetryPolicy(attempts=3, maximum=2.0).attempts
        3
    """

    attempts: int = 5
    rate_limit_attempts: int = 5
    initial: float = 0.2
    rate_limit_initial: float = 1.0
    multiplier: float = 2.0
    maximum: float = 10.0
    jitter: float = 0.2
    max_retry_after: float = 120.0

    def __post_init__(self) -> None:
        for name in ("attempts", "rate_limit_attempts"):
            _configuration.integer(name, getattr(self, name), 1)
        for name in ("initial", "rate_limit_initial", "maximum", "max_retry_after"):
            self._check(name, 0, float("inf"), "a finite number of seconds, at least 0")
        self._check("multiplier", 1, float("inf"), "a finite number of at least 1")
        self._check("jitter", 0, 1, "a number from 0 to below 1")

    def _check(self, name: str, min_: float, below: float, expected: str) -> None:
        value = getattr(self, name)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not min_ <= value < below:
            raise ConfigurationError(f"{name} must be {expected}, not {short_repr(value)}")

    def wait(self, error: APIError, attempt: int) -> float | None:
        """Return the delay in seconds after a failed attempt; None if it is not retried.

        Args:
            error: The error of the attempt.
            attempt: The number of the attempt, from 1.
        """
        if isinstance(error, (CertificateError, OutOfCreditsError)):
            return None
        if isinstance(error, RateLimitError):
            limit, initial = self.rate_limit_attempts, self.rate_limit_initial
        elif isinstance(error, UnavailableError):
            limit, initial = self.attempts, self.initial
        else:
            return None
        if attempt >= limit:
            return None
        from_service = _pushback(error)
        if from_service is None and isinstance(error, RateLimitError):
            from_service = error.retry_after
        if from_service is not None:
            return from_service if 0 <= from_service <= self.max_retry_after else None
        try:
            delay = min(initial * float(self.multiplier) ** (attempt - 1), self.maximum)
        except OverflowError:  # the delay reached its maximum many attempts before
            delay = self.maximum
        # Only programs whose calls fail need the module, and the five that it imports.
        import random

        return delay * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 - not a secret


def _pushback(error: APIError) -> float | None:
    """Return the delay set by the server; negative for never, None if it sets none."""
    for key, value in error.trailing_metadata():
        if key == _PUSHBACK:
            try:
                return float(value) / 1000
            except ValueError:
                return -1.0
    return None


NO_RETRIES = RetryPolicy(attempts=1, rate_limit_attempts=1)


def policy(value: Any, error: type[ConfigurationError] | type[InvalidRequestError]) -> RetryPolicy:
    """Return the policy for ``retries=``: a RetryPolicy, or the number of retries."""
    if isinstance(value, RetryPolicy):
        return value
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise error(f"retries must be an integer of at least 0, or a RetryPolicy, not {value!r}")
    return RetryPolicy(attempts=value + 1, rate_limit_attempts=value + 1)
