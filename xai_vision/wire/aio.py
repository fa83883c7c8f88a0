"""Performing exchanges with await: sync.py's twin."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import grpc

from xai_vision.errors import APIError, ClientClosedError
from xai_vision.proto._method import Method
from xai_vision.wire.connect import Connection
from xai_vision.wire.exchange import Exchange, Out, Pause, Res, Stepper, Steps
from xai_vision.wire.translate import api_error

R = TypeVar("R")


class _Link:
    """The channel of one event loop: grpc binds a channel to the loop it was made in."""

    __slots__ = ("callables", "channel")

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.callables: dict[str, Callable[..., Any]] = {}


class AioWire:
    """Connections to the service, one per event loop that uses it, made on first use."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._links: WeakKeyDictionary[asyncio.AbstractEventLoop, _Link] = WeakKeyDictionary()
        self._closed = False

    async def unary(self, exchange: Exchange[Res, Out]) -> Out:
        """Send a request and wait for its reply; cancelling the task cancels the call."""
        call = self._callable(exchange.method)
        try:
            reply = await call(exchange.body, **self._connection.call_arguments(exchange.options))
        except grpc.RpcError as error:
            raise api_error(error, exchange) from None
        return exchange.read(reply)

    async def stream(self, exchange: Exchange[Res, Out]) -> AsyncGenerator[Out, None]:
        """Send a request and hand on its replies as they come; leaving early cancels it."""
        call = self._callable(exchange.method)(
            exchange.body, **self._connection.call_arguments(exchange.options)
        )
        begun = False
        try:
            async for reply in call:
                begun = True
                yield exchange.read(reply)
        except grpc.RpcError as error:
            raise api_error(error, exchange, begun=begun) from None
        else:
            if exchange.finish is not None:
                exchange.finish()
        finally:
            call.cancel()

    async def run(self, steps: Steps[R]) -> R:
        """Perform work of several calls."""
        stepper = Stepper(steps)
        while not stepper.done:
            step = stepper.step
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                stepper.send(None)
                continue
            try:
                reply = await self.unary(step)
            except APIError as error:
                stepper.throw(error)
            else:
                stepper.send(reply)
        return stepper.result

    async def close(self) -> None:
        """Close the connection; calls under way are cancelled. Again is no error."""
        with self._lock:
            self._closed = True
            links = list(self._links.items())
            self._links.clear()
        running = asyncio.get_running_loop()
        for loop, link in links:
            # Another loop's channel can only be closed in that loop; one whose loop is gone
            # has no calls left and goes with the last reference to it.
            if loop is running:
                await link.channel.close()

    def _callable(self, method: Method[Any, Any]) -> Callable[..., Any]:
        loop = asyncio.get_running_loop()
        link = self._links.get(loop)
        if link is None:
            link = self._link(loop)
        known = link.callables.get(method.path)
        if known is None:
            known = link.callables[method.path] = getattr(link.channel, method.shape)(
                method.path, response_deserializer=method.response.FromString
            )
        return known

    def _link(self, loop: asyncio.AbstractEventLoop) -> _Link:
        with self._lock:
            if self._closed:
                raise ClientClosedError("the client is closed; make a new one")
            link = self._links[loop] = _Link(_open(self._connection))
            return link


def _open(connection: Connection) -> grpc.aio.Channel:
    options = connection.options()
    if connection.secure:
        credentials = grpc.ssl_channel_credentials()
        return grpc.aio.secure_channel(connection.target, credentials, options)
    return grpc.aio.insecure_channel(connection.target, options)
