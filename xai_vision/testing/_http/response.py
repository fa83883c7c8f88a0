"""Send a handler's result: headers, body or stream, with connection faults."""

from __future__ import annotations

import asyncio
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


class HttpResponse(Response):
    """Sends a result, and injects the call's connection fault.

    Args:
        result: The result to send.
        call: The call that the result belongs to.
        threads: The threads that wait for the parts of a stream.
        disconnected: A task that ends when the client disconnects; None if nothing watches it.
    """

    def __init__(
        self,
        result: HttpResult,
        call: ActiveCall,
        threads: ThreadPool,
        disconnected: asyncio.Task[None] | None,
    ) -> None:
        self._result = result
        self._call = call
        self._threads = threads
        self._disconnected = disconnected
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the result."""
        transport: FaultyTransport = scope["state"]["connection"].faulty_transport
        fault = self._call.delivery.connection_fault
        if self._call.record.ended is None:
            self._call.record.http_status = self._result.status
        if fault is not None:
            transport.arm(fault, partial(self._on_injection, fault))
        try:
            if isinstance(self._result.body, bytes):
                if not transport.broken:
                    # Finish the call before the last byte, so that a client with its response
                    # finds the log complete. A fault during the body changes the record again.
                    self._call.finish("OK")
                await self._send_headers(send, len(self._result.body))
                await send({"type": "http.response.body", "body": self._result.body})
            else:
                await self._send_stream(self._result.body, transport, send)
            if fault is not None:
                await self._finish_faulty_call(fault, transport)
        finally:
            transport.disarm()
            if self._disconnected is not None:
                self._disconnected.cancel()

    async def _send_stream(
        self, parts: Iterator[bytes], transport: FaultyTransport, send: Send
    ) -> None:
        await self._send_headers(send, None)
        loop = asyncio.get_running_loop()
        while not transport.broken:
            try:
                part = await loop.run_in_executor(self._threads, next, parts, None)
            except ClientDisconnected:
                # Close the connection without a last event, so that the stream is incomplete.
                self._call.finish("UNAVAILABLE", "The fake server was stopped.")
                transport.abort()
                return
            if part is None:
                await send({"type": "http.response.body", "body": b""})
                return
            await send({"type": "http.response.body", "body": part, "more_body": True})

    async def _finish_faulty_call(self, fault: Fault, transport: FaultyTransport) -> None:
        """Finish a call whose connection fault may have been injected."""
        if not transport.broken:
            self._call.finish("OK")
        elif fault.kind == "freeze" and self._disconnected is not None:
            # A frozen connection stays open until the client disconnects or the server stops.
            await asyncio.wait([self._disconnected])
        else:
            self._call.finish("CANCELLED", cancelled=True)

    def _on_injection(self, fault: Fault) -> None:
        """Record that the client does not receive the rest of the response."""
        if not fault.after_bytes:
            self._call.record.http_status = None
        self._call.delivery.return_reply()
        # A call on a frozen connection continues until its client disconnects, unless its end is
        # already in the log.
        if fault.kind != "freeze" or self._call.record.ended is not None:
            self._call.mark_lost(fault)

    async def _send_headers(self, send: Send, content_length: int | None) -> None:
        headers = {
            "content-type": self._result.content_type,
            "x-request-id": self._call.request_id,
            **self._result.headers,
        }
        if content_length is not None:
            headers["content-length"] = str(content_length)
        encoded = [
            (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in headers.items()
        ]
        status = self._result.status
        await send({"type": "http.response.start", "status": status, "headers": encoded})
