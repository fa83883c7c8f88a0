"""Limit the bytes of large requests that are sent at the same time.

gRPC copies a request and keeps the copy until the network has taken it. If any number of large
requests started together, each would be in memory twice until the last was sent, although they
share one connection and so are not sent any faster. A channel therefore gets only a budget of
bytes at a time. Waiting for a response does not count against the budget.

The limit is soft: after ``STALL_SECONDS`` without progress, as with a server that does not read,
the next request is sent anyway.

gRPC does not report when a request is sent. A large unary request is therefore sent as a client
stream of one message, which has the same bytes on the network: gRPC asks the iterator for the
next message as soon as it has released the first.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

LARGE_REQUEST_BYTES = 1024 * 1024
"""The size from which a request is queued. gRPC sends a stream from a thread of its own, whose
cost does not show beside an upload of this size."""

UPLOAD_BUDGET_BYTES = 48 * 1024 * 1024
"""The bytes of large requests that are sent over a channel at the same time. A larger request is
sent alone."""

STALL_SECONDS = 2.0
"""The seconds without progress after which the next request is sent anyway."""


class UploadSlot:
    """A place in the queue of a limiter. States: waiting, then sending, then finished."""

    __slots__ = ("_limiter", "_sending", "_size", "_wake")

    def __init__(self, limiter: UploadLimiter, size: int, wake: Callable[[], object]) -> None:
        self._limiter = limiter
        self._size = min(size, UPLOAD_BUDGET_BYTES)
        self._wake = wake
        # None: waiting. True: sending. False: finished.
        self._sending: bool | None = None

    @property
    def granted(self) -> bool:
        """Whether the request may be sent."""
        return self._sending is True

    @property
    def stall_timeout(self) -> float:
        """Seconds to wait before calling ``force``."""
        return max(self._limiter.last_progress + STALL_SECONDS - time.monotonic(), 0.05)

    def force(self) -> None:
        """Grant this slot if it is the first in the queue and uploads have stalled."""
        self._limiter._force(self)

    def end(self) -> None:
        """Release the slot, once the request is sent or given up. May be called repeatedly."""
        self._limiter._end(self)


class SingleMessageStream:
    """A request stream of one message, which ends its slot when grpc has sent the message.

    It is both an iterator and an async iterator, for both transports. It is not a generator,
    because closing an unfinished async generator needs a running event loop.
    """

    __slots__ = ("_body", "_slot")

    def __init__(self, body: bytes, slot: UploadSlot) -> None:
        self._body: bytes | None = body
        self._slot = slot

    def _next(self) -> bytes | None:
        body, self._body = self._body, None
        if body is None:
            self._slot.end()
        return body

    def __iter__(self) -> SingleMessageStream:
        return self

    def __next__(self) -> bytes:
        body = self._next()
        if body is None:
            raise StopIteration
        return body

    def __aiter__(self) -> SingleMessageStream:
        return self

    async def __anext__(self) -> bytes:
        body = self._next()
        if body is None:
            raise StopAsyncIteration
        return body


class UploadLimiter:
    """The queue of large requests of one channel.

    Attributes:
        last_progress: The monotonic time at which an upload last started or ended.
    """

    def __init__(self) -> None:
        self.last_progress = time.monotonic()
        self._lock = threading.Lock()
        self._free = UPLOAD_BUDGET_BYTES
        self._waiting: deque[UploadSlot] = deque()

    def enqueue(self, size: int, wake: Callable[[], object]) -> UploadSlot:
        """Queue a request.

        Args:
            size: The bytes of the request.
            wake: Called when the slot is granted, from the thread that releases another slot. It
                is not called if the slot is granted at once.
        """
        slot = UploadSlot(self, size, wake)
        with self._lock:
            if not self._waiting and slot._size <= self._free:
                self._grant(slot)
            else:
                self._waiting.append(slot)
        return slot

    def close(self) -> None:
        """Grant every waiting slot, as a closed channel sends nothing."""
        with self._lock:
            self._free = 1 << 62
            granted = self._grant_waiting()
        for slot in granted:
            slot._wake()

    def _end(self, slot: UploadSlot) -> None:
        with self._lock:
            if slot._sending:
                self._free += slot._size
                self.last_progress = time.monotonic()
            elif slot._sending is None:
                self._waiting.remove(slot)
            slot._sending = False
            granted = self._grant_waiting()
        # Outside the lock, as the callbacks are foreign code.
        for other in granted:
            other._wake()

    def _force(self, slot: UploadSlot) -> None:
        with self._lock:
            first = self._waiting and self._waiting[0] is slot
            if first and time.monotonic() >= self.last_progress + STALL_SECONDS:
                self._grant(self._waiting.popleft())

    def _grant(self, slot: UploadSlot) -> None:
        self._free -= slot._size
        slot._sending = True
        self.last_progress = time.monotonic()

    def _grant_waiting(self) -> list[UploadSlot]:
        # First in, first out: a small request never overtakes a large one, which might starve.
        granted = []
        while self._waiting and self._waiting[0]._size <= self._free:
            slot = self._waiting.popleft()
            self._grant(slot)
            granted.append(slot)
        return granted
