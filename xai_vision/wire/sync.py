"""Performing exchanges by blocking. Its twin with await is in aio.py."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import grpc
from grpc.experimental import ChannelOptions as _Experimental

from xai_vision.errors import APIError, ClientClosedError
from xai_vision.proto._method import Method
from xai_vision.wire.connect import Connection
from xai_vision.wire.exchange import Exchange, Out, Pause, Res, Stepper, Steps
from xai_vision.wire.translate import api_error

R = TypeVar("R")

# One thread less to wake per chunk: the reader of a stream takes events from grpc itself.
_SINGLE_THREADED = (_Experimental.SingleThreadedUnaryStream, 1)


class Wire:
    """A connection to the service, made on first use; safe to use from many threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None
        self._callables: dict[str, Callable[..., Any]] = {}
        self._closed = False

    def unary(self, exchange: Exchange[Res, Out]) -> Out:
        """Send a request and wait for its reply."""
        call = self._callable(exchange.method)
        try:
            reply = call(exchange.body, **self._connection.call_arguments(exchange.options))
        except grpc.RpcError as error:
            raise api_error(error, exchange) from None
        return exchange.read(reply)

    def stream(self, exchange: Exchange[Res, Out]) -> Generator[Out, None, None]:
        """Send a request and hand on its replies as they come; leaving early cancels it."""
        call = self._callable(exchange.method)(
            exchange.body, **self._connection.call_arguments(exchange.options)
        )
        begun = False
        try:
            for reply in call:
                begun = True
                yield exchange.read(reply)
        except grpc.RpcError as error:
            raise api_error(error, exchange, begun=begun) from None
        else:
            if exchange.finish is not None:
                exchange.finish()
        finally:
            call.cancel()

    def run(self, steps: Steps[R]) -> R:
        """Perform work of several calls."""
        stepper = Stepper(steps)
        while not stepper.done:
            step = stepper.step
            if isinstance(step, Pause):
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

    def close(self) -> None:
        """Close the connection; calls under way are cancelled. Again is no error."""
        with self._lock:
            self._closed = True
            channel, self._channel = self._channel, None
            self._callables.clear()
        if channel is not None:
            channel.close()

    def _callable(self, method: Method[Any, Any]) -> Callable[..., Any]:
        known = self._callables.get(method.path)
        if known is not None:
            return known
        with self._lock:
            if self._closed:
                raise ClientClosedError("the client is closed; make a new one")
            if self._channel is None:
                self._channel = _open(self._connection)
            made: Callable[..., Any] = getattr(self._channel, method.shape)(
                method.path, response_deserializer=method.response.FromString
            )
            self._callables[method.path] = made
            return made


def _open(connection: Connection) -> grpc.Channel:
    options = [_SINGLE_THREADED, *connection.options()]
    if connection.secure:
        return grpc.secure_channel(connection.target, grpc.ssl_channel_credentials(), options)
    return grpc.insecure_channel(connection.target, options)
