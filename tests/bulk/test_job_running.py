"""Ways to run a job: blocking, asynchronous, by iteration."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from tests.bulk.rows import jpeg
from xai_vision import bulk
from xai_vision.bulk import Outcome
from xai_vision.bulk._ledger.ledger import Ledger
from xai_vision.bulk._limits.limiter import AdaptiveLimiter
from xai_vision.errors import (
    InvalidRequestError,
)
from xai_vision.testing import Fault


def test_iteration(ask, out, server):
    rows = [(f"{n}.jpg", jpeg(n)) for n in range(6)]
    ask(source=rows[:2], out=out).run()
    job = ask(source=[*rows, ("bad", b"x")], out=out)
    outcomes = list(job)
    assert {outcome.id for outcome in outcomes[:2]} == {"0.jpg", "1.jpg"}  # of the earlier run
    assert sorted(outcome.id for outcome in outcomes) == sorted([*(r[0] for r in rows), "bad"])
    assert [outcome.id for outcome in outcomes if not outcome.ok] == ["bad"]
    assert job.result.answered == 6
    assert all(isinstance(outcome, Outcome) for outcome in outcomes)


def test_leaving_an_iteration_ends_the_run(ask, out, server):
    rows = ((f"{n}.jpg", jpeg(n)) for n in range(1000))
    for number, _ in enumerate(ask(source=rows, out=out, concurrency=4)):
        if number == 5:
            break
    assert 6 <= len(list(bulk.read_outcomes(out))) < 200
    assert len(list(ask(source=[("x", jpeg(2000))], out=out))) == len(list(bulk.read_outcomes(out)))


def test_an_interrupted_iteration_unlocks_its_ledger(ask, out, server, monkeypatch):
    """Ctrl-C raises in the event loop, while the iteration waits for an outcome."""
    acquire, calls = AdaptiveLimiter.acquire, []

    async def interrupt(limiter, tokens):
        calls.append(tokens)
        if len(calls) == 4:
            raise KeyboardInterrupt
        await acquire(limiter, tokens)

    with monkeypatch.context() as patch:
        patch.setattr(AdaptiveLimiter, "acquire", interrupt)
        with pytest.raises(KeyboardInterrupt):
            list(ask(out=out, concurrency=2))
    assert ask(out=out).run().answered == 12


async def test_a_closed_asynchronous_iteration_unlocks_its_ledger(ask, out):
    job = ask(out=out)
    async with contextlib.aclosing(aiter(job)) as outcomes:
        async for _ in outcomes:
            break
    assert (await job.arun()).answered == 12


async def test_asynchronous_iteration(ask, server):
    outcomes = [outcome async for outcome in ask()]
    assert len({outcome.id for outcome in outcomes}) == 12
    assert (await ask().arun()).answered == 12


async def test_blocking_calls_in_an_event_loop_name_the_alternative(ask, out):
    job = ask(out=out)
    with pytest.raises(InvalidRequestError, match=r"Use await job\.arun\(\)"):
        job.run()
    with pytest.raises(InvalidRequestError, match="Use async for row in job"):
        next(iter(job))
    with pytest.raises(InvalidRequestError, match=r"Use await job\.aestimate\(\)"):
        job.estimate()
    assert not out.exists()


async def test_cancelling_a_run(ask, out, server):
    hang = server.fault(Fault.hang(), after=5)
    task = asyncio.create_task(ask(out=out, concurrency=4).arun())
    assert await server.calls.wait_for_async(9, timeout=60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    hang.stop()
    result = await ask(out=out).arun()
    assert (result.answered, result.earlier) == (12, 5)


async def test_a_cancelled_run_unlocks_its_ledger(ask, out, server, monkeypatch):
    """The flush that runs in a thread keeps the file locked until its end."""
    begun, go_on = threading.Event(), threading.Event()

    def flush(ledger):
        begun.set()
        assert go_on.wait(60)

    monkeypatch.setattr(Ledger, "sync", flush)
    task = asyncio.create_task(ask(out=out, concurrency=1).arun())
    assert await asyncio.to_thread(begun.wait, 60)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    Ledger(out, ask()._question.hash.hex()).close()


def test_the_source_is_read_lazily(ask, server):
    read = []

    def rows():
        for number in range(100):
            read.append(number)
            yield f"{number}", jpeg(number)

    hang = server.fault(Fault.hang())
    job = ask(source=rows(), concurrency=4)

    async def main():
        task = asyncio.create_task(job.arun())
        assert await server.calls.wait_for_async(4, timeout=60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    hang.stop()
    assert len(read) <= 5


def test_progress_gets_the_state_on_one_scale(ask, out, server):
    rows = [(f"{n}.jpg", jpeg(n)) for n in range(6)]
    ask(source=rows[:4], out=out).run()
    states = []
    ask(source=[*rows, ("bad", b"x")], out=out).run(
        progress=lambda status: states.append((status.done, status.total, status.earlier))
    )
    assert states[-1] == (7, 7, 4)
    assert [done for done, _, _ in states] == sorted(done for done, _, _ in states)
    with pytest.raises(InvalidRequestError, match="progress must be True, False or a function"):
        ask(source=rows, out=out).run(progress="yes")


def test_progress_in_a_log(ask, out, capsys):
    ask(out=out).run(progress=True)
    assert "12 of 12 rows" in capsys.readouterr().err


def test_estimates(ask, server, folder):
    estimate = ask(source=bulk.folder(folder)).estimate()
    assert (estimate.rows, estimate.sampled, estimate.unreadable) == (6, 6, 0)
    assert 6 * 256 <= estimate.tokens.low <= estimate.tokens.likely <= estimate.tokens.high
    low, likely, high = estimate.usd
    assert 0 < low <= likely <= high
    assert "6 rows · about" in str(estimate)
    assert not server.calls.where(method="GetCompletion")
    many = ask(source=[(str(n), jpeg(n)) for n in range(320)]).estimate()
    assert many.tokens.likely == pytest.approx(estimate.tokens.likely / 6 * 320, rel=0.01)
    assert "cannot be sent" in str(ask(source=[("a", b"x"), ("b", jpeg(1))]).estimate())


def test_an_estimate_does_not_use_up_an_iterator(ask, server):
    job = ask(source=((f"{n}", jpeg(n)) for n in range(40)))
    assert job.estimate().rows is None
    assert job.run().answered == 40


def test_the_limiter_gets_the_tokens_of_rows(ask, server, monkeypatch):
    """Also without a budget."""
    expected, corrections = [], []
    acquire, answered = AdaptiveLimiter.acquire, AdaptiveLimiter.answered

    async def note_acquire(limiter, tokens):
        expected.append(tokens)
        await acquire(limiter, tokens)

    async def note_answered(limiter, more):
        corrections.append(more)
        await answered(limiter, more)

    monkeypatch.setattr(AdaptiveLimiter, "acquire", note_acquire)
    monkeypatch.setattr(AdaptiveLimiter, "answered", note_answered)
    result = ask(limit=bulk.Limit(tokens=10_000_000)).run()
    assert min(expected) >= 256  # an image alone has as many
    assert sum(expected) + sum(corrections) == result.usage["total_tokens"]
