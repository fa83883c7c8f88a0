"""An event loop whose clock jumps to the next timer, so that hours pass in a moment."""

from __future__ import annotations

import asyncio
import selectors


class _Selector(selectors.SelectSelector):
    """Advances the clock instead of waiting."""

    clock = 0.0

    def select(self, timeout=None):
        if timeout:
            self.clock += timeout
        return super().select(0)


def run(make, monkeypatch, *modules):
    """Run a coroutine; ``time.monotonic()`` of the modules follows the loop's clock."""
    selector = _Selector()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.clock

    class Time:
        monotonic = staticmethod(lambda: selector.clock)

    for module in modules:
        monkeypatch.setattr(module, "time", Time)
    try:
        return loop.run_until_complete(make())
    finally:
        loop.close()


class Service:
    """A service with a token bucket and a latency, for the limiter alone."""

    def __init__(self, limiter, clock, rate, *, burst=1.0, latency=0.05):
        self.limiter, self.clock = limiter, clock
        self.rate, self.capacity = rate, max(1.0, rate * burst)
        self.level, self.updated = self.capacity, clock()
        self.latency = latency
        self.answered = self.refused = 0

    async def ask(self):
        while True:
            await self.limiter.acquire(100)
            await asyncio.sleep(min(self.latency, 0.1) / 2)
            now = self.clock()
            self.level = min(self.capacity, self.level + (now - self.updated) * self.rate)
            self.updated = now
            if self.level < 1:
                self.refused += 1
                await asyncio.sleep(min(self.latency, 0.1))
                wait = (1 - self.level) / self.rate
                assert await self.limiter.refused(wait)
                continue
            self.level -= 1
            await asyncio.sleep(self.latency)
            await self.limiter.answered(0)
            self.answered += 1
            return

    async def ask_all(self, rows, workers):
        left = iter(range(rows))

        async def work():
            for _ in left:
                await self.ask()

        await asyncio.gather(*(work() for _ in range(workers)))
