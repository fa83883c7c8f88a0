"""The channels of an asyncio client, their calls in progress and their waits."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import grpc

from xai_vision._transport._channels.blocking_channel import BlockingChannel
from xai_vision._transport._channels.fork_safety import record_aio_use
from xai_vision._transport._channels.upload_limiter import UploadLimiter
from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.metadata import MetadataPairs
from xai_vision._transport.stream import Cancellation
from xai_vision.errors import ClientClosedError

_CLOSE_SECONDS = 2.0


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


class LoopChannels:
    """The channels of a client, one per event loop, opened on first use.

    Attributes:
        closed: Whether ``close`` was called.
    """

    def __init__(self, config: ConnectionConfig) -> None:
        self.closed = False
        self._config = config
        self._lock = threading.Lock()
        self._channels: dict[asyncio.AbstractEventLoop, LoopChannel] = {}
        self._blocking: BlockingChannel | None = None
        self._pid = os.getpid()

    def current(self) -> LoopChannel:
        """Return the channel of the running event loop.

        Raises:
            ClientClosedError: The channels are closed.
        """
        loop = asyncio.get_running_loop()
        channel = self._channels.get(loop)
        if channel is not None and self._pid == os.getpid():
            return channel
        if self._pid != os.getpid():
            self._reset_after_fork()
        with self._lock:
            self.check_open()
            # A channel keeps its loop alive, so the channels of closed loops are dropped here.
            self._channels = {
                loop: channel for loop, channel in self._channels.items() if not loop.is_closed()
            }
            channel = self._channels[loop] = LoopChannel(_open_channel(self._config))
            return channel

    def blocking(self) -> BlockingChannel:
        """Return the channel for a process in which grpc.aio is broken.

        Raises:
            ClientClosedError: The channels are closed.
        """
        if self._pid != os.getpid():
            self._reset_after_fork()
        with self._lock:
            self.check_open()
            if self._blocking is None:
                self._blocking = BlockingChannel(self._config)
            return self._blocking

    def check_open(self) -> None:
        """Raise ClientClosedError if the channels are closed."""
        if self.closed:
            raise ClientClosedError("the client is closed. Create a new one")

    async def close(self) -> None:
        """Close the channels and cancel their calls. May be called repeatedly."""
        with self._lock:
            self.closed = True
            channels, self._channels = self._channels, {}
            blocking, self._blocking = self._blocking, None
        if blocking is not None:
            blocking.close()
        if self._pid != os.getpid():
            return
        running = asyncio.get_running_loop()
        for loop, channel in channels.items():
            # A channel can be closed only in its own loop. If that loop is closed, the channel
            # has no calls left and is freed with its last reference.
            if loop is running:
                await channel.close()
            elif loop.is_running():
                closing = asyncio.wrap_future(_close_in(loop, channel))
                # The other loop may stop before it closes the channel.
                await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)

    def _reset_after_fork(self) -> None:
        # As in BlockingChannel, the parent's channels are dropped without being closed.
        self._lock = threading.Lock()
        _parent_channels.append(self._channels)
        self._channels = {}
        self._blocking = None
        self._pid = os.getpid()


# The channels of a parent process. They are kept because freeing a channel closes it.
_parent_channels: list[object] = []


def _open_channel(config: ConnectionConfig) -> grpc.aio.Channel:
    record_aio_use()
    options = config.options()
    if config.secure:
        return grpc.aio.secure_channel(config.target, config.credentials(), options)
    return grpc.aio.insecure_channel(config.target, options)


def _close_in(loop: asyncio.AbstractEventLoop, channel: LoopChannel) -> Future[None]:
    """Close a channel in its loop, which runs in another thread."""
    done: Future[None] = Future()

    def begin() -> None:
        closing = loop.create_task(channel.close())
        closing.add_done_callback(lambda _: done.set_result(None))

    loop.call_soon_threadsafe(begin)
    return done


def in_this_loop(function: Callable[[], object]) -> Callable[[], object]:
    """Return a thread-safe function that calls another one in the running event loop."""
    loop = asyncio.get_running_loop()

    def call() -> None:
        with suppress(RuntimeError):  # the loop is closed, so nothing waits in it
            loop.call_soon_threadsafe(function)

    return call


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
