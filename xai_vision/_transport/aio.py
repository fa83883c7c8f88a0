"""Perform calls with asyncio. ``sync`` is the blocking counterpart."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from contextlib import aclosing, suppress
from typing import Any, TypeVar

import grpc

from xai_vision._transport.attempts import CallContext
from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.durations import READY_SECONDS, call_seconds
from xai_vision._transport.fork_safety import aio_is_broken, record_aio_use
from xai_vision._transport.idle_timeout import IdleTimeoutError, with_async_idle_timeout
from xai_vision._transport.rpc import CallSequence, Out, Res, RpcCall, SequenceRunner, Sleep
from xai_vision._transport.status_mapping import not_ready
from xai_vision._transport.threaded import ThreadedTransport
from xai_vision._transport.upload_limiter import (
    LARGE_REQUEST_BYTES,
    SingleMessageStream,
    UploadLimiter,
    UploadSlot,
)
from xai_vision.errors import APIError, ClientClosedError

R = TypeVar("R")

_CLOSE_SECONDS = 2.0


class _LoopChannel:
    """The channel of one event loop; grpc binds a channel to the loop it is created in."""

    __slots__ = ("_callables", "channel", "limiter", "rpcs")

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.limiter = UploadLimiter()
        self._callables: dict[tuple[str, str], Callable[..., Any]] = {}
        # The calls in progress. grpc finds them by searching the tasks of the loop, and grpcio
        # before 1.8x misses those that are awaited from within a generator.
        self.rpcs: set[Any] = set()

    def start(self, shape: str, path: str, request: object, kwargs: dict[str, Any]) -> Any:
        """Start a call."""
        multicallable = self._callables.get((shape, path))
        if multicallable is None:
            multicallable = self._callables[shape, path] = getattr(self.channel, shape)(path)
        rpc = multicallable(request, **kwargs)
        self.rpcs.add(rpc)
        return rpc

    async def close(self) -> None:
        """Cancel the calls in progress and close the channel."""
        self.limiter.close()
        for rpc in list(self.rpcs):
            rpc.cancel()
        await self.channel.close()


class AsyncTransport:
    """Connections to the service, one per event loop, opened on first use."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._channels: dict[asyncio.AbstractEventLoop, _LoopChannel] = {}
        self._threaded: ThreadedTransport | None = None
        self._pid = os.getpid()
        self._closed = False

    async def unary(self, call: RpcCall[Res, Out]) -> Out:
        """Send a request and return its response; cancelling the task cancels the call."""
        if aio_is_broken():
            return await self._threaded_transport().unary(call)
        with CallContext(call, self._config) as context:
            while True:
                try:
                    return context.complete(await self._response(call, context))
                except grpc.RpcError as error:
                    delay = context.next_delay(error, closed=self._closed)
                except asyncio.CancelledError:
                    if self._cancelled_by_close():
                        raise context.closed_error() from None
                    raise
                await asyncio.sleep(delay)

    async def stream(self, call: RpcCall[Res, Out]) -> AsyncGenerator[Out, None]:
        """Send a request and yield the messages of its response; closing early cancels it."""
        if aio_is_broken():
            async with aclosing(self._threaded_transport().stream(call)) as messages:
                async for message in messages:
                    yield message
            return
        with CallContext(call, self._config) as context:
            while True:
                channel, method = self._loop_channel(), call.method
                rpc = channel.start(method.shape, method.path, call.body, context.attempt())
                try:
                    async for response in with_async_idle_timeout(rpc, call.options.idle_timeout):
                        yield context.message(response)
                except (grpc.RpcError, IdleTimeoutError) as error:
                    delay = context.next_delay(error, closed=self._closed)
                except asyncio.CancelledError:
                    if self._cancelled_by_close():
                        raise context.closed_error() from None
                    raise
                else:
                    context.end_of_stream()
                    return
                finally:
                    channel.rpcs.discard(rpc)
                    rpc.cancel()
                await asyncio.sleep(delay)

    async def run(self, sequence: CallSequence[R]) -> R:
        """Perform a sequence of calls and return its result."""
        runner = SequenceRunner(sequence)
        while not runner.done:
            step = runner.step
            if isinstance(step, Sleep):
                await asyncio.sleep(step.seconds)
                runner.send(None)
                continue
            try:
                result = await self.unary(step)
            except APIError as error:
                runner.throw(error)
            else:
                runner.send(result)
        return runner.result

    async def ready(self, timeout: Any) -> None:
        """Connect, and wait until the connection is up."""
        if aio_is_broken():
            return await self._threaded_transport().ready(timeout)
        seconds = call_seconds(timeout) or READY_SECONDS
        try:
            await asyncio.wait_for(self._loop_channel().channel.channel_ready(), seconds)
        except asyncio.TimeoutError:
            raise not_ready(self._config.target, seconds) from None

    async def close(self) -> None:
        """Close the connections and cancel their calls. May be called repeatedly."""
        with self._lock:
            self._closed = True
            channels, self._channels = self._channels, {}
            threaded, self._threaded = self._threaded, None
        if threaded is not None:
            threaded.close()
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
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(closing, _CLOSE_SECONDS)

    async def _response(self, call: RpcCall[Any, Any], context: CallContext[Any, Any]) -> Any:
        channel, path, body = self._loop_channel(), call.method.path, call.body
        # A call that waits for the server to come up would hold its slot all that time.
        large = len(body) >= LARGE_REQUEST_BYTES and not call.options.wait_for_ready
        slot = await self._upload_slot(channel, len(body), context) if large else None
        rpc = None
        try:
            if slot is None:
                rpc = channel.start("unary_unary", path, body, context.attempt())
            else:
                stream = SingleMessageStream(body, slot)
                rpc = channel.start("stream_unary", path, stream, context.attempt())
            return await rpc
        finally:
            channel.rpcs.discard(rpc)
            if slot is not None:
                slot.end()

    async def _upload_slot(
        self, channel: _LoopChannel, size: int, context: CallContext[Any, Any]
    ) -> UploadSlot:
        # Without wait_for(), which may swallow a cancellation up to Python 3.11, and without a
        # task of its own.
        granted = asyncio.Event()
        slot = channel.limiter.enqueue(size, granted.set)
        try:
            while not slot.granted:
                seconds = min(slot.stall_timeout, context.remaining)
                timer = asyncio.get_running_loop().call_later(seconds, granted.set)
                await granted.wait()
                timer.cancel()
                granted.clear()
                slot.force()
                if not slot.granted and not context.remaining:
                    raise context.queue_timeout_error()
            # Closing the client grants every slot.
            self._check_open()
        except BaseException:
            slot.end()
            raise
        return slot

    def _loop_channel(self) -> _LoopChannel:
        loop = asyncio.get_running_loop()
        channel = self._channels.get(loop)
        if channel is not None and self._pid == os.getpid():
            return channel
        if self._pid != os.getpid():
            self._reset_after_fork()
        with self._lock:
            self._check_open()
            # A channel keeps its loop alive, so the channels of closed loops are dropped here.
            self._channels = {
                loop: channel for loop, channel in self._channels.items() if not loop.is_closed()
            }
            channel = self._channels[loop] = _LoopChannel(_open(self._config))
            return channel

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed. Create a new one")

    def _threaded_transport(self) -> ThreadedTransport:
        if self._pid != os.getpid():
            self._reset_after_fork()
        with self._lock:
            self._check_open()
            if self._threaded is None:
                self._threaded = ThreadedTransport(self._config)
            return self._threaded

    def _cancelled_by_close(self) -> bool:
        # When another task calls close(), grpc.aio raises CancelledError in the tasks that wait
        # for a call, as if they had been cancelled. Task.cancelling() tells the two apart; Python
        # 3.10 does not have it, and there the error remains a CancelledError.
        task = asyncio.current_task()
        cancelled = getattr(task, "cancelling", lambda: 1)()
        return self._closed and not cancelled

    def _reset_after_fork(self) -> None:
        # As in sync.py, the parent's channels are dropped without being closed.
        self._lock = threading.Lock()
        _parent_channels.append(self._channels)
        self._channels = {}
        self._threaded = None
        self._pid = os.getpid()


# The channels of a parent process. They are kept because freeing a channel closes it.
_parent_channels: list[object] = []


def _close_in(loop: asyncio.AbstractEventLoop, channel: _LoopChannel) -> Future[None]:
    """Close a channel in its loop, which runs in another thread."""
    done: Future[None] = Future()

    def begin() -> None:
        closing = loop.create_task(channel.close())
        closing.add_done_callback(lambda _: done.set_result(None))

    loop.call_soon_threadsafe(begin)
    return done


def _open(config: ConnectionConfig) -> grpc.aio.Channel:
    record_aio_use()
    options = config.options()
    if config.secure:
        return grpc.aio.secure_channel(config.target, config.credentials(), options)
    return grpc.aio.insecure_channel(config.target, options)
