"""Wait for changes of calls, from a thread or from an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final


class Changes(threading.Condition):
    """A condition variable that event loops can wait for, too.

    Predicates are evaluated without the lock, because they can be functions of a test.
    """

    def __init__(self) -> None:
        super().__init__()
        self._version = 0
        self._wakers: set[Callable[[], None]] = set()

    def notify_all(self) -> None:
        """Wake all waiting threads and event loops. The lock must be held."""
        self._version += 1
        super().notify_all()
        for wake in self._wakers:
            wake()

    def wait_until(self, holds: Callable[[], bool], timeout: float | None) -> bool:
        """Wait in this thread until ``holds()``, and return the last result.

        Args:
            holds: A function, evaluated now and after each change.
            timeout: Seconds to wait at most; None means no limit.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            version = self._version
            if holds():
                return True
            left = None if end is None else end - time.monotonic()
            with self:
                if not self.wait_for(partial(self._changed_since, version), left):
                    return False

    def _changed_since(self, version: int) -> bool:
        return self._version != version

    async def wait_until_async(self, holds: Callable[[], bool], timeout: float | None) -> bool:
        """Wait in the running event loop; see ``wait_until``."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # The loop is closed.
                loop.call_soon_threadsafe(changed.set)

        async def wait() -> None:
            while not holds():
                await changed.wait()
                changed.clear()

        with self:
            self._wakers.add(wake)
        try:
            if holds():
                return True
            await asyncio.wait_for(wait(), timeout)
        except asyncio.TimeoutError:
            return False
        finally:
            with self:
                self._wakers.discard(wake)
        return True


call_ended: Final = Changes()
"""Notified when any call ends, or receives a chunk of an upload.

It also guards the fields that say how a call ended.

All calls share one condition, because tests wait for few calls, and a condition for each would
take more memory than the rest of a short record.
"""


def refuse_in_event_loop(blocking: str, awaitable: str) -> None:
    """Refuse a blocking wait in a thread whose event loop would not run meanwhile.

    Args:
        blocking: The method that blocks: "calls.wait_for()".
        awaitable: The call to use instead.

    Raises:
        RuntimeError: An event loop runs in this thread.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(
        f"{blocking} would block the event loop of this thread, and with it the client under test. "
        f"Use: await {awaitable}"
    )
