"""Perform calls by blocking. ``aio`` is the counterpart for asyncio."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar, cast

import grpc

from xai_vision._transport.attempts import CallContext
from xai_vision._transport.blocking_rpc import cancellable, end, metadata_of, open_channel
from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.durations import READY_SECONDS, call_seconds
from xai_vision._transport.fork_safety import aio_is_broken
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
from xai_vision._transport.upload_limiter import (
    LARGE_REQUEST_BYTES,
    SingleMessageStream,
    UploadLimiter,
)
from xai_vision.errors import APIError, ClientClosedError

if TYPE_CHECKING:
    from xai_vision._transport.request_stream import RequestSource

R = TypeVar("R")


class Transport:
    """A connection to the service, opened on first use. Thread-safe."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None
        self._callables: dict[tuple[str, str], Callable[..., Any]] = {}
        self._limiter = UploadLimiter()
        self._wakeup = threading.Condition()
        self._pid = os.getpid()
        self._closed = False

    def with_config(self, config: ConnectionConfig) -> Transport:
        """Return a transport with other defaults that shares this one's connection."""
        return _DerivedTransport(self, config)

    def unary(self, call: RpcCall[Res, Out], config: ConnectionConfig | None = None) -> Out:
        """Send a request and return its response; ``config`` replaces the transport's."""
        with CallContext(call, config or self._config) as context:
            while True:
                try:
                    return context.complete(self._response(call, context))
                except SourceError as failure:
                    raise failure.error from None
                except grpc.RpcError as error:
                    delay = context.next_delay(error, closed=self._closed)
                self._wait(delay, None if call.source is None else call.source.cancellation)
                if self._closed:
                    raise context.closed_error()

    def stream(
        self, call: RpcCall[Res, Out], config: ConnectionConfig | None = None
    ) -> Stream[Out]:
        """Send a request when the stream is first read; return the messages of its response."""
        cancellation = Cancellation()
        messages = self._messages(call, config or self._config, cancellation)
        return Stream(messages, cancellation)

    def _messages(
        self, call: RpcCall[Res, Out], config: ConnectionConfig, cancellation: Cancellation
    ) -> Generator[Out, None, None]:
        info = call.info
        with CallContext(call, config, cancellation) as context:
            while not cancellation.cancelled:
                rpc = cancellable(self._start(call.method.shape, call, context, call.body))
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
                    delay = context.next_delay(error, closed=self._closed)
                else:
                    if info is not None:
                        info.trailing_metadata = metadata_of(rpc, "trailing_metadata")
                    context.end_of_stream()
                    return
                finally:
                    end(rpc, drain=drain)
                cancellation.attach(self._wake_all)
                self._wait(delay, cancellation)
                if self._closed:
                    raise context.closed_error()

    def run(self, sequence: CallSequence[R], config: ConnectionConfig | None = None) -> R:
        """Perform a sequence of calls and return its result."""
        runner = SequenceRunner(sequence)
        while not runner.done:
            step = runner.step
            try:
                result = None
                if isinstance(step, RpcCall):
                    result = self.unary(step, config)
                else:
                    self._wait(step.seconds)
                    if self._closed:
                        raise closed_while_waiting()
            except APIError as error:
                runner.throw(error)
            else:
                runner.send(result)
        return runner.result

    def _wait(self, seconds: float, cancellation: Cancellation | None = None) -> None:
        """Wait, unless the client is closed or the stream is cancelled meanwhile."""
        with self._wakeup:
            self._wakeup.wait_for(
                lambda: self._closed or (cancellation is not None and cancellation.cancelled),
                seconds,
            )

    def _wake_all(self) -> None:
        with self._wakeup:
            self._wakeup.notify_all()

    def ready(self, timeout: Any) -> None:
        """Connect, and wait until the connection is up."""
        seconds = call_seconds(timeout) or READY_SECONDS
        if self._pid != os.getpid():
            self._reset_after_fork()
        with self._lock:
            channel = self._open_channel()
        future = grpc.channel_ready_future(channel)
        try:
            future.result(seconds)
        except grpc.FutureTimeoutError:
            raise not_ready(self._config.target, seconds) from None
        finally:
            future.cancel()

    def close(self) -> None:
        """Close the connection and cancel its calls. May be called repeatedly."""
        with self._lock:
            self._closed = True
            channel, self._channel = self._channel, None
            self._callables = {}
        if self._pid == os.getpid():
            self._wake_all()
            self._limiter.close()
            if channel is not None:
                channel.close()

    def _response(self, call: RpcCall[Any, Any], context: CallContext[Any, Any]) -> Any:
        if call.source is not None:
            return self._send_stream(call.source, call, context)
        body = call.body
        # A call that waits for the server to come up would hold its slot all that time.
        if len(body) < LARGE_REQUEST_BYTES or call.options.wait_for_ready:
            if call.info is None:
                return self._start("unary_unary", call, context, body)
            response, rpc = self._start("unary_unary with call", call, context, body)
            _read_metadata(rpc, call.info)
            return response
        if self._pid != os.getpid():
            self._reset_after_fork()
        granted, rpc = threading.Event(), None
        slot = self._limiter.enqueue(len(body), granted.set)
        try:
            while not slot.granted:
                if not granted.wait(min(slot.stall_timeout, context.remaining)):
                    slot.force()
                if not slot.granted and not context.remaining:
                    raise context.queue_timeout_error()
            stream = SingleMessageStream(body, slot)
            rpc = self._start("stream_unary", call, context, stream)
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
            rpc = self._start("stream_unary", call, context, stream)
            stream.started(rpc)
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
            source.cancellation.attach(self._wake_all)
        if call.info is not None:
            _read_metadata(rpc, call.info)
        return response

    def _start(
        self,
        shape: str,
        call: RpcCall[Any, Any],
        context: CallContext[Any, Any],
        request: object,
    ) -> Any:
        start = self._callable(shape, call.method.path)
        try:
            return start(request, **context.attempt())
        except ValueError:
            # grpc raises ValueError when another thread has just closed the channel.
            self._check_open()
            raise

    def _callable(self, shape: str, path: str) -> Callable[..., Any]:
        if self._pid != os.getpid():
            self._reset_after_fork()
        cached = self._callables.get((shape, path))
        if cached is not None:
            return cached
        with self._lock:
            kind, _, with_call = shape.partition(" ")
            start: Any = getattr(self._open_channel(), kind)(path)
            if kind == "stream_unary":
                # Large requests use futures, because a blocking call cannot be cancelled.
                start = start.future
            elif with_call:
                start = start.with_call
            self._callables[shape, path] = start
            return cast("Callable[..., Any]", start)

    def _open_channel(self) -> grpc.Channel:
        self._check_open()
        if self._channel is None:
            self._channel = open_channel(self._config)
        return self._channel

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed. Create a new one")

    def _reset_after_fork(self) -> None:
        # A child process cannot use its parent's channel, and closing it here would disturb the
        # parent. The channel is dropped, and the next call opens a new one.
        aio_is_broken()  # raises if blocking calls do not work either
        self._lock = threading.Lock()
        self._wakeup = threading.Condition()
        self._channel = None
        self._callables = {}
        self._limiter = UploadLimiter()
        self._pid = os.getpid()


def _read_metadata(rpc: Any, info: CallInfo) -> None:
    info.initial_metadata = metadata_of(rpc, "initial_metadata")
    info.trailing_metadata = metadata_of(rpc, "trailing_metadata")


class _DerivedTransport(Transport):
    """A transport that makes its calls through another one, with other defaults."""

    def __init__(self, base: Transport, config: ConnectionConfig) -> None:
        self._base = base
        self._config = config

    def with_config(self, config: ConnectionConfig) -> Transport:
        return _DerivedTransport(self._base, config)

    def unary(self, call: RpcCall[Res, Out], config: ConnectionConfig | None = None) -> Out:
        return self._base.unary(call, config or self._config)

    def stream(
        self, call: RpcCall[Res, Out], config: ConnectionConfig | None = None
    ) -> Stream[Out]:
        return self._base.stream(call, config or self._config)

    def run(self, sequence: CallSequence[R], config: ConnectionConfig | None = None) -> R:
        return self._base.run(sequence, config or self._config)

    def ready(self, timeout: Any) -> None:
        self._base.ready(timeout)

    def close(self) -> None:
        self._base.close()
