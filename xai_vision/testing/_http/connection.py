"""One HTTP connection: uvicorn's, silent, and with a cable that a test can cut."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from xai_vision.testing._faults.fault import Fault

__all__ = ["Connection", "FaultyTransport"]

# SO_LINGER with no time: closing sends RST. Its two numbers are short ones on Windows.
_RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def _silent() -> logging.Logger:
    # Of its own and without a parent: the program under test may run uvicorn too, and what it
    # logs is not ours to change.
    logger = logging.Logger("xai_vision.testing._http", logging.CRITICAL)
    logger.addHandler(logging.NullHandler())
    return logger


_SILENT = _silent()


class FaultyTransport:
    """A transport that lets a fault happen after so many bytes."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._fault: Fault | None = None
        self._left = 0
        self._struck: Callable[[], None] | None = None
        self.cut = False

    def arm(self, fault: Fault, struck: Callable[[], None]) -> None:
        """Let ``fault`` happen when it is due; at once, if nothing is to be sent before.

        ``struck`` is called when it does, before the client can notice.
        """
        self._fault, self._left, self._struck = fault, fault.after_bytes, struck
        self._strike()

    def disarm(self) -> None:
        """Forget a fault whose answer is over before it was due."""
        if not self.cut:
            self._fault = None

    def write(self, data: bytes) -> None:
        """Send, as far as the fault allows."""
        if self.cut:
            return
        if self._fault is None:
            self._transport.write(data)
            return
        self._transport.write(data[: self._left])
        self._left -= len(data)
        self._strike()

    def close(self) -> None:
        """Close it; a frozen connection stands."""
        if not self.cut:
            self._transport.close()

    def _strike(self) -> None:
        if self._fault is None or self._left > 0 or self.cut:
            return
        self.cut = True
        if self._struck is not None:
            self._struck()
        if self._fault.kind != "freeze":
            self._reset()

    def _reset(self) -> None:
        # What was sent before is to arrive: aborting would drop what is not yet on its way.
        if self._transport.get_write_buffer_size() and not self._transport.is_closing():
            asyncio.get_running_loop().call_later(0.001, self._reset)
            return
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Connection(H11Protocol):
    """A connection that says nothing to anybody's log, and that requests can find.

    Requests have it in their scope, as ``scope["state"]["connection"]``.
    """

    faulty_transport: FaultyTransport

    def __init__(self, config: Config, state: ServerState, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config, state, {"connection": self}, loop)
        self.logger = _SILENT
        self.access_log = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put the cable between."""
        # Head and body are written apart: without this the body would wait for the client's
        # acknowledgement of the head, some 40 ms. asyncio does it only for sockets it has made.
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.faulty_transport = FaultyTransport(transport)  # type: ignore[arg-type]  # a stream's transport
        super().connection_made(self.faulty_transport)  # type: ignore[arg-type]  # stands in for one
