"""Daemon threads that run the fake server's calls."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import Empty, SimpleQueue
from typing import Any, Final

_IDLE_SECONDS: Final = 5.0
# More threads that compute at the same time are not faster, because they compete for the GIL.
# Measured: docs/speed.md, "The fake server".
_SLOTS: Final = 2

# The time of the submission, the future, the function and its arguments.
_Job = tuple[float, "Future[Any]", Callable[..., Any], tuple[Any, ...], dict[str, Any]]
_current = threading.local()


def release_slot() -> None:
    """Let another job start, because the current one may block.

    Call it before a sleep, before writes to a stream and before a function of the test. Outside
    a pool's thread it does nothing, like a second call in the same job.
    """
    worker: _Worker | None = getattr(_current, "worker", None)
    if worker is not None:
        worker.pool._release(worker)


def submission_time() -> float | None:
    """Return when the current job was submitted, as ``time.monotonic()`` seconds.

    Outside a pool's thread it returns None.
    """
    return getattr(_current, "submitted", None)


class _Worker:
    """The state of one thread: its inbox of jobs, and whether it occupies a slot."""

    __slots__ = ("has_slot", "inbox", "pool")

    def __init__(self, pool: ThreadPool) -> None:
        self.pool = pool
        self.inbox: SimpleQueue[_Job | None] = SimpleQueue()
        self.has_slot = False


class ThreadPool(Executor):
    """Runs at most two computing jobs at a time, besides the jobs that wait.

    A job starts in one of two slots and keeps it until it ends or calls ``release_slot()``.
    Idle threads end after a few seconds. Threads are daemons, unlike those of
    ThreadPoolExecutor: the process can exit while a call still hangs.

    Args:
        max_threads: The maximum number of threads; further jobs wait in the queue.
        name: The name of the threads.
    """

    def __init__(self, max_threads: int, name: str) -> None:
        self._max_threads = max_threads
        self._name = name
        self._lock = threading.Lock()
        self._queue: deque[_Job] = deque()
        self._idle: list[_Worker] = []
        self._busy_slots = 0
        self._closed = False
        self.threads = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn`` on a thread.

        Raises:
            RuntimeError: The pool is shut down.
        """
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the server was stopped")
            self._queue.append((time.monotonic(), future, fn, args, kwargs))
            self._dispatch()
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = False) -> None:
        """Accept no more jobs. Idle threads end at once, the others after the queued jobs."""
        with self._lock:
            self._closed = True
            self.threads -= len(self._idle)
            for worker in self._idle:
                worker.inbox.put(None)
            self._idle.clear()

    def _dispatch(self) -> None:
        """Pass queued jobs to threads while slots are free. The caller must hold the lock."""
        while self._queue and self._busy_slots < _SLOTS:
            worker = self._idle.pop() if self._idle else self._start_worker()
            if worker is None:
                return  # The next thread that finishes a job takes this one.
            worker.inbox.put(self._take_job(worker))

    def _start_worker(self) -> _Worker | None:
        if self.threads >= self._max_threads:
            return None
        worker = _Worker(self)
        try:
            threading.Thread(
                target=self._work, args=(worker,), name=self._name, daemon=True
            ).start()
        except RuntimeError:  # The system has no more threads.
            return None
        self.threads += 1
        return worker

    def _take_job(self, worker: _Worker) -> _Job:
        worker.has_slot = True
        self._busy_slots += 1
        return self._queue.popleft()

    def _free_slot(self, worker: _Worker) -> None:
        self._busy_slots -= worker.has_slot
        worker.has_slot = False

    def _release(self, worker: _Worker) -> None:
        with self._lock:
            self._free_slot(worker)
            self._dispatch()

    def _work(self, worker: _Worker) -> None:
        _current.worker = worker
        job = worker.inbox.get()
        while job is not None:
            _current.submitted = job[0]
            _run(*job[1:])
            job = None  # An idle thread must not keep the call's data alive.
            job = self._next_job(worker)

    def _next_job(self, worker: _Worker) -> _Job | None:
        """Wait for a job; None tells the thread to end."""
        with self._lock:
            self._free_slot(worker)
            if self._queue and self._busy_slots < _SLOTS:
                return self._take_job(worker)
            if self._closed:
                self.threads -= 1
                return None
            self._idle.append(worker)
        try:
            return worker.inbox.get(timeout=_IDLE_SECONDS)
        except Empty:
            with self._lock:
                if worker in self._idle:
                    self._idle.remove(worker)
                    self.threads -= 1
                    return None
            return worker.inbox.get()  # A job arrived just as the wait ended.


def _run(
    future: Future[Any], fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(fn(*args, **kwargs))
    except BaseException as error:  # noqa: BLE001 - the future's owner receives it
        future.set_exception(error)
