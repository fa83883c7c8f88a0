"""A call that is replayed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

from xai_vision.testing._errors import ServiceError
from xai_vision.testing._thread_pool import release_slot
from xai_vision.testing._upstream.exchange import FinishedCall, Metadata

_CANCEL_SECONDS: Final = 30.0


class ReplayedCall(FinishedCall):
    """A recorded call, whose messages are sent again.

    Args:
        messages: The bytes of the messages.
        error: The error after them.
        initial: The metadata before them.
        times: When each message came and when the call ended, in seconds since the request.
        pace: A factor for the times; 0 sends all at once.
        cancelled: Whether the client of the recording ended the call. The replay then waits
            after the messages, so that the client of the test can do the same.
    """

    def __init__(
        self,
        messages: Sequence[bytes],
        error: ServiceError | None,
        initial: Metadata,
        *,
        times: Sequence[float],
        pace: float,
        cancelled: bool,
    ) -> None:
        super().__init__(messages, error, initial)
        self._times, self._pace = times, pace
        self._waits_for_cancel = cancelled
        self._is_cancelled = threading.Event()
        self._started = time.monotonic()

    def messages(self) -> Iterator[bytes]:
        """Yield the messages when they are due; raise the error after them."""
        for seconds, message in zip(self._times, self._messages, strict=False):
            self._wait_until(seconds)
            yield message
        self._wait_until(self._times[-1])
        if self._waits_for_cancel:
            release_slot()
            self._is_cancelled.wait(_CANCEL_SECONDS)
            raise ServiceError("CANCELLED", "The client of the recording ended the call here.")
        if self._error is not None:
            raise self._error

    def _wait_until(self, seconds: float) -> None:
        delay = self._started + seconds * self._pace - time.monotonic()
        if self._pace and delay > 0:
            release_slot()
            self._is_cancelled.wait(delay)

    def cancel(self) -> None:
        """End the waits."""
        self._is_cancelled.set()
