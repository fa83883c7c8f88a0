"""asyncio in a process forked after grpc.aio was used: calls are made by blocking, in threads.

Cancelling a task stops its waiting at once; the call itself ends with its next piece, or its
deadline. fork.py says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.rpc import RpcCall, Out, Res
from xai_vision._transport.sync import Transport


class ThreadedTransport:
    """The part of AioWire that makes calls, by way of threads."""

    def __init__(self, connection: ConnectionConfig) -> None:
        self._wire = Transport(connection)

    async def unary(self, exchange: RpcCall[Res, Out]) -> Out:
        """Send a request and wait for its reply."""
        return await asyncio.to_thread(self._wire.unary, exchange)

    async def stream(self, exchange: RpcCall[Res, Out]) -> AsyncGenerator[Out, None]:
        """Send a request and hand on its replies as they come."""
        replies = self._wire.stream(exchange)
        end: Any = object()
        loop = asyncio.get_running_loop()
        reading = None
        try:
            while True:
                reading = loop.run_in_executor(None, next, replies, end)
                reply = await asyncio.shield(reading)
                if reply is end:
                    return
                yield reply
        finally:
            if reading is not None and not reading.done():
                reading.add_done_callback(lambda _: replies.close())
            else:
                replies.close()

    async def ready(self, timeout: Any) -> None:
        """Connect, and wait until that is done."""
        await asyncio.to_thread(self._wire.ready, timeout)

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()
