"""Large requests take turns at being sent.

gRPC copies a request and holds the copy until the network has taken it. Were any number of large
ones begun at the same time, each would be held twice until the last has gone out, while the
connection that they share carries no more than it can anyway. Only so many bytes are handed to a
channel at the same time; who waits for an answer is not in anybody's way.

That a request has gone out is learnt by sending it as a stream of one: gRPC asks for the next as
soon as it has let go of the first. On the wire that is the same.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator

LARGE = 1024 * 1024
"""From how many bytes on a request takes its turn; a thread for each costs nothing beside it."""

ROOM = 48 * 1024 * 1024
"""How many bytes of large requests are being sent over a channel at the same time. One that is
larger goes alone."""


class Turn:
    """A request's place among those that are sent."""

    __slots__ = ("_room", "_size", "_taken", "_wake")

    def __init__(self, room: Sending, size: int, wake: Callable[[], object]) -> None:
        self._room = room
        self._size = min(size, ROOM)
        self._wake = wake
        # None before it is its turn, False when that is over.
        self._taken: bool | None = None

    @property
    def come(self) -> bool:
        """Whether it may be sent."""
        return self._taken is True

    def end(self) -> None:
        """It has been sent, or will not be. Again is no error."""
        self._room._end(self)

    def once(self, body: bytes) -> Iterator[bytes]:
        """The request as a stream of one, which says when it has been sent."""
        yield body
        self.end()

    async def aonce(self, body: bytes) -> AsyncIterator[bytes]:
        """The same for asyncio."""
        yield body
        self.end()


class Sending:
    """The large requests that are being sent over one channel, and those that wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free = ROOM
        self._waiting: deque[Turn] = deque()

    def turn(self, size: int, wake: Callable[[], object]) -> Turn:
        """Queue up for sending ``size`` bytes.

        Args:
            size: Bytes of the request.
            wake: Is called, by whichever thread ends its turn, when this one's has come; not if
                it has come at once.
        """
        turn = Turn(self, size, wake)
        with self._lock:
            if not self._waiting and turn._size <= self._free:
                self._free -= turn._size
                turn._taken = True
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

    def _end(self, turn: Turn) -> None:
        with self._lock:
            if turn._taken:
                self._free += turn._size
            elif turn._taken is None:
                self._waiting.remove(turn)
            turn._taken = False
            woken = self._next()
        for other in woken:
            other._wake()

    def _next(self) -> list[Turn]:
        """Those whose turn it is now, in the order they came: nobody is passed by."""
        woken = []
        while self._waiting and self._waiting[0]._size <= self._free:
            turn = self._waiting.popleft()
            self._free -= turn._size
            turn._taken = True
            woken.append(turn)
        return woken
