"""Run one test of a service with both clients."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from xai_vision import AsyncClient, Client


class _Service:
    def __init__(self, driver: Driver, name: str) -> None:
        self._driver, self._name = driver, name

    def __getattr__(self, method: str) -> Any:
        function = getattr(getattr(self._driver.client, self._name), method)
        return lambda *args, **kwargs: self._driver.run(lambda: function(*args, **kwargs))


class Driver:
    """A client whose services can be called without ``await``."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.is_async = kind == "async"
        self.loop = asyncio.new_event_loop() if self.is_async else None
        self.client: Any = AsyncClient(**options) if self.is_async else Client(**options)

    def __getattr__(self, service: str) -> _Service:
        return _Service(self, service)

    def run(self, call: Any) -> Any:
        """Return the result of a call, awaited; the items of an iterator as a list."""
        if self.loop is None:
            result = call()
            return list(result) if inspect.isgenerator(result) else result

        async def awaited() -> Any:
            result = call()
            if inspect.isasyncgen(result):
                return [item async for item in result]
            return await result if inspect.isawaitable(result) else result

        return self.loop.run_until_complete(awaited())

    def close(self) -> None:
        """Close the client and its event loop."""
        self.run(self.client.close)
        if self.loop is not None:
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
