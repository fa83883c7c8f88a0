"""Perform calls by blocking. ``aio`` is the counterpart for asyncio."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from xai_vision._transport._channels.blocking_channel import BlockingChannel
from xai_vision._transport._channels.blocking_rpc import (
    cancellable,
    end,
    metadata_of,
    needs_help_to_connect,
)
from xai_vision._transport._channels.upload_limiter import (
    LARGE_REQUEST_BYTES,
    SingleMessageStream,
)
from xai_vision._transport.attempts import CallContext
from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.durations import READY_SECONDS, call_seconds
from xai_vision._transport.idle_timeout import IdleTimeoutError, with_idle_timeout
from xai_vision._transport.rpc import (
    CallInfo,
    CallSequence,
    Out,
    Res,
    RpcCall,
    SequenceRunner,
    SourceError,
)
from xai_vision._transport.status_mapping import (
    cancelled_by_caller,
    closed_while_waiting,
    not_ready,
)
from xai_vision._transport.stream import Cancellation, Stream
from xai_vision.errors import APIError

if TYPE_CHECKING:
    from xai_vision._transport.request_stream import RequestSource

R = TypeVar("R")


class Transport:
    """Makes calls over a channel, which transports with other defaults share. Thread-safe."""

    def __init__(self, config: ConnectionConfig, channel: BlockingChannel | None = None) -> None:
        self._config = config
        self._channel = channel or BlockingChannel(config)

    def with_config(self, config: ConnectionConfig) -> Transport:
        """Return a transport with other defaults that shares this one's channel."""
        return Transport(config, self._channel)

    def unary(self, call: RpcCall[Res, Out]) -> Out:
        """Send a request and return its response."""
        with CallContext(call, self._config) as context:
            while True:
                try:
                    return context.complete(self._response(call, context))
                except SourceError as failure:
                    raise failure.error from None
                except grpc.RpcError as error:
                    connect = needs_help_to_connect(error)
                    delay = context.next_delay(error, closed=self._channel.closed)
                cancellation = None if call.source is None else call.source.cancellation
                self._channel.wait(delay, cancellation, connect=connect)
                if self._channel.closed:
                    raise context.closed_error()

    def stream(self, call: RpcCall[Res, Out]) -> Stream[Out]:
        """Send a request when the stream is first read; return the messages of its response."""
        cancellation = Cancellation()
        return Stream(self._messages(call, cancellation), cancellation)

    def _messages(
        self, call: RpcCall[Res, Out], cancellation: Cancellation
    ) -> Generator[Out, None, None]:
        info = call.info
        with CallContext(call, self._config, cancellation) as context:
            while not cancellation.cancelled:
                rpc = cancellable(
                    self._channel.start(
                        call.method.shape, call.method.path, call.body, context.attempt
                    )
                )
                drain = False
                try:
                    cancellation.attach(rpc.cancel)
                    for response in with_idle_timeout(rpc, call.options.idle_timeout):
                        if cancellation.cancelled:
                            drain = True
                            return
                        if info is not None and not context.received_any:
                            info.initial_metadata = metadata_of(rpc, "initial_metadata")
                        yield context.message(response)
                except (GeneratorExit, APIError):
                    drain = True
                    raise
                except (grpc.RpcError, IdleTimeoutError) as error:
                    drain = True
                    if cancellation.cancelled:
                        return
                    connect = needs_help_to_connect(error)
                    delay = context.next_delay(error, closed=self._channel.closed)
                else:
                    if info is not None:
                        info.trailing_metadata = metadata_of(rpc, "trailing_metadata")
                    context.end_of_stream()
                    return
                finally:
                    end(rpc, drain=drain)
                cancellation.attach(self._channel.wake_all)
                self._channel.wait(delay, cancellation, connect=connect)
                if self._channel.closed:
                    raise context.closed_error()

    def run(self, sequence: CallSequence[R]) -> R:
        """Perform a sequence of calls and return its result."""
        runner = SequenceRunner(sequence)
        while not runner.done:
            step = runner.step
            try:
                result = None
                if isinstance(step, RpcCall):
                    result = self.unary(step)
                else:
                    self._channel.wait(step.seconds)
                    if self._channel.closed:
                        raise closed_while_waiting()
            except APIError as error:
                runner.throw(error)
            else:
                runner.send(result)
        return runner.result

    def ready(self, timeout: Any) -> None:
        """Connect, and wait until the connection is up."""
        seconds = call_seconds(timeout) or READY_SECONDS
        future = self._channel.ready()
        try:
            future.result(seconds)
        except grpc.FutureTimeoutError:
            raise not_ready(self._config.target, seconds) from None
        finally:
            future.cancel()

    def close(self) -> None:
        """Close the channel and cancel its calls. May be called repeatedly."""
        self._channel.close()

    def _response(self, call: RpcCall[Any, Any], context: CallContext[Any, Any]) -> Any:
        if call.source is not None:
            return self._send_stream(call.source, call, context)
        body = call.body
        # A call that waits for the server to come up would hold its slot all that time.
        if len(body) < LARGE_REQUEST_BYTES or call.options.wait_for_ready:
            if call.info is None:
                return self._channel.start("unary_unary", call.method.path, body, context.attempt)
            response, rpc = self._channel.start(
                "unary_unary with call", call.method.path, body, context.attempt
            )
            _read_metadata(rpc, call.info)
            return response
        granted, rpc = threading.Event(), None
        slot = self._channel.limiter.enqueue(len(body), granted.set)
        try:
            while not slot.granted:
                if not granted.wait(min(slot.stall_timeout, context.remaining)):
                    slot.force()
                if not slot.granted and not context.remaining:
                    raise context.queue_timeout_error()
            stream = SingleMessageStream(body, slot)
            rpc = self._channel.start("stream_unary", call.method.path, stream, context.attempt)
            response = rpc.result()
            if call.info is not None:
                _read_metadata(rpc, call.info)
            return response
        finally:
            # On any exception, such as a KeyboardInterrupt, the call must be cancelled: the
            # thread of grpc that sends the stream would otherwise wait forever.
            if rpc is not None:
                rpc.cancel()
            slot.end()

    def _send_stream(
        self, source: RequestSource, call: RpcCall[Any, Any], context: CallContext[Any, Any]
    ) -> Any:
        from xai_vision._transport.request_stream import RequestStream  # on use: for uploads only

        stream, rpc = RequestStream(source), None
        try:
            if source.cancellation.cancelled:
                raise cancelled_by_caller(call)
            rpc = self._channel.start("stream_unary", call.method.path, stream, context.attempt)
            stream.attach(rpc)
            response = rpc.result()
        except (grpc.RpcError, grpc.FutureCancelledError) as error:
            if stream.error is not None:
                raise SourceError(stream.error) from None
            if isinstance(error, grpc.FutureCancelledError):
                raise cancelled_by_caller(call) from None
            raise
        finally:
            if rpc is not None:
                rpc.cancel()
            stream.close()
            source.cancellation.attach(self._channel.wake_all)
        if call.info is not None:
            _read_metadata(rpc, call.info)
        return response


def _read_metadata(rpc: Any, info: CallInfo) -> None:
    info.initial_metadata = metadata_of(rpc, "initial_metadata")
    info.trailing_metadata = metadata_of(rpc, "trailing_metadata")
