"""Make asyncio calls through threads, in a process forked after grpc.aio was used.

Cancelling a task ends its wait at once; the call itself ends with its next message or at its
deadline. ``fork_safety`` explains why grpc.aio cannot be used there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.rpc import Out, Res, RpcCall
from xai_vision._transport.sync import Transport


class ThreadedTransport:
    """The methods of AsyncTransport that make calls, on a blocking Transport."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._transport = Transport(config)

    async def unary(self, call: RpcCall[Res, Out]) -> Out:
        """Send a request and return its response."""
        return await asyncio.to_thread(self._transport.unary, call)

    async def stream(self, call: RpcCall[Res, Out]) -> AsyncGenerator[Out, None]:
        """Send a request and yield the messages of its response."""
        messages = self._transport.stream(call)
        end: Any = object()
        loop = asyncio.get_running_loop()
        reading = None
        try:
            while True:
                reading = loop.run_in_executor(None, next, messages, end)
                # Shielded: a cancelled task must not abandon a thread within the generator,
                # which can be closed only when that thread has left it.
                message = await asyncio.shield(reading)
                if message is end:
                    return
                yield message
        finally:
            if reading is not None and not reading.done():
                reading.add_done_callback(lambda _: messages.close())
            else:
                messages.close()

    async def ready(self, timeout: Any) -> None:
        """Connect, and wait until the connection is up."""
        await asyncio.to_thread(self._transport.ready, timeout)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()
