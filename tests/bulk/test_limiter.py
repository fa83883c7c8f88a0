"""The rate of requests, with a clock that does not depend on the machine's speed."""

from __future__ import annotations

import asyncio

import pytest

from tests.bulk.virtual_time import Service, run
from xai_vision import bulk
from xai_vision.bulk._limits import limiter as module
from xai_vision.bulk._limits.limiter import AdaptiveLimiter, Limit
from xai_vision.errors import InvalidRequestError


def clock():
    return module.time.monotonic()


@pytest.mark.parametrize("latency", [0.002, 0.2])
@pytest.mark.parametrize("workers", [1, 2, 8, 64])
@pytest.mark.parametrize("rate", [10, 100, 500])
def test_few_requests_are_refused(monkeypatch, rate, workers, latency):
    async def main():
        service = Service(AdaptiveLimiter(workers), clock, rate, latency=latency)
        await service.ask_all(2000, workers)
        assert service.answered == 2000
        # 1.05 calls a row, and not much slower than the service allows.
        assert service.refused <= 100
        possible = max((2000 - rate) / rate, 2000 * latency * 1.25 / workers)
        assert clock() <= 2 * possible + 5

    run(main, monkeypatch, module)


def test_slow_responses_do_not_slow_the_run_down(monkeypatch):
    async def main():
        service = Service(AdaptiveLimiter(64), clock, 10, latency=4)
        await service.ask_all(2000, 64)
        assert service.refused <= 100
        assert clock() < 600

    run(main, monkeypatch, module)


def test_a_limit_is_never_exceeded(monkeypatch):
    times = []

    async def main():
        limiter = AdaptiveLimiter(16, limit=Limit(requests=120, tokens=6000, seconds=60))

        async def ask(tokens):
            await limiter.acquire(tokens)
            times.append((clock(), tokens))
            await limiter.answered(0)

        await asyncio.gather(*(ask(100 if number % 2 else 10) for number in range(100)))

    run(main, monkeypatch, module)
    for start, _ in times:
        period = [tokens for time, tokens in times if start <= time < start + 59.9]
        assert len(period) <= 120
        assert sum(period) <= 6100
    assert times[-1][0] - times[0][0] < 80


@pytest.mark.parametrize(("estimate", "used"), [(10, 100), (100, 10)])
def test_tokens_count_by_the_usage_of_answers(monkeypatch, estimate, used):
    async def main():
        limiter = AdaptiveLimiter(1, limit=Limit(tokens=6000, seconds=60))
        start = clock()
        for _ in range(60):
            await limiter.acquire(estimate)
            await limiter.answered(used - estimate)
        return clock() - start

    seconds = run(main, monkeypatch, module)
    assert seconds == pytest.approx(60 * used / 100, abs=1.1)


def test_a_cancelled_request_returns_its_slot(monkeypatch):
    async def main():
        limiter = AdaptiveLimiter(1)
        await limiter.acquire(1)
        waiting = [asyncio.create_task(limiter.acquire(1)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await limiter.answered(0)
        waiting[1].cancel()  # it has the slot already, or is about to
        await asyncio.gather(*waiting[:2], return_exceptions=True)
        await waiting[2]

    run(main, monkeypatch, module)


def test_patience(monkeypatch):
    async def main():
        limiter = AdaptiveLimiter(2, patience=10)
        for _ in range(3):
            await limiter.acquire(1)
            assert await limiter.refused(2.0)
            assert 0 < limiter.wait_seconds <= 2.2
        await limiter.acquire(1)
        await limiter.answered(0)  # the service accepts requests again
        await limiter.acquire(1)
        assert await limiter.refused(8.0)
        await limiter.acquire(1)
        assert not await limiter.refused(8.0)

    run(main, monkeypatch, module)


def test_thousands_of_refusals_without_a_delay(monkeypatch):
    async def main():
        limiter = AdaptiveLimiter(1, patience=float("inf"))
        for _ in range(3000):
            await limiter.acquire(1)
            await limiter.refused(None)
            assert limiter.wait_seconds <= 66

    run(main, monkeypatch, module)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "needs requests= or tokens="),
        ({"requests": 0}, "Limit: requests"),
        ({"tokens": "many"}, "Limit: tokens"),
        ({"requests": 1, "seconds": -1}, "Limit: seconds"),
    ],
)
def test_limits_that_are_not_valid(arguments, words):
    with pytest.raises(InvalidRequestError, match=words):
        bulk.Limit(**arguments)
