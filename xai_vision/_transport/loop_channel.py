"""The channel of an event loop, its calls in progress and its waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import grpc

from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.fork_safety import record_aio_use
from xai_vision._transport.options import MetadataPairs
from xai_vision._transport.stream import Cancellation
from xai_vision._transport.upload_limiter import UploadLimiter


class LoopChannel:
    """The channel of one event loop; grpc binds a channel to the loop it is created in."""

    __slots__ = ("_callables", "_closed", "_waits", "channel", "limiter", "rpcs")

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.limiter = UploadLimiter()
        self._callables: dict[tuple[str, str], Callable[..., Any]] = {}
        # The calls in progress. grpc finds them by searching the tasks of the loop, and grpcio
        # before 1.8x misses those that are awaited from within a generator.
        self.rpcs: set[Any] = set()
        self._waits: set[asyncio.Event] = set()
        self._closed = False

    def start(self, shape: str, path: str, request: object, kwargs: dict[str, Any]) -> Any:
        """Start a call."""
        multicallable = self._callables.get((shape, path))
        if multicallable is None:
            multicallable = self._callables[shape, path] = getattr(self.channel, shape)(path)
        rpc = multicallable(request, **kwargs)
        self.rpcs.add(rpc)
        return rpc

    async def wait(self, seconds: float, cancellation: Cancellation | None = None) -> None:
        """Wait, unless the channel is closed or the stream is cancelled meanwhile."""
        if self._closed:
            return
        ended = asyncio.Event()
        self._waits.add(ended)
        timer = asyncio.get_running_loop().call_later(seconds, ended.set)
        if cancellation is not None:
            cancellation.attach(in_this_loop(ended.set))
        try:
            await ended.wait()
        finally:
            timer.cancel()
            self._waits.discard(ended)

    async def close(self) -> None:
        """Cancel the calls in progress, end the waits and close the channel."""
        self._closed = True
        self.limiter.close()
        for ended in self._waits:
            ended.set()
        for rpc in list(self.rpcs):
            rpc.cancel()
        await self.channel.close()


def in_this_loop(function: Callable[[], object]) -> Callable[[], object]:
    """Return a thread-safe function that calls another one in the running event loop."""
    loop = asyncio.get_running_loop()

    def call() -> None:
        with suppress(RuntimeError):  # the loop is closed, so nothing waits in it
            loop.call_soon_threadsafe(function)

    return call


def close_in(loop: asyncio.AbstractEventLoop, channel: LoopChannel) -> Future[None]:
    """Close a channel in its loop, which runs in another thread."""
    done: Future[None] = Future()

    def begin() -> None:
        closing = loop.create_task(channel.close())
        closing.add_done_callback(lambda _: done.set_result(None))

    loop.call_soon_threadsafe(begin)
    return done


def open_channel(config: ConnectionConfig) -> grpc.aio.Channel:
    """Open a channel in the running event loop."""
    record_aio_use()
    options = config.options()
    if config.secure:
        return grpc.aio.secure_channel(config.target, config.credentials(), options)
    return grpc.aio.insecure_channel(config.target, options)


def cancellations_of_task() -> int | None:
    """Return how often the current task was asked to cancel; None on Python 3.10."""
    # When a call is cancelled, grpc.aio raises CancelledError in the task that waits for it, as if
    # the task had been cancelled. The number tells the two apart: it grows only with the task's
    # own cancellations. Python 3.10 does not count them; there, a cancellation of the task at the
    # same moment as one of the call is taken for the latter.
    cancelling = getattr(asyncio.current_task(), "cancelling", None)
    return None if cancelling is None else cancelling()


def pairs(metadata: Any) -> MetadataPairs:
    """Return the metadata of a call as pairs."""
    return tuple((key, value) for key, value in metadata or ())
