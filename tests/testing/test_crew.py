"""The threads that calls run on."""

from __future__ import annotations

import threading
import time

import pytest

from xai_vision.testing._transport.thread_pool import Crew, _Worker, step_aside


@pytest.fixture
def crew():
    made = Crew(1000, "test")
    yield made
    made.shutdown()


def until(condition):
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("it never came")


def test_work_is_done_by_two_threads(crew):
    names = set()

    def work(number):
        names.add(threading.get_ident())
        return sum(range(2000)) + number

    futures = [crew.submit(work, number) for number in range(500)]
    assert [future.result(10) for future in futures] == [1_999_000 + n for n in range(500)]
    # A machine that is busy otherwise may let the queue stand still for a moment.
    assert len(names) <= 20
    assert crew.threads == len(names)


def test_those_who_wait_keep_nobody_from_working(crew):
    gate = threading.Event()
    waiting = [crew.submit(gate.wait, 30) for _ in range(500)]
    assert crew.submit(lambda: "done").result(10) == "done"
    until(lambda: sum(future.running() for future in waiting) == 500)
    # Also what comes while all those wait.
    assert [crew.submit(lambda n=n: n).result(10) for n in range(50)] == list(range(50))
    gate.set()
    assert all(future.result(10) for future in waiting)


def test_after_many_waited_two_work_again(crew):
    gate = threading.Event()
    waiting = [crew.submit(gate.wait, 30) for _ in range(100)]
    until(lambda: sum(future.running() for future in waiting) == 100)
    gate.set()
    assert all(future.result(10) for future in waiting)
    names = set()
    for future in [crew.submit(lambda: names.add(threading.get_ident())) for _ in range(500)]:
        future.result(10)
    assert len(names) <= 20


def test_a_job_that_fails_hands_its_error_over(crew):
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        crew.submit(lambda: 1 / 0).result(10)
    assert crew.submit(int).result(10) == 0


def test_a_job_that_was_cancelled_is_not_run(crew):
    gate, ran = threading.Event(), []
    crew.submit(gate.wait, 30)
    crew.submit(gate.wait, 30)
    late = crew.submit(ran.append, 1)
    cancelled = late.cancel()
    gate.set()
    crew.submit(int).result(10)
    assert ran == ([] if cancelled else [1])


def test_no_more_threads_than_allowed():
    crew = Crew(2, "test")
    gate = threading.Event()
    jobs = [crew.submit(gate.wait, 30) for _ in range(5)]
    until(lambda: crew.threads == 2)
    time.sleep(0.05)
    assert crew.threads == 2
    gate.set()
    assert all(job.result(10) for job in jobs)
    crew.shutdown()
    until(lambda: crew.threads == 0)


def test_idle_threads_leave_and_come_again(monkeypatch):
    monkeypatch.setattr("xai_vision.testing._transport.thread_pool._IDLE_SECONDS", 0.02)
    crew = Crew(10, "test")
    for _ in range(3):
        assert crew.submit(int).result(10) == 0
        until(lambda: crew.threads == 0)
    crew.shutdown()


def test_what_was_submitted_before_the_end_is_still_done():
    crew = Crew(1000, "test")
    gate = threading.Event()
    jobs = [crew.submit(gate.wait, 30) for _ in range(20)]
    rest = [crew.submit(int) for _ in range(20)]
    crew.shutdown()
    with pytest.raises(RuntimeError, match="the server was stopped"):
        crew.submit(int)
    assert [job.result(10) for job in rest] == [0] * 20
    gate.set()
    assert all(job.result(10) for job in jobs)
    until(lambda: crew.threads == 0)


def test_many_come_at_once_from_many_threads(crew):
    done = []

    def ask():
        done.extend(crew.submit(lambda n=n: n * n).result(10) for n in range(100))

    askers = [threading.Thread(target=ask) for _ in range(16)]
    for each in askers:
        each.start()
    for each in askers:
        each.join(30)
    assert sorted(done) == sorted([n * n for n in range(100)] * 16)


def test_who_says_that_it_waits_makes_room_at_once(crew, monkeypatch):
    monkeypatch.setattr("xai_vision.testing._transport.thread_pool._STALL_SECONDS", 60)
    gate = threading.Event()

    def wait():
        step_aside()
        return gate.wait(30)

    waiting = [crew.submit(wait) for _ in range(20)]
    assert crew.submit(lambda: "done").result(10) == "done"
    gate.set()
    assert all(future.result(10) for future in waiting)
    step_aside()  # of a thread that has no crew nothing is expected


def test_a_system_that_has_no_more_threads(crew, monkeypatch):
    begin, left = threading.Thread.start, [2]

    def start(thread):
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    gate = threading.Event()
    waiting = [crew.submit(gate.wait, 30) for _ in range(2)]
    late = [crew.submit(int) for _ in range(3)]
    assert crew.threads == 2
    left[0] = 100
    # There is room again: what comes next brings those along that had none.
    assert crew.submit(int).result(10) == 0
    assert [future.result(10) for future in late] == [0] * 3
    gate.set()
    assert all(future.result(10) for future in waiting)


def test_nobody_watches_a_queue_that_stays_empty(monkeypatch):
    monkeypatch.setattr("xai_vision.testing._transport.thread_pool._IDLE_SECONDS", 0.02)
    crew = Crew(1000, "test-watched")
    for _ in range(2):
        gate = threading.Event()
        waiting = [crew.submit(gate.wait, 30) for _ in range(5)]
        until(lambda waiting=waiting: all(future.running() for future in waiting))
        gate.set()
        until(lambda: "test-watched" not in {thread.name for thread in threading.enumerate()})
    crew.shutdown()


def test_a_worker_is_called_in_just_as_it_wants_to_leave(monkeypatch):
    timed_out, go_on = threading.Event(), threading.Event()
    at_rest, rested = threading.Event(), threading.Event()

    class Bell:
        """Times out once while it is rung; the second rest is held up before it begins."""

        def __init__(self):
            self.lock, self.rests = threading.Lock(), 0
            self.release = self.lock.release

        def acquire(self, blocking=True, timeout=-1):
            if timeout == -1:
                return self.lock.acquire(blocking)
            self.rests += 1
            if self.rests == 1:
                timed_out.set()
                assert go_on.wait(10)
                return False
            at_rest.set()
            assert rested.wait(10)
            return self.lock.acquire(timeout=timeout)

    class Slow(_Worker):
        __slots__ = ()

        def __init__(self, crew, at):
            super().__init__(crew, at)
            self.bell = Bell()
            self.bell.acquire()

    monkeypatch.setattr("xai_vision.testing._transport.thread_pool._Worker", Slow)
    crew = Crew(1, "test")
    assert crew.submit(int).result(10) == 0
    assert timed_out.wait(10)
    called = crew.submit(int)
    go_on.set()
    assert called.result(10) == 0
    assert at_rest.wait(10)
    again = crew.submit(int)
    rested.set()
    assert again.result(10) == 0
    crew.shutdown()
