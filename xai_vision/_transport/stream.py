"""The streams that callers iterate over, and how they are cancelled."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Self

Out = TypeVar("Out")


class Cancellation:
    """Whether a stream was cancelled, and how to interrupt its current wait.

    Attributes:
        cancelled: Whether ``cancel`` was called.
    """

    __slots__ = ("_interrupt", "_pid", "cancelled")

    def __init__(self) -> None:
        self.cancelled = False
        self._pid = os.getpid()
        self._interrupt: Callable[[], object] | None = None

    def attach(self, interrupt: Callable[[], object]) -> None:
        """Set the function that ends the current wait; it must be thread-safe.

        It is called at once if the stream has been cancelled already.
        """
        self._interrupt = interrupt
        if self.cancelled:
            interrupt()

    def cancel(self) -> None:
        """Cancel the stream. Any thread may call this, repeatedly."""
        # The order matters: ``attach`` sets the function before it reads the flag, so one of the
        # two threads calls it.
        self.cancelled = True
        # gRPC's calls do not survive a fork.
        if self._interrupt is not None and self._pid == os.getpid():
            self._interrupt()


class Stream(Iterator[Out]):
    """The parts of a streamed response, as they arrive.

    Iterate over it once. Leaving the loop early ends the call when the stream is freed; use it as
    a context manager, or call ``close()``, to end the call at that line.
    """

    __slots__ = ("__weakref__", "_cancellation", "_messages")

    def __init__(self, messages: Generator[Out, None, None], cancellation: Cancellation) -> None:
        self._messages = messages
        self._cancellation = cancellation

    def __iter__(self) -> Iterator[Out]:
        # The generator itself: a loop then costs no call of __next__ per message.
        return self._messages

    def __next__(self) -> Out:
        return next(self._messages)

    def cancel(self) -> None:
        """Cancel the call. Any thread may call this.

        A loop over the stream then ends without an error, also if it waits for the service at that
        moment. What arrived before is kept.
        """
        self._cancellation.cancel()

    def close(self) -> None:
        """Cancel the call and release its resources."""
        self.cancel()
        # A generator that another thread is reading cannot be closed. It ends by itself.
        with suppress(ValueError):
            self._messages.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStream(AsyncIterator[Out]):
    """The parts of a streamed response, as they arrive: ``Stream`` for asyncio.

    Iterate over it once. Use it as an async context manager, or await ``aclose()``, to end the
    call when a loop is left early. Otherwise the event loop ends it some time later.
    """

    __slots__ = ("__weakref__", "_cancellation", "_messages")

    def __init__(self, messages: AsyncGenerator[Out, None], cancellation: Cancellation) -> None:
        self._messages = messages
        self._cancellation = cancellation

    def __aiter__(self) -> AsyncIterator[Out]:
        return self._messages

    async def __anext__(self) -> Out:
        return await anext(self._messages)

    def cancel(self) -> None:
        """Cancel the call. Any task or thread may call this.

        A loop over the stream then ends without an error, also if it waits for the service at that
        moment. What arrived before is kept.
        """
        self._cancellation.cancel()

    async def aclose(self) -> None:
        """Cancel the call and release its resources."""
        self.cancel()
        # A generator that another task is reading cannot be closed. It ends by itself.
        with suppress(RuntimeError):
            await self._messages.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
