"""Make asyncio calls through threads, in a process forked after grpc.aio was used.

Cancelling a task ends its wait at once; the call itself ends with its next message or at its
deadline. ``fork_safety`` explains why grpc.aio cannot be used there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from xai_vision._transport.rpc import Out, Res, RpcCall
from xai_vision._transport.stream import Cancellation
from xai_vision._transport.sync import Transport


class ThreadedTransport:
    """The methods of AsyncTransport that make calls, on a blocking Transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def unary(self, call: RpcCall[Res, Out]) -> Out:
        """Send a request and return its response."""
        return await asyncio.to_thread(self._transport.unary, call)

    async def stream(
        self, call: RpcCall[Res, Out], cancellation: Cancellation
    ) -> AsyncGenerator[Out, None]:
        """Send a request and yield the messages of its response."""
        messages = self._transport.stream(call)
        cancellation.attach(messages.cancel)
        end: Any = object()
        loop = asyncio.get_running_loop()
        try:
            while True:
                # A cancelled task leaves the thread, which ends when the stream is cancelled.
                message = await loop.run_in_executor(None, next, messages, end)
                if message is end:
                    return
                yield message
        finally:
            messages.close()

    async def ready(self, timeout: Any) -> None:
        """Connect, and wait until the connection is up."""
        await asyncio.to_thread(self._transport.ready, timeout)
