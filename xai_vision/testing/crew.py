"""Threads for calls: started when needed, never in the way of the process's end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

__all__ = ["Crew"]

_IDLE_SECONDS = 5.0

_Job = tuple[Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class Crew(Executor):
    """An executor whose threads are daemons and come and go with the work.

    A standard ThreadPoolExecutor is joined when the process ends: a test that forgot to stop a
    server with a hanging call would never finish.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0  # waiting threads no queued job is meant for
        self._backlog = 0  # queued jobs no thread was free for
        self._closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn`` on a thread.

        Raises:
            RuntimeError: The crew was sent home.
        """
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the server was stopped")
            self._jobs.put((future, fn, args, kwargs))
            if self._idle:
                self._idle -= 1
            elif self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
            else:
                self._backlog += 1
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = False) -> None:
        """Send the threads home: idle ones at once, others when their work is done."""
        with self._lock:
            self._closed = True
            for _ in range(self._threads):
                self._jobs.put(None)

    @property
    def threads(self) -> int:
        """How many threads there are now."""
        return self._threads

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                if self._may_leave():
                    return
                continue
            if job is None:
                with self._lock:
                    self._threads -= 1
                return
            _run(*job)
            # Nothing of a call may be kept alive by a thread that waits for the next one.
            del job
            with self._lock:
                if self._backlog:
                    self._backlog -= 1
                else:
                    self._idle += 1

    def _may_leave(self) -> bool:
        with self._lock:
            if not self._idle:  # a job was queued for this thread just now
                return False
            self._idle -= 1
            self._threads -= 1
            return True


def _run(
    future: Future[Any], fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(fn(*args, **kwargs))
    except BaseException as fault:  # noqa: BLE001 - handed to whoever asked
        future.set_exception(fault)
