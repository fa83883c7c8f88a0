"""The server's own clock, which a test can push forward."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

from xai_vision.testing import _validation as given


class Clock:
    """Wall time plus whatever was skipped.

    Expiry of stored and deferred answers, and the times in replies, follow it. Waiting (latency,
    pacing) does not: that takes real time.
    """

    def __init__(self) -> None:
        self._skipped = 0.0
        self._lock = threading.Lock()

    @given.suggest_keywords("clock.skip()")
    def skip(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Move the clock forward.

        Raises:
            TypeError: One is no number.
            ValueError: One is negative (this clock only goes forward), NaN, or leads beyond the
                year 9999.
        """
        units = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        for name, value in units.items():
            try:
                given.number(f"clock.skip: {name}", value)
            except ValueError as error:
                raise ValueError(f"{error}; the clock only goes forward") from None
        try:
            step = timedelta(**units).total_seconds()
            datetime.fromtimestamp(self.time() + step, timezone.utc)
        except (OverflowError, ValueError, OSError):
            raise ValueError("clock.skip: that is beyond the year 9999") from None
        with self._lock:
            self._skipped += step

    def time(self) -> float:
        """Seconds since the epoch, skipped ones included."""
        return time.time() + self._skipped

    def now(self) -> datetime:
        """The clock's time, in UTC."""
        return datetime.fromtimestamp(self.time(), timezone.utc)
