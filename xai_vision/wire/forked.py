"""asyncio in a process forked after grpc.aio was used.

grpc.aio runs on one thread of its own that does not survive a fork, and cannot be started again: a
call in the child is a segmentation fault (measured with grpcio 1.85, as 1.66). gRPC's blocking
side does survive, so there calls are made by blocking, in threads. Cancelling a task stops its
waiting at once; the call itself ends with its next piece, or its deadline.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import Any

from xai_vision.wire.connect import Connection
from xai_vision.wire.exchange import Exchange, Out, Res
from xai_vision.wire.sync import Wire

_aio_since: int | None = None


def note_use_of_aio() -> None:
    """Remember that this process has used grpc.aio."""
    global _aio_since  # noqa: PLW0603  # it is the process that has the state
    if _aio_since is None:
        _aio_since = os.getpid()


def aio_is_lost() -> bool:
    """Whether grpc.aio was used in a process this one was forked from."""
    return _aio_since is not None and _aio_since != os.getpid()


class ThreadedWire:
    """The part of AioWire that makes calls, by way of threads."""

    def __init__(self, connection: Connection) -> None:
        self._wire = Wire(connection)

    async def unary(self, exchange: Exchange[Res, Out]) -> Out:
        """Send a request and wait for its reply."""
        return await asyncio.to_thread(self._wire.unary, exchange)

    async def stream(self, exchange: Exchange[Res, Out]) -> AsyncGenerator[Out, None]:
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
