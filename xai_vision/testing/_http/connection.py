"""One HTTP connection, on uvicorn's protocol: without logging, and with connection faults."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._transport.address import LINGER_0

# getLogger() would return uvicorn's own logger, which the program under test may use too.
_SILENT_LOGGER = logging.Logger("xai_vision.testing._http", logging.CRITICAL + 1)


class FaultyTransport:
    """A transport that injects a connection fault after a number of bytes.

    Attributes:
        broken: Whether the fault has been injected.
    """

    _on_injection: Callable[[], None]

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._fault: Fault | None = None
        self._remaining = 0
        self.broken = False

    def arm(self, fault: Fault, on_injection: Callable[[], None]) -> None:
        """Inject ``fault`` after ``fault.after_bytes`` more bytes.

        Args:
            fault: The fault.
            on_injection: Called just before the client can notice the fault.
        """
        self._fault, self._remaining, self._on_injection = fault, fault.after_bytes, on_injection
        self._inject_if_due()

    def disarm(self) -> None:
        """Drop a fault that was not injected during its response."""
        self._fault = None

    def write(self, data: bytes) -> None:
        """Write the data, up to the fault."""
        if self.broken:
            return
        self._transport.write(data if self._fault is None else data[: self._remaining])
        self._remaining -= len(data)
        self._inject_if_due()

    def close(self) -> None:
        """Close the transport; a frozen connection stays open."""
        if not self.broken:
            self._transport.close()

    def _inject_if_due(self) -> None:
        if self._fault is None or self._remaining > 0 or self.broken:
            return
        self.broken = True
        self._on_injection()
        if self._fault.kind != "freeze":
            self._reset()

    def _reset(self) -> None:
        # abort() drops buffered data, which the client must receive: wait until it is written.
        if self._transport.get_write_buffer_size() and not self._transport.is_closing():
            asyncio.get_running_loop().call_later(0.001, self._reset)
            return
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Connection(H11Protocol):
    """A connection without logging, whose transport can inject faults.

    The scope of a request holds it as ``scope["state"]["connection"]``.
    """

    faulty_transport: FaultyTransport

    def __init__(self, config: Config, state: ServerState, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config, state, {"connection": self}, loop)
        self.logger = _SILENT_LOGGER
        self.access_log = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wrap the transport in a ``FaultyTransport``."""
        # Headers and body are separate writes. Without TCP_NODELAY the body waits about 40 ms for
        # the client to acknowledge the headers. asyncio sets it only on sockets it has created.
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.faulty_transport = FaultyTransport(transport)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        super().connection_made(self.faulty_transport)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # duck typing
