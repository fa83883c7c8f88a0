"""Run one test of ``client.files`` with both clients."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from xai_vision import AsyncClient, Client


class SyncFiles:
    """``Client.files``."""

    def __init__(self, **options: Any) -> None:
        self.client = Client(**options)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return getattr(self.client.files, name)

    def list_all(self, **options: Any) -> list[Any]:
        return list(self.client.files.list_all(**options))

    def run(self, function: Callable[[Any], Any]) -> Any:
        """Return the result of a function of the client."""
        return function(self.client)

    def close(self) -> None:
        self.client.close()


class AsyncFiles:
    """``AsyncClient.files``, in an event loop of its own."""

    def __init__(self, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.client = AsyncClient(**options)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.client.files, name)
        return lambda *args, **options: self.run(lambda _: method(*args, **options))

    def list_all(self, **options: Any) -> list[Any]:
        files = self.client.files.list_all(**options)

        async def read() -> list[Any]:
            return [file async for file in files]

        return self.loop.run_until_complete(read())

    def run(self, function: Callable[[Any], Any]) -> Any:
        """Return the result of a function of the client, awaited."""

        async def call() -> Any:
            result = function(self.client)
            return await result if inspect.isawaitable(result) else result

        return self.loop.run_until_complete(call())

    def close(self) -> None:
        self.loop.run_until_complete(self.client.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


KINDS = {"sync": SyncFiles, "async": AsyncFiles}
