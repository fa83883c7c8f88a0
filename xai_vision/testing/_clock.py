"""The fake server's clock, which a test can move, set and freeze."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

from xai_vision.testing import _validation as check

_EPOCH = datetime.fromtimestamp(0, timezone.utc)


def parse_time(text: str) -> float:
    """Return the seconds since the epoch of a time in ISO 8601 form; without a zone it is UTC.

    Raises:
        ValueError: The text has another form.
    """
    # Python 3.10 does not accept the Z for UTC.
    return _seconds(datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text))


def _seconds(moment: datetime) -> float:
    utc = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return (utc - _EPOCH).total_seconds()


class Clock:
    """The system's time, until a test skips some time or sets another time.

    It determines the times in responses, when stored and deferred responses expire, and when
    ``rate_limit`` accepts calls again. Delays, such as the latency, take real time.
    """

    def __init__(self) -> None:
        self._offset = 0.0
        self._frozen_at: float | None = None
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
            if self._frozen_at is None:
                self._offset += step
            else:
                self._frozen_at += step

    @check.suggest_keywords("clock.set()")
    def set(self, moment: datetime, *, frozen: bool = False) -> None:
        """Set the clock, forward or back.

        Args:
            moment: The new time. A datetime without a time zone is UTC.
            frozen: Whether the clock stands still from then on, so that the times in responses
                are the same in each run. ``skip`` moves a frozen clock too.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: The time is before 1970.

        Examples:
            >>> clock = Clock()
            >>> clock.set(datetime(2026, 1, 31, 12), frozen=True)
            >>> clock.skip(hours=13)
            >>> str(clock.now())
            '2026-02-01 01:00:00+00:00'
        """
        label = "clock.set: moment"
        check.instance(label, moment, datetime, "a datetime, such as datetime(2026, 1, 31)")
        check.boolean("clock.set: frozen", frozen)
        seconds = _seconds(moment)
        if seconds < 0:
            raise ValueError(f"{label} must not be before 1970, but it is {moment}")
        with self._lock:
            self._offset = seconds - time.time()
            self._frozen_at = seconds if frozen else None

    def time(self) -> float:
        """Return the clock's time in seconds since the epoch."""
        frozen_at = self._frozen_at
        return time.time() + self._offset if frozen_at is None else frozen_at

    def now(self) -> datetime:
        """Return the clock's time in UTC."""
        return datetime.fromtimestamp(self.time(), timezone.utc)
