"""The thread pool of calls: two threads compute, any number wait."""

from __future__ import annotations

import threading

import pytest

from tests.testing.waiting import LIMIT, until
from xai_vision.testing import _thread_pool
from xai_vision.testing._thread_pool import ThreadPool, release_slot


@pytest.fixture
def pool():
    pool = ThreadPool(1000, "test")
    yield pool
    pool.shutdown()


@pytest.fixture
def gate():
    """An event that jobs wait for. It is set after the test, so that no thread remains."""
    gate = threading.Event()
    yield gate
    gate.set()


def blocked(gate):
    release_slot()
    return gate.wait(LIMIT)


def results(futures):
    return [future.result(LIMIT) for future in futures]


def test_two_threads_run_the_jobs(pool):
    names = set()

    def work(number):
        names.add(threading.get_ident())
        return sum(range(2000)) + number

    futures = [pool.submit(work, number) for number in range(500)]
    assert results(futures) == [1_999_000 + n for n in range(500)]
    assert len(names) <= 2
    assert pool.threads == 2


def test_blocked_jobs_do_not_delay_others(pool, gate):
    waiting = [pool.submit(blocked, gate) for _ in range(500)]
    assert pool.submit(lambda: "done").result(LIMIT) == "done"
    until(lambda: all(future.running() for future in waiting))
    # Jobs that arrive while all of them are blocked run as well.
    assert results([pool.submit(lambda n=n: n) for n in range(50)]) == list(range(50))
    gate.set()
    assert all(results(waiting))


def test_two_threads_run_the_jobs_again_after_many_were_blocked(pool, gate):
    waiting = [pool.submit(blocked, gate) for _ in range(100)]
    until(lambda: all(future.running() for future in waiting))
    gate.set()
    assert all(results(waiting))
    running, highest, lock = [0], [0], threading.Lock()

    def work():
        with lock:
            running[0] += 1
            highest[0] = max(highest[0], running[0])
        sum(range(2000))
        with lock:
            running[0] -= 1

    results([pool.submit(work) for _ in range(500)])
    assert highest[0] <= 2


def test_a_slot_is_released_once(pool, gate):
    def job():
        release_slot()
        release_slot()
        return gate.wait(LIMIT)

    waiting = [pool.submit(job) for _ in range(5)]
    until(lambda: all(future.running() for future in waiting))
    second = threading.Event()
    computing = [pool.submit(second.wait, LIMIT) for _ in range(3)]
    until(lambda: sum(future.running() for future in computing) == 2)
    assert not computing[2].running()
    second.set()
    gate.set()
    assert all(results([*waiting, *computing]))


def test_release_slot_outside_a_pool_does_nothing():
    release_slot()


def test_the_future_gets_the_error_of_its_job(pool):
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        pool.submit(lambda: 1 / 0).result(LIMIT)
    assert pool.submit(int).result(LIMIT) == 0


def test_a_cancelled_job_does_not_run(pool, gate):
    ran = []
    for _ in range(2):
        pool.submit(gate.wait, LIMIT)
    late = pool.submit(ran.append, 1)
    assert late.cancel()
    gate.set()
    assert pool.submit(int).result(LIMIT) == 0
    assert ran == []


def test_the_number_of_threads_is_limited(gate):
    pool = ThreadPool(3, "test")
    waiting = [pool.submit(blocked, gate) for _ in range(5)]
    until(lambda: sum(future.running() for future in waiting) == 3)
    assert pool.threads == 3
    assert not any(future.running() for future in waiting[3:])
    gate.set()
    assert all(results(waiting))
    assert pool.threads == 3
    pool.shutdown()
    until(lambda: pool.threads == 0)


def test_idle_threads_end_and_new_ones_start(monkeypatch):
    monkeypatch.setattr(_thread_pool, "_IDLE_SECONDS", 0.02)
    pool = ThreadPool(10, "test-idle")
    for _ in range(3):
        assert pool.submit(int).result(LIMIT) == 0
        until(lambda: pool.threads == 0)
        until(lambda: "test-idle" not in {thread.name for thread in threading.enumerate()})
    pool.shutdown()


def test_threads_are_daemons(pool):
    assert pool.submit(lambda: threading.current_thread().daemon).result(LIMIT)


def test_queued_jobs_still_run_after_shutdown(gate):
    pool = ThreadPool(1000, "test")
    jobs = [pool.submit(gate.wait, LIMIT) for _ in range(2)]
    queued = [pool.submit(int) for _ in range(20)]
    pool.shutdown()
    with pytest.raises(RuntimeError, match="the server was stopped"):
        pool.submit(int)
    gate.set()
    assert results(queued) == [0] * 20
    assert all(results(jobs))
    until(lambda: pool.threads == 0)


def test_jobs_from_many_threads(pool):
    squares = []

    def submit():
        squares.extend(pool.submit(lambda n=n: n * n).result(LIMIT) for n in range(100))

    threads = [threading.Thread(target=submit) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert sorted(squares) == sorted([n * n for n in range(100)] * 16)


def test_a_system_without_more_threads(pool, gate, monkeypatch):
    start, left = threading.Thread.start, [2]

    def limited_start(thread):
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited_start)
    waiting = [pool.submit(blocked, gate) for _ in range(2)]
    until(lambda: all(future.running() for future in waiting))
    late = [pool.submit(int) for _ in range(3)]
    assert pool.threads == 2
    left[0] = 100
    # The next job starts threads for the queued ones as well.
    assert pool.submit(int).result(LIMIT) == 0
    assert results(late) == [0] * 3
    gate.set()
    assert all(results(waiting))


def test_a_job_arrives_as_an_idle_thread_ends(monkeypatch):
    timed_out, go_on = threading.Event(), threading.Event()

    class SlowInbox(_thread_pool.SimpleQueue):
        """The first get() with a timeout raises Empty, but only after a job was put."""

        waits = 0

        def get(self, timeout=None):
            if timeout is not None and not self.waits:
                self.waits = 1
                timed_out.set()
                assert go_on.wait(LIMIT)
                raise _thread_pool.Empty
            return super().get(timeout=timeout)

    monkeypatch.setattr(_thread_pool, "SimpleQueue", SlowInbox)
    pool = ThreadPool(1, "test")
    assert pool.submit(int).result(LIMIT) == 0
    assert timed_out.wait(LIMIT)
    late = pool.submit(int)
    go_on.set()
    assert late.result(LIMIT) == 0
    assert pool.threads == 1
    pool.shutdown()
