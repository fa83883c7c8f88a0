"""Run asynchronous code from blocking code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import closing, suppress
from typing import Any, TypeVar

from xai_vision.errors import InvalidRequestError

T = TypeVar("T")


def run_blocking(start: Callable[[], Coroutine[Any, Any, T]], name: str, instead: str) -> T:
    """Run a coroutine to its end.

    Args:
        start: Creates the coroutine.
        name: What the caller called, for the error.
        instead: What to use in an event loop.

    Raises:
        InvalidRequestError: An event loop runs in this thread.
    """
    _check_no_loop(name, instead)
    return asyncio.run(start())


def iterate_blocking(
    start: Callable[[], AsyncGenerator[T, None]], name: str, instead: str
) -> Iterator[T]:
    """Iterate over an asynchronous generator; see ``run_blocking``.

    The generator's tasks run only while the caller waits for an item.
    """
    _check_no_loop(name, instead)
    return _items(start())


def _items(generator: AsyncGenerator[T, None]) -> Iterator[T]:
    async def step() -> T:
        return await anext(generator)

    loop = asyncio.new_event_loop()
    task: asyncio.Task[T] | None = None
    with closing(loop):
        try:
            while True:
                task = loop.create_task(step())
                try:
                    item = loop.run_until_complete(task)
                except StopAsyncIteration:
                    return
                yield item
        finally:
            if task is not None and task.cancel():  # KeyboardInterrupt has left it unfinished
                _complete(loop, asyncio.wait([task]))
            _complete(loop, generator.aclose())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())


def _complete(loop: asyncio.AbstractEventLoop, awaitable: Awaitable[Any]) -> None:
    """Run until the end. The loop raises KeyboardInterrupt again for each task that it ended."""

    async def wait() -> None:
        await awaitable

    task = loop.create_task(wait())
    while not task.done():
        with suppress(KeyboardInterrupt):
            loop.run_until_complete(task)


def _check_no_loop(name: str, instead: str) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise InvalidRequestError(
        f"{name} would block the event loop that runs in this thread. Use {instead}"
    )
