"""The server's own clock, which a test can push forward."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

__all__ = ["Clock"]


class Clock:
    """Wall time plus whatever was skipped.

    Expiry of stored and deferred answers, and the times in replies, follow it. Waiting (latency,
    pacing) does not: that takes real time.
    """

    def __init__(self) -> None:
        self._skipped = 0.0
        self._lock = threading.Lock()

    def skip(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Move the clock forward.

        Raises:
            ValueError: The sum is negative: this clock only goes forward.
        """
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
        if step < 0:
            raise ValueError("the clock only goes forward")
        with self._lock:
            self._skipped += step

    def time(self) -> float:
        """Seconds since the epoch, skipped ones included."""
        return time.time() + self._skipped

    def now(self) -> datetime:
        """The clock's time, in UTC."""
        return datetime.fromtimestamp(self.time(), timezone.utc)
