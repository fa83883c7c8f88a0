"""Performing exchanges by blocking. Its twin with await is aio.py."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import grpc
from grpc.experimental import ChannelOptions as _Experimental

from xai_vision._transport.attempts import CallContext
from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.durations import READY_SECONDS, call_seconds
from xai_vision._transport.fork_safety import aio_is_lost
from xai_vision._transport.idle_timeout import IdleTimeoutError, paced
from xai_vision._transport.rpc import RpcCall, Out, Sleep, Res, SequenceRunner, CallSequence
from xai_vision._transport.status_mapping import not_ready
from xai_vision._transport.upload_limiter import LARGE_REQUEST_BYTES, SingleMessageStream, UploadLimiter
from xai_vision.errors import APIError, ClientClosedError

R = TypeVar("R")

# One thread less to wake per chunk: the reader of a stream takes events from grpc itself.
_SINGLE_THREADED = (_Experimental.SingleThreadedUnaryStream, 1)


class Transport:
    """A connection to the service, made on first use; safe to use from many threads."""

    def __init__(self, connection: ConnectionConfig) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None
        self._callables: dict[tuple[str, str], Callable[..., Any]] = {}
        self._sending = UploadLimiter()
        self._pid = os.getpid()
        self._closed = False

    def unary(self, exchange: RpcCall[Res, Out]) -> Out:
        """Send a request and wait for its reply."""
        with CallContext(exchange, self._connection) as course:
            while True:
                try:
                    return course.answered(self._reply(exchange, course))
                except grpc.RpcError as error:
                    wait = course.failed(error, closed=self._closed)
                time.sleep(wait)

    def stream(self, exchange: RpcCall[Res, Out]) -> Generator[Out, None, None]:
        """Send a request and hand on its replies as they come; leaving early cancels it."""
        with CallContext(exchange, self._connection) as course:
            while True:
                call = self._start(exchange.method.shape, exchange, course, exchange.body)
                try:
                    for reply in paced(call, exchange.options.idle_timeout):
                        yield course.piece(reply)
                except (grpc.RpcError, IdleTimeoutError) as error:
                    wait = course.failed(error, closed=self._closed)
                else:
                    course.ended()
                    return
                finally:
                    call.cancel()
                time.sleep(wait)

    def run(self, steps: CallSequence[R]) -> R:
        """Perform work of several calls."""
        stepper = SequenceRunner(steps)
        while not stepper.done:
            step = stepper.step
            if isinstance(step, Sleep):
                time.sleep(step.seconds)
                stepper.send(None)
                continue
            try:
                reply = self.unary(step)
            except APIError as error:
                stepper.throw(error)
            else:
                stepper.send(reply)
        return stepper.result

    def ready(self, timeout: Any) -> None:
        """Connect, and wait until that is done."""
        seconds = call_seconds(timeout) or READY_SECONDS
        if self._pid != os.getpid():
            self._forked()
        with self._lock:
            channel = self._open_channel()
        future = grpc.channel_ready_future(channel)
        try:
            future.result(seconds)
        except grpc.FutureTimeoutError:
            raise not_ready(self._connection.target, seconds) from None
        finally:
            future.cancel()

    def close(self) -> None:
        """Close the connection; calls under way are cancelled. Again is no error."""
        with self._lock:
            self._closed = True
            channel, self._channel = self._channel, None
            self._callables = {}
        if self._pid == os.getpid():
            self._sending.close()
            if channel is not None:
                channel.close()

    def _reply(self, exchange: RpcCall[Any, Any], course: CallContext[Any, Any]) -> Any:
        body = exchange.body
        if len(body) < LARGE_REQUEST_BYTES or exchange.options.wait_for_ready:
            return self._start("unary_unary", exchange, course, body)
        if self._pid != os.getpid():
            self._forked()
        woken, call = threading.Event(), None
        turn = self._sending.turn(len(body), woken.set)
        try:
            while not turn.come:
                if not woken.wait(min(turn.patience, course.left)):
                    turn.insist()
                if not turn.come and not course.left:
                    raise course.outwaited()
            call = self._start("stream_unary", exchange, course, SingleMessageStream(body, turn))
            return call.result()
        finally:
            # Whatever ended it: grpc's thread that sends would wait for ever.
            if call is not None:
                call.cancel()
            turn.end()

    def _start(self, shape: str, exchange: Any, course: CallContext[Any, Any], request: object) -> Any:
        call = self._callable(shape, exchange.method.path)
        try:
            return call(request, **course.attempt())
        except ValueError:
            # What grpc says when another thread closed the channel just now.
            self._check_open()
            raise

    def _callable(self, shape: str, path: str) -> Callable[..., Any]:
        if self._pid != os.getpid():
            self._forked()
        known = self._callables.get((shape, path))
        if known is not None:
            return known
        with self._lock:
            kind = getattr(self._open_channel(), shape)(path)
            # The large ones as futures, which can be cancelled.
            made: Callable[..., Any] = kind.future if shape == "stream_unary" else kind
            self._callables[shape, path] = made
            return made

    def _open_channel(self) -> grpc.Channel:
        self._check_open()
        if self._channel is None:
            self._channel = _open(self._connection)
        return self._channel

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed; make a new one")

    def _forked(self) -> None:
        # A child process cannot use its parent's connection, and closing it there would disturb
        # the parent: it is let go of, and a new one made on the next call.
        aio_is_lost()
        self._lock = threading.Lock()
        self._channel = None
        self._callables = {}
        self._sending = UploadLimiter()
        self._pid = os.getpid()


def _open(connection: ConnectionConfig) -> grpc.Channel:
    options = [_SINGLE_THREADED, *connection.options()]
    if connection.secure:
        return grpc.secure_channel(connection.target, connection.credentials(), options)
    return grpc.insecure_channel(connection.target, options)
