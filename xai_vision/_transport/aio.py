"""Perform calls with asyncio. ``sync`` is the blocking counterpart."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from xai_vision._transport.attempts import CallContext
from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.durations import READY_SECONDS, call_seconds
from xai_vision._transport.fork_safety import aio_is_broken
from xai_vision._transport.idle_timeout import IdleTimeoutError, with_async_idle_timeout
from xai_vision._transport.loop_channel import (
    LoopChannel,
    cancellations_of_task,
    close_in,
    in_this_loop,
    open_channel,
    pairs,
)
from xai_vision._transport.rpc import (
    CallSequence,
    Out,
    Res,
    RpcCall,
    SequenceRunner,
    SourceError,
)
from xai_vision._transport.status_mapping import closed_while_waiting, not_ready
from xai_vision._transport.stream import AsyncStream, Cancellation
from xai_vision._transport.threaded import ThreadedTransport
from xai_vision._transport.upload_limiter import (
    LARGE_REQUEST_BYTES,
    SingleMessageStream,
    UploadSlot,
)
from xai_vision.errors import APIError, ClientClosedError

if TYPE_CHECKING:
    from xai_vision._transport.request_stream import RequestSource

R = TypeVar("R")

_CLOSE_SECONDS = 2.0


class AsyncTransport:
    """Connections to the service, one per event loop, opened on first use."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._channels: dict[asyncio.AbstractEventLoop, LoopChannel] = {}
        self._threaded: ThreadedTransport | None = None
        self._pid = os.getpid()
        self._closed = False

    def with_config(self, config: ConnectionConfig) -> AsyncTransport:
        """Return a transport with other defaults that shares this one's connections."""
        return _DerivedTransport(self, config)

    async def unary(self, call: RpcCall[Res, Out], config: ConnectionConfig | None = None) -> Out:
        """Send a request and return its response; cancelling the task cancels the call."""
        config = config or self._config
        if aio_is_broken():
            return await self._threaded_transport().unary(call, config)
        cancellations = cancellations_of_task()
        with CallContext(call, config) as context:
            while True:
                channel = self._loop_channel()
                try:
                    return context.complete(await self._response(channel, call, context))
                except SourceError as failure:
                    raise failure.error from None
                except grpc.RpcError as error:
                    delay = context.next_delay(error, closed=self._closed)
                except asyncio.CancelledError:
                    if self._closed and cancellations_of_task() == cancellations:
                        raise context.closed_error() from None
                    raise
                await channel.wait(delay)
                if self._closed:
                    raise context.closed_error()

    def stream(
        self, call: RpcCall[Res, Out], config: ConnectionConfig | None = None
    ) -> AsyncStream[Out]:
        """Send a request when the stream is first read; return the messages of its response."""
        cancellation = Cancellation()
        messages = self._messages(call, config or self._config, cancellation)
        return AsyncStream(messages, cancellation)

    async def _messages(
        self, call: RpcCall[Res, Out], config: ConnectionConfig, cancellation: Cancellation
    ) -> AsyncGenerator[Out, None]:
        if aio_is_broken():
            threaded = self._threaded_transport().stream(call, config, cancellation)
            async with aclosing(threaded) as messages:
                async for message in messages:
                    yield message
            return
        info = call.info
        cancellations = cancellations_of_task()
        with CallContext(call, config, cancellation) as context:
            while not cancellation.cancelled:
                channel, method = self._loop_channel(), call.method
                rpc = channel.start(method.shape, method.path, call.body, context.attempt())
                try:
                    cancellation.attach(in_this_loop(rpc.cancel))
                    async for response in with_async_idle_timeout(rpc, call.options.idle_timeout):
                        if cancellation.cancelled:
                            return
                        if info is not None and not context.received_any:
                            info.initial_metadata = pairs(await rpc.initial_metadata())
                        yield context.message(response)
                except (grpc.RpcError, IdleTimeoutError) as error:
                    if cancellation.cancelled:
                        return
                    delay = context.next_delay(error, closed=self._closed)
                except asyncio.CancelledError:
                    if cancellation.cancelled and cancellations_of_task() == cancellations:
                        return
                    if self._closed and cancellations_of_task() == cancellations:
                        raise context.closed_error() from None
                    raise
                else:
                    if info is not None:
                        info.trailing_metadata = pairs(await rpc.trailing_metadata())
                    context.end_of_stream()
                    return
                finally:
                    channel.rpcs.discard(rpc)
                    rpc.cancel()
                await channel.wait(delay, cancellation)
                if self._closed:
                    raise context.closed_error()

    async def run(self, sequence: CallSequence[R], config: ConnectionConfig | None = None) -> R:
        """Perform a sequence of calls and return its result."""
        runner = SequenceRunner(sequence)
        channel = None if aio_is_broken() else self._loop_channel()
        while not runner.done:
            step = runner.step
            try:
                result = None
                if isinstance(step, RpcCall):
                    result = await self.unary(step, config)
                elif channel is None:
                    await asyncio.sleep(step.seconds)
                else:
                    await channel.wait(step.seconds)
                    if self._closed:
                        raise closed_while_waiting()
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
        connecting = asyncio.ensure_future(self._loop_channel().channel.channel_ready())
        try:
            # Not wait_for(), which may swallow a cancellation up to Python 3.11.
            await asyncio.wait({connecting}, timeout=seconds)
            if not connecting.done():
                raise not_ready(self._config.target, seconds)
            connecting.result()
        finally:
            connecting.cancel()

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
                closing = asyncio.wrap_future(close_in(loop, channel))
                # The other loop may stop before it closes the channel.
                await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)

    async def _response(
        self, channel: LoopChannel, call: RpcCall[Any, Any], context: CallContext[Any, Any]
    ) -> Any:
        path, body = call.method.path, call.body
        if call.source is not None:
            return await self._send_stream(channel, call.source, call, context)
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
            response = await rpc
            if call.info is not None:
                call.info.initial_metadata = pairs(await rpc.initial_metadata())
                call.info.trailing_metadata = pairs(await rpc.trailing_metadata())
            return response
        finally:
            channel.rpcs.discard(rpc)
            if slot is not None:
                slot.end()

    async def _send_stream(
        self,
        channel: LoopChannel,
        source: RequestSource,
        call: RpcCall[Any, Any],
        context: CallContext[Any, Any],
    ) -> Any:
        from xai_vision._transport.request_stream import RequestStream  # on use: for uploads only

        stream, cancellations, rpc = RequestStream(source), cancellations_of_task(), None
        try:
            rpc = channel.start("stream_unary", call.method.path, stream, context.attempt())
            response = await rpc
            if call.info is not None:
                call.info.initial_metadata = pairs(await rpc.initial_metadata())
                call.info.trailing_metadata = pairs(await rpc.trailing_metadata())
        except (grpc.RpcError, asyncio.CancelledError):
            if stream.error is not None and cancellations_of_task() == cancellations:
                raise SourceError(stream.error) from None
            raise
        else:
            return response
        finally:
            channel.rpcs.discard(rpc)
            if rpc is not None:
                rpc.cancel()
            stream.close()

    async def _upload_slot(
        self, channel: LoopChannel, size: int, context: CallContext[Any, Any]
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

    def _loop_channel(self) -> LoopChannel:
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
            channel = self._channels[loop] = LoopChannel(open_channel(self._config))
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

    def _reset_after_fork(self) -> None:
        # As in sync.py, the parent's channels are dropped without being closed.
        self._lock = threading.Lock()
        _parent_channels.append(self._channels)
        self._channels = {}
        self._threaded = None
        self._pid = os.getpid()


# The channels of a parent process. They are kept because freeing a channel closes it.
_parent_channels: list[object] = []


class _DerivedTransport(AsyncTransport):
    """A transport that makes its calls through another one, with other defaults."""

    def __init__(self, base: AsyncTransport, config: ConnectionConfig) -> None:
        self._base = base
        self._config = config

    def with_config(self, config: ConnectionConfig) -> AsyncTransport:
        return _DerivedTransport(self._base, config)

    async def unary(self, call: RpcCall[Res, Out], config: ConnectionConfig | None = None) -> Out:
        return await self._base.unary(call, config or self._config)

    def stream(
        self, call: RpcCall[Res, Out], config: ConnectionConfig | None = None
    ) -> AsyncStream[Out]:
        return self._base.stream(call, config or self._config)

    async def run(self, sequence: CallSequence[R], config: ConnectionConfig | None = None) -> R:
        return await self._base.run(sequence, config or self._config)

    async def ready(self, timeout: Any) -> None:
        await self._base.ready(timeout)

    async def close(self) -> None:
        await self._base.close()
