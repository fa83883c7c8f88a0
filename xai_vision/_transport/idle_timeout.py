"""A limit to how long a stream may be silent."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from typing import Any

import grpc


class IdleTimeoutError(Exception):
    """The stream was silent for too long. Never seen by users: it becomes a timeout."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def code(self) -> grpc.StatusCode:
        """The status it stands for."""
        return grpc.StatusCode.DEADLINE_EXCEEDED


def paced(call: Any, idle: float | None) -> Iterable[Any]:
    """The replies of a stream that may be silent for ``idle`` seconds at most."""
    return call if idle is None else _paced(call, idle)


def apaced(call: Any, idle: float | None) -> AsyncIterable[Any]:
    """The same for asyncio."""
    return call if idle is None else _apaced(call, idle)


def _paced(call: Any, idle: float) -> Generator[Any, None, None]:
    watchdog = _Watchdog(call, idle)
    try:
        replies = iter(call)
        while True:
            watchdog.arm()
            try:
                reply = next(replies)
            except StopIteration:
                return
            except grpc.RpcError:
                if watchdog.expired:
                    raise IdleTimeoutError(idle) from None
                raise
            finally:
                watchdog.disarm()
            yield reply
    finally:
        watchdog.stop()


async def _apaced(call: Any, idle: float) -> AsyncGenerator[Any, None]:
    replies = aiter(call)
    while True:
        try:
            reply = await asyncio.wait_for(anext(replies), idle)
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError:
            raise IdleTimeoutError(idle) from None
        yield reply


class _Watchdog:
    """A thread that cancels a blocking call when nobody feeds it in time.

    Only the time spent waiting counts, not what the reader does between two pieces.
    """

    def __init__(self, call: Any, idle: float) -> None:
        self.expired = False
        self._call = call
        self._idle = idle
        self._end: float | None = None
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._watch, name="xai-vision-idle", daemon=True)
        self._thread.start()

    def arm(self) -> None:
        with self._changed:
            self._end = time.monotonic() + self._idle
            self._changed.notify()

    def disarm(self) -> None:
        with self._changed:
            self._end = None

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _watch(self) -> None:
        with self._changed:
            while not self._stopped:
                left = None if self._end is None else self._end - time.monotonic()
                if left is not None and left <= 0:
                    self.expired = True
                    break
                self._changed.wait(left)
        if self.expired:
            self._call.cancel()
