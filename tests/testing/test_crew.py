"""The threads that calls run on."""

from __future__ import annotations

import threading
import time

import pytest

from xai_vision.testing.crew import Crew


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
    monkeypatch.setattr("xai_vision.testing.crew._IDLE_SECONDS", 0.02)
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
