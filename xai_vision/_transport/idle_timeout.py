"""Limit the time a stream may be silent."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from typing import Any

import grpc


class IdleTimeoutError(Exception):
    """A stream was silent for too long. Internal: callers get a RequestTimeoutError."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def code(self) -> grpc.StatusCode:
        """Return the status of the RequestTimeoutError."""
        return grpc.StatusCode.DEADLINE_EXCEEDED


def with_idle_timeout(call: Any, seconds: float | None) -> Iterable[Any]:
    """Return the messages of a stream; None is no limit.

    Raises:
        IdleTimeoutError: No message arrived for this many seconds.
    """
    return call if seconds is None else _with_watchdog(call, seconds)


def with_async_idle_timeout(call: Any, seconds: float | None) -> AsyncIterable[Any]:
    """Return the messages of an asyncio stream in the same way."""
    return call if seconds is None else _with_timer(call, seconds)


def _with_watchdog(call: Any, seconds: float) -> Generator[Any, None, None]:
    # A blocking read of grpc has no timeout of its own; only a cancellation ends it.
    watchdog = _Watchdog(call, seconds)
    try:
        messages = iter(call)
        while True:
            watchdog.arm()
            try:
                message = next(messages)
            except StopIteration:
                return
            except grpc.RpcError:
                if watchdog.expired:
                    raise IdleTimeoutError(seconds) from None
                raise
            finally:
                watchdog.disarm()
            yield message
    finally:
        watchdog.stop()


async def _with_timer(call: Any, seconds: float) -> AsyncGenerator[Any, None]:
    messages = aiter(call)
    while True:
        # Not wait_for(), which may swallow a cancellation up to Python 3.11.
        reading = asyncio.ensure_future(anext(messages))
        try:
            await asyncio.wait({reading}, timeout=seconds)
        except BaseException:
            reading.cancel()
            raise
        if not reading.done():
            reading.cancel()
            raise IdleTimeoutError(seconds)
        try:
            message = reading.result()
        except StopAsyncIteration:
            return
        yield message


class _Watchdog:
    """A thread that cancels a blocking call when a read takes too long.

    It measures only the reads, not the time the caller spends between two messages.
    """

    def __init__(self, call: Any, seconds: float) -> None:
        self.expired = False
        self._call = call
        self._seconds = seconds
        self._deadline: float | None = None
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._watch, name="xai-vision-idle", daemon=True)
        self._thread.start()

    def arm(self) -> None:
        with self._changed:
            self._deadline = time.monotonic() + self._seconds
            self._changed.notify()

    def disarm(self) -> None:
        with self._changed:
            self._deadline = None

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _watch(self) -> None:
        with self._changed:
            while not self._stopped:
                deadline = self._deadline
                remaining = None if deadline is None else deadline - time.monotonic()
                if remaining is not None and remaining <= 0:
                    self.expired = True
                    break
                self._changed.wait(remaining)
        if self.expired:
            self._call.cancel()
