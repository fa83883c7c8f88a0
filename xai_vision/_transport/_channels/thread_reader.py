"""Read a stream that cannot be cancelled, such as the generator of an interceptor."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import grpc


class _LocalCancellation(grpc.RpcError):
    """The error of a stream that was cancelled on this side."""

    def code(self) -> grpc.StatusCode:
        """Return the status."""
        return grpc.StatusCode.CANCELLED

    def details(self) -> str:
        """Return the message."""
        return "Locally cancelled by application!"


class ThreadReader(Iterator[Any]):
    """Reads an iterator in a thread, so that a waiting reader can be released.

    If the iterator cannot be closed because it waits for a message, its call ends with the next
    message or at its deadline.
    """

    def __init__(self, messages: Iterator[Any]) -> None:
        self._messages = messages
        self._requests = threading.Semaphore(0)
        self._results: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._cancelled = False
        # Instrumentation finds the current span in the context.
        thread = threading.Thread(
            target=copy_context().run, args=[self._read], name="xai-vision-stream", daemon=True
        )
        thread.start()

    def __next__(self) -> Any:
        if self._cancelled:
            raise _LocalCancellation
        self._requests.release()
        message, error = self._results.get()
        if error is not None:
            self._cancelled = True
            raise error
        return message

    def cancel(self) -> None:
        """Release the waiting reader, and close the iterator as soon as it does not run."""
        if not self._cancelled:
            self._cancelled = True
            self._results.put((None, _LocalCancellation()))
            self._requests.release()

    def _read(self) -> None:
        while True:
            self._requests.acquire()
            if self._cancelled:
                break
            try:
                self._results.put((next(self._messages), None))
            except BaseException as error:  # noqa: BLE001 - raised in the reading thread
                self._results.put((None, error))
                return
        close = getattr(self._messages, "close", None)
        if close is not None:
            close()
