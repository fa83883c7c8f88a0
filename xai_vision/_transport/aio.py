"""Perform calls with asyncio. ``sync`` is the blocking counterpart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from xai_vision._transport._channels.fork_safety import aio_is_broken
from xai_vision._transport._channels.loop_channel import (
    LoopChannel,
    LoopChannels,
    cancellations_of_task,
    in_this_loop,
    pairs,
)
from xai_vision._transport._channels.upload_limiter import (
    LARGE_REQUEST_BYTES,
    SingleMessageStream,
    UploadSlot,
)
from xai_vision._transport.attempts import CallContext
from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.durations import READY_SECONDS, call_seconds
from xai_vision._transport.idle_timeout import IdleTimeoutError, with_async_idle_timeout
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
from xai_vision.errors import APIError

if TYPE_CHECKING:
    from xai_vision._transport.request_stream import RequestSource
    from xai_vision._transport.threaded import ThreadedTransport

R = TypeVar("R")


class AsyncTransport:
    """Makes calls over channels, one per event loop, which transports with other defaults share."""

    def __init__(self, config: ConnectionConfig, channels: LoopChannels | None = None) -> None:
        self._config = config
        self._channels = channels or LoopChannels(config)

    def with_config(self, config: ConnectionConfig) -> AsyncTransport:
        """Return a transport with other defaults that shares this one's channels."""
        return AsyncTransport(config, self._channels)

    async def unary(self, call: RpcCall[Res, Out]) -> Out:
        """Send a request and return its response; cancelling the task cancels the call."""
        if aio_is_broken():
            return await self._threaded().unary(call)
        cancellations = cancellations_of_task()
        with CallContext(call, self._config) as context:
            while True:
                channel = self._channels.current()
                try:
                    return context.complete(await self._response(channel, call, context))
                except SourceError as failure:
                    raise failure.error from None
                except grpc.RpcError as error:
                    delay = context.next_delay(error, closed=self._channels.closed)
                except asyncio.CancelledError:
                    if self._channels.closed and cancellations_of_task() == cancellations:
                        raise context.closed_error() from None
                    raise
                await channel.wait(delay)
                if self._channels.closed:
                    raise context.closed_error()

    def stream(self, call: RpcCall[Res, Out]) -> AsyncStream[Out]:
        """Send a request when the stream is first read; return the messages of its response."""
        cancellation = Cancellation()
        return AsyncStream(self._messages(call, cancellation), cancellation)

    async def _messages(
        self, call: RpcCall[Res, Out], cancellation: Cancellation
    ) -> AsyncGenerator[Out, None]:
        if aio_is_broken():
            threaded = self._threaded().stream(call, cancellation)
            async with aclosing(threaded) as messages:
                async for message in messages:
                    yield message
            return
        info = call.info
        cancellations = cancellations_of_task()
        with CallContext(call, self._config, cancellation) as context:
            while not cancellation.cancelled:
                channel, method = self._channels.current(), call.method
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
                    delay = context.next_delay(error, closed=self._channels.closed)
                except asyncio.CancelledError:
                    if cancellation.cancelled and cancellations_of_task() == cancellations:
                        return
                    if self._channels.closed and cancellations_of_task() == cancellations:
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
                if self._channels.closed:
                    raise context.closed_error()

    async def run(self, sequence: CallSequence[R]) -> R:
        """Perform a sequence of calls and return its result."""
        runner = SequenceRunner(sequence)
        channel = None if aio_is_broken() else self._channels.current()
        while not runner.done:
            step = runner.step
            try:
                result = None
                if isinstance(step, RpcCall):
                    result = await self.unary(step)
                elif channel is None:
                    await asyncio.sleep(step.seconds)
                else:
                    await channel.wait(step.seconds)
                    if self._channels.closed:
                        raise closed_while_waiting()
            except APIError as error:
                runner.throw(error)
            else:
                runner.send(result)
        return runner.result

    async def ready(self, timeout: Any) -> None:
        """Connect, and wait until the connection is up."""
        if aio_is_broken():
            return await self._threaded().ready(timeout)
        seconds = call_seconds(timeout) or READY_SECONDS
        connecting = asyncio.ensure_future(self._channels.current().channel.channel_ready())
        try:
            # Not wait_for(), which may swallow a cancellation up to Python 3.11.
            await asyncio.wait({connecting}, timeout=seconds)
            if not connecting.done():
                raise not_ready(self._config.target, seconds)
            connecting.result()
        finally:
            connecting.cancel()

    async def close(self) -> None:
        """Close the channels and cancel their calls. May be called repeatedly."""
        await self._channels.close()

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
            self._channels.check_open()
        except BaseException:
            slot.end()
            raise
        return slot

    def _threaded(self) -> ThreadedTransport:
        from xai_vision._transport.sync import Transport
        from xai_vision._transport.threaded import ThreadedTransport

        return ThreadedTransport(Transport(self._config, self._channels.blocking()))
