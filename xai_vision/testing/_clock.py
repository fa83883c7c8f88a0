"""The fake server's clock, which a test can move forward."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

from xai_vision.testing import _validation as check


class Clock:
    """The system's time plus the time that a test has skipped.

    It determines the times in responses and when stored and deferred responses expire. Delays,
    such as the latency, take real time.
    """

    def __init__(self) -> None:
        self._skipped = 0.0
        self._lock = threading.Lock()

    @check.suggest_keywords("clock.skip()")
    def skip(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Move the clock forward.

        Raises:
            TypeError: A value is not a number.
            ValueError: A value is negative or not finite, or the clock would pass the year 9999.
        """
        units = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        for name, value in units.items():
            check.number(f"clock.skip: {name}", value)
        try:
            step = timedelta(**units).total_seconds()
            datetime.fromtimestamp(self.time() + step, timezone.utc)
        except (OverflowError, ValueError, OSError):
            raise ValueError("clock.skip: the clock cannot pass the year 9999") from None
        with self._lock:
            self._skipped += step

    def time(self) -> float:
        """Return the clock's time in seconds since the epoch."""
        return time.time() + self._skipped

    def now(self) -> datetime:
        """Return the clock's time in UTC."""
        return datetime.fromtimestamp(self.time(), timezone.utc)
