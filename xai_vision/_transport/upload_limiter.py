"""Large requests take turns at being sent.

gRPC copies a request and holds the copy until the network has taken it. Were any number of large
ones begun at the same time, each would be held twice until the last has gone out, while the
connection that they share carries no more than it can anyway. Only so many bytes are handed to a
channel at the same time; who waits for an answer is not in anybody's way.

That is a courtesy and no law: where nothing gets on for a while, as with a server that does not
read, the next one goes all the same.

That a request has gone out is learnt by sending it as a stream of one: gRPC asks for the next as
soon as it has let go of the first. On the wire that is the same.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

LARGE_REQUEST_BYTES = 1024 * 1024
"""From how many bytes on a request takes its turn; a thread for each costs nothing beside it."""

UPLOAD_BUDGET_BYTES = 48 * 1024 * 1024
"""How many bytes of large requests are being sent over a channel at the same time. One that is
larger goes alone."""

STALL_SECONDS = 2.0
"""Seconds without any of them getting on, after which the next one goes all the same."""


class UploadSlot:
    """A request's place among those that are sent."""

    __slots__ = ("_sending", "_size", "_taken", "_wake")

    def __init__(self, sending: UploadLimiter, size: int, wake: Callable[[], object]) -> None:
        self._sending = sending
        self._size = min(size, UPLOAD_BUDGET_BYTES)
        self._wake = wake
        # None before it is its turn, False when that is over.
        self._taken: bool | None = None

    @property
    def come(self) -> bool:
        """Whether it may be sent."""
        return self._taken is True

    @property
    def patience(self) -> float:
        """Seconds to wait before asking ``insist``."""
        return max(self._sending.moved + STALL_SECONDS - time.monotonic(), 0.05)

    def insist(self) -> None:
        """Go all the same, if this is the first in the queue and it has waited long enough."""
        self._sending._insist(self)

    def end(self) -> None:
        """It has been sent, or will not be. Again is no error."""
        self._sending._end(self)


class SingleMessageStream:
    """A request as a stream of one, which ends its turn when it has been sent.

    For both ways to wait; no generators, for one that is not read to its end needs a loop to be
    closed.
    """

    __slots__ = ("_body", "_turn")

    def __init__(self, body: bytes, turn: UploadSlot) -> None:
        self._body: bytes | None = body
        self._turn = turn

    def _next(self) -> bytes | None:
        body, self._body = self._body, None
        if body is None:
            self._turn.end()
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
    """The large requests that are being sent over one channel, and those that wait for it.

    Attributes:
        moved: When one of them got on last.
    """

    def __init__(self) -> None:
        self.moved = time.monotonic()
        self._lock = threading.Lock()
        self._free = UPLOAD_BUDGET_BYTES
        self._waiting: deque[UploadSlot] = deque()

    def turn(self, size: int, wake: Callable[[], object]) -> UploadSlot:
        """Queue up for sending ``size`` bytes.

        Args:
            size: Bytes of the request.
            wake: Is called, by whichever thread ends its turn, when this one's has come; not if
                it has come at once.
        """
        turn = UploadSlot(self, size, wake)
        with self._lock:
            if not self._waiting and turn._size <= self._free:
                self._take(turn)
            else:
                self._waiting.append(turn)
        return turn

    def close(self) -> None:
        """Let everybody go on, for nothing is sent any more."""
        with self._lock:
            self._free = 1 << 62
            woken = self._next()
        for turn in woken:
            turn._wake()

    def _end(self, turn: UploadSlot) -> None:
        with self._lock:
            if turn._taken:
                self._free += turn._size
                self.moved = time.monotonic()
            elif turn._taken is None:
                self._waiting.remove(turn)
            turn._taken = False
            woken = self._next()
        for other in woken:
            other._wake()

    def _insist(self, turn: UploadSlot) -> None:
        with self._lock:
            first = self._waiting and self._waiting[0] is turn
            if first and time.monotonic() >= self.moved + STALL_SECONDS:
                self._take(self._waiting.popleft())

    def _take(self, turn: UploadSlot) -> None:
        self._free -= turn._size
        turn._taken = True
        self.moved = time.monotonic()

    def _next(self) -> list[UploadSlot]:
        """Those whose turn it is now, in the order they came: nobody is passed by."""
        woken = []
        while self._waiting and self._waiting[0]._size <= self._free:
            turn = self._waiting.popleft()
            self._take(turn)
            woken.append(turn)
        return woken
