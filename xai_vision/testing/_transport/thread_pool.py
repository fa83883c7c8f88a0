"""Threads for calls: few at work, as many as wait, never in the way of the process's end."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, Final

__all__ = ["Crew", "step_aside"]

_IDLE_SECONDS: Final = 5.0
# More threads that compute at the same time get nothing done sooner, for one of them has the
# interpreter; they only take it from each other. Measured: docs/speed.md, "The fake server".
_FEW: Final = 2
# A queue that did not move for so long is held up by calls that wait: others go before them.
_STALL_SECONDS: Final = 0.002

_Job = tuple[Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]


# Of a round that never is: the worker counts as waiting.
_ASIDE: Final = -1
_here = threading.local()


def step_aside() -> None:
    """Say that this thread is going to wait, so that its crew lets another one work.

    Of a thread that belongs to no crew nothing is expected.
    """
    worker: _Worker | None = getattr(_here, "worker", None)
    if worker is not None:
        worker.crew._make_room(worker)


class _Worker:
    """A thread's place: its bell, and the round in which it was last counted as busy."""

    __slots__ = ("bell", "crew", "round")

    def __init__(self, crew: Crew, at: int) -> None:
        self.crew = crew
        self.bell = threading.Lock()
        self.bell.acquire()  # until it rings
        self.round = at


class Crew(Executor):
    """An executor whose threads are daemons and come and go with the work.

    A standard ThreadPoolExecutor is joined when the process ends: a test that forgot to stop a
    server with a hanging call would never finish. And it runs as many jobs at a time as it has
    threads, though most of a fake's calls compute and few wait. Here two are busy at a time;
    when the queue stands still, those who hold it up count as waiting, and others come in.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._lock = threading.Lock()
        self._jobs: deque[_Job] = deque()
        self._idle: list[_Worker] = []
        self._threads = 0
        self._busy = 0  # workers that came in during this round
        self._round = 0
        self._taken = 0
        self._backlog = threading.Event()
        self._watched = False
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
            self._jobs.append((future, fn, args, kwargs))
            if self._busy >= _FEW or not self._call_in():
                self._backlog.set()
                self._watched = self._watched or self._start(self._watch)
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = False) -> None:
        """Send the threads home: idle ones at once, others when their work is done."""
        with self._lock:
            self._closed = True
            for worker in self._idle:
                worker.bell.release()
            self._idle.clear()
            self._backlog.set()

    @property
    def threads(self) -> int:
        """How many threads there are now."""
        return self._threads

    def _call_in(self) -> bool:
        """Have one more worker take a job, if there may be one; the lock is held."""
        if self._idle:
            worker = self._idle.pop()  # the one that rested least: it is still warm
            worker.round = self._round
            worker.bell.release()
        elif self._threads < self._most and self._start(self._work, _Worker(self, self._round)):
            self._threads += 1
        else:
            return False
        self._busy += 1
        return True

    def _start(self, target: Callable[..., None], *args: object) -> bool:
        """Start a thread; False where the system has no more, and those there are must do."""
        with suppress(RuntimeError):
            threading.Thread(target=target, args=args, name=self._name, daemon=True).start()
            return True
        return False

    def _make_room(self, worker: _Worker) -> None:
        with self._lock:
            if worker.round != self._round:
                return
            worker.round = _ASIDE
            self._busy -= 1
            if self._jobs:
                self._call_in()

    def _work(self, worker: _Worker) -> None:
        _here.worker = worker
        while True:
            job = self._next(worker)
            if job is not None:
                _run(*job)
                # Nothing of a call may be kept alive by a thread that waits for the next one.
                del job
            elif self._leaves(worker):
                return

    def _next(self, worker: _Worker) -> _Job | None:
        """A job for a worker that is free; None where it is to rest."""
        with self._lock:
            counted = worker.round == self._round
            if self._jobs and (counted or self._busy < _FEW or self._closed):
                if not counted:
                    worker.round = self._round
                    self._busy += 1
                self._taken += 1
                return self._jobs.popleft()
            if counted:
                self._busy -= 1
            if not self._closed:
                self._idle.append(worker)
            return None

    def _leaves(self, worker: _Worker) -> bool:
        """Rest until called in; returns whether the worker is not needed any more."""
        rang = self._closed or worker.bell.acquire(timeout=_IDLE_SECONDS)
        with self._lock:
            if worker in self._idle:
                self._idle.remove(worker)
            elif self._jobs or not self._closed:
                if not rang:  # it did just now
                    worker.bell.acquire(blocking=False)
                return False
            self._threads -= 1
            return True

    def _watch(self) -> None:
        """Look every moment whether the queue moves, as long as there is one."""
        seen = -1
        while self._waiting():
            time.sleep(_STALL_SECONDS)
            with self._lock:
                if seen == self._taken:
                    self._round += 1
                    self._busy = 0
                    for _ in range(min(len(self._jobs), max(_FEW, self._threads // 2))):
                        self._call_in()
                seen = self._taken

    def _waiting(self) -> bool:
        """Wait until jobs wait; returns False when none have come for long, or will come."""
        rang = True
        while True:
            with self._lock:
                if self._jobs:
                    return True
                if self._closed or not rang:
                    self._watched = False
                    return False
                self._backlog.clear()
            rang = self._backlog.wait(_IDLE_SECONDS)


def _run(
    future: Future[Any], fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(fn(*args, **kwargs))
    except BaseException as fault:  # noqa: BLE001 - handed to whoever asked
        future.set_exception(fault)
