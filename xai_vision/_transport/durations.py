"""Check durations: timeouts as callers pass them."""

from __future__ import annotations

import math
from datetime import timedelta

from xai_vision.errors import ConfigurationError, InvalidRequestError

READY_SECONDS = 30.0
"""The default timeout of ``client.ready()``, which checks a connection when a program starts."""

# Some thirty years. gRPC counts a deadline in 64-bit nanoseconds since 1970, and treats one beyond
# their range as already passed. Locks cannot wait longer than 292 years either.
_MAX_SECONDS = 1e9


def call_seconds(value: float | timedelta | None, name: str = "timeout") -> float | None:
    """Return a duration of a call in seconds; None stays None.

    Raises:
        InvalidRequestError: The value is not a number, not positive, or not finite.
    """
    return None if value is None else _seconds(value, name, InvalidRequestError)


def client_seconds(value: float | timedelta, name: str = "timeout") -> float:
    """Return a duration of a client in seconds.

    Raises:
        ConfigurationError: The value is not a number, not positive, or not finite.
    """
    return _seconds(value, name, ConfigurationError)


def _seconds(
    value: object, name: str, error: type[ConfigurationError] | type[InvalidRequestError]
) -> float:
    number = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise error(f"{name} must be seconds or a timedelta, not {type(value).__name__}")
    if isinstance(number, int):
        number = min(number, int(_MAX_SECONDS))  # an int may be too large for a float
    if not (number > 0 and math.isfinite(number)):
        raise error(f"{name} must be a finite time above 0 seconds, not {value!r}")
    return float(min(number, _MAX_SECONDS))
