"""Wait between polls of a deferred request, for programs that poll themselves."""

from __future__ import annotations

import time
from datetime import timedelta

from xai_vision._transport.durations import call_seconds
from xai_vision._transport.polling import DEFAULT_WAIT

_DEFAULT_INTERVAL = 1.0


class PollTimer:
    """Limits the time of polling. The time starts when the timer is created.

    Args:
        timeout: Seconds or a timedelta for all polls. Default 10 minutes.
        interval: Seconds or a timedelta between polls. Default 1 second.
        context: The purpose of the wait, for the error.

    Raises:
        InvalidRequestError: A duration is not valid.
    """

    def __init__(
        self,
        timeout: float | timedelta | None = None,
        interval: float | timedelta | None = None,
        context: str | None = None,
    ) -> None:
        # As in xai_sdk, a timeout of 0 is the default.
        self._seconds = call_seconds(timeout or None) or DEFAULT_WAIT
        self._interval = call_seconds(interval or None, "interval") or _DEFAULT_INTERVAL
        self._context = context
        self._start = time.monotonic()

    def sleep_interval_or_raise(self) -> float:
        """Return the seconds to sleep before the next poll.

        Raises:
            TimeoutError: The time is over.
        """
        elapsed = time.monotonic() - self._start
        if elapsed > self._seconds:
            waiting = f": waiting for {self._context}" if self._context else ""
            raise TimeoutError(f"polling timed out after {self._seconds:.1f} seconds{waiting}")
        return min(self._seconds - elapsed, self._interval)
