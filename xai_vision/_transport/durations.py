"""Lengths of time as callers give them."""

from __future__ import annotations

import math
from datetime import timedelta

from xai_vision.errors import ConfigurationError, InvalidRequestError

READY_SECONDS = 30.0
"""How long ``client.ready()`` waits by default: a check at start-up, not a call."""

# Some thirty years. gRPC counts a deadline in nanoseconds of 64 bits from 1970 on and takes one
# beyond their end for one that has passed; locks cannot wait longer than 292 years either.
_LONGEST = 1e9


def call_seconds(value: float | timedelta | None, name: str = "timeout") -> float | None:
    """A call's length of time as seconds; None stays None.

    Raises:
        InvalidRequestError: It is no number, not above 0, or not finite.
    """
    return None if value is None else _seconds(value, name, InvalidRequestError)


def client_seconds(value: float | timedelta, name: str = "timeout") -> float:
    """A client's length of time as seconds.

    Raises:
        ConfigurationError: It is no number, not above 0, or not finite.
    """
    return _seconds(value, name, ConfigurationError)


def _seconds(
    value: object, name: str, error: type[ConfigurationError] | type[InvalidRequestError]
) -> float:
    number = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise error(f"{name} must be seconds or a timedelta, not {type(value).__name__}")
    if isinstance(number, int):
        number = min(number, int(_LONGEST))  # also those too large for a float
    if not (number > 0 and math.isfinite(number)):
        raise error(f"{name} must be a finite time above 0 seconds, not {value!r}")
    return float(min(number, _LONGEST))
