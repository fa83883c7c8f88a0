"""Sending an outcome: headers, body or stream, and what a fault does to the connection."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from xai_vision.testing._http.request import HttpResult
from xai_vision.testing._service.delivery import ClientDisconnected

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from xai_vision.testing._faults.fault import Fault
    from xai_vision.testing._http.connection import FaultyTransport
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._thread_pool import ThreadPool

__all__ = ["HttpResponse"]


class HttpResponse(Response):
    """Sends an outcome, as far as the connection lets it through.

    Args:
        outcome: What to send.
        call: The log's entry.
        crew: Threads for waiting for a stream's parts.
        leaving: Done when the client has gone; None where nobody looks.
    """

    def __init__(
        self,
        outcome: HttpResult,
        call: ActiveCall,
        crew: ThreadPool,
        leaving: asyncio.Task[None] | None,
    ) -> None:
        self._outcome = outcome
        self._call = call
        self._crew = crew
        self._leaving = leaving
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        cable: FaultyTransport = scope["state"]["connection"].faulty_transport
        fault = self._call.delivery.connection_fault
        if self._call.record.ended is None:
            self._call.record.http_status = self._outcome.status
        if fault is not None:
            cable.arm(fault, partial(self._cut, fault))
        try:
            if isinstance(self._outcome.body, bytes):
                if not cable.cut:
                    # Noted before the last byte leaves: a client that has its answer finds the
                    # log complete. What cuts it off takes that back.
                    self._call.finish("OK")
                await self._whole(self._outcome.body, send)
            else:
                await self._stream(self._outcome.body, cable, send)
            if fault is not None:
                await self._struck(fault, cable)
        finally:
            cable.disarm()
            if self._leaving is not None:
                self._leaving.cancel()

    async def _whole(self, body: bytes, send: Send) -> None:
        await self._head(send, len(body))
        await send({"type": "http.response.body", "body": body})

    async def _stream(self, parts: Iterator[bytes], cable: FaultyTransport, send: Send) -> None:
        await self._head(send, None)
        loop = asyncio.get_running_loop()
        while not cable.cut:
            try:
                part = await loop.run_in_executor(self._crew, next, parts, None)
            except ClientDisconnected:
                # Left or stopped: there is no end of the stream to send.
                self._call.finish("UNAVAILABLE", "The fake server was stopped.")
                cable.abort()
                return
            if part is None:
                await send({"type": "http.response.body", "body": b""})
                return
            await send({"type": "http.response.body", "body": part, "more_body": True})

    async def _struck(self, fault: Fault, cable: FaultyTransport) -> None:
        """Note the end of a call whose connection a fault was meant for."""
        if not cable.cut:
            self._call.finish("OK")
        elif fault.kind == "freeze" and self._leaving is not None:
            # It stands until its client leaves, or the server stops.
            await asyncio.wait([self._leaving])
        else:
            self._call.finish("CANCELLED", cancelled=True)

    def _cut(self, fault: Fault) -> None:
        """Note that the connection is cut: the rest of the answer does not reach the client."""
        if not fault.after_bytes:
            self._call.record.http_status = None
        self._call.delivery.return_reply()
        # What is frozen is under way until its client leaves, unless it was noted as sent.
        if fault.kind != "freeze" or self._call.record.ended is not None:
            self._call.mark_lost(fault)

    async def _head(self, send: Send, size: int | None) -> None:
        headers = {
            "content-type": self._outcome.content_type,
            "x-request-id": str(uuid.uuid4()),
            **self._outcome.headers,
        }
        if size is not None:
            headers["content-length"] = str(size)
        pairs = [
            (key.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for key, value in headers.items()
        ]
        start = {"type": "http.response.start", "status": self._outcome.status, "headers": pairs}
        await send(start)
