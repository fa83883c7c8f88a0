"""A connection through the TCP proxy: its two directions, its calls and its scheduled faults."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field

from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._service.active_call import ActiveCall

CHUNK_SIZE = 256 * 1024
"""The maximum number of bytes that one read takes."""


@dataclass
class Direction:
    """One direction of a connection.

    Attributes:
        source: The socket that the bytes come from.
        sink: The socket that the bytes go to.
        data: The bytes that were received and not yet sent.
        ended: Whether the source has closed its side.
        closed: Whether the end was passed on to the sink.
    """

    source: socket.socket
    sink: socket.socket
    data: bytearray = field(default_factory=bytearray)
    ended: bool = False
    closed: bool = False

    def receive(self) -> None:
        """Read once from the source.

        Raises:
            OSError: The source has nothing to read, or the connection is broken.
        """
        data = self.source.recv(CHUNK_SIZE)
        self.data += data
        self.ended = self.ended or not data

    def send(self, limit: int | None) -> int:
        """Send at most ``limit`` of the received bytes; return the number that the sink accepted.

        Raises:
            OSError: The connection is broken.
        """
        sent = 0
        with memoryview(self.data) as data, data[:limit] as allowed:
            if allowed:
                with contextlib.suppress(BlockingIOError):
                    sent = self.sink.send(allowed)
        del self.data[:sent]
        return sent

    def close_sink(self) -> None:
        """Pass the end on to the sink, once the source has ended and all bytes are sent.

        Raises:
            OSError: The connection is broken.
        """
        if self.ended and not self.data and not self.closed:
            self.closed = True
            self.sink.shutdown(socket.SHUT_WR)


@dataclass(eq=False)
class ScheduledFault:
    """A connection fault that is due after a number of bytes to the client.

    Attributes:
        fault: The fault.
        call: The call that the fault is meant for.
        owner: The engine of the tenant.
        remaining: The number of bytes to send before the fault.
    """

    fault: Fault
    call: ActiveCall
    owner: object
    remaining: int


class ProxiedConnection:
    """A client's connection to the proxy, and the proxy's connection to the server.

    Attributes:
        client: The socket of the client's connection.
        server: The socket of the connection to the server.
        port: The local port of ``server``; the server sees it as the peer's.
        scheduled: The faults that are not due yet.
        frozen_by: The fault that froze the connection, if any.
        calls: The calls whose responses are not delivered yet. A value is the position in the
            server's output at which the response ends; None until the response is complete.
        sent: The number of bytes that were sent to the client.
    """

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.port: int = server.getsockname()[1]
        self.to_server = Direction(client, server)
        self.to_client = Direction(server, client)
        self.scheduled: list[ScheduledFault] = []
        self.frozen_by: ScheduledFault | None = None
        self.calls: dict[ActiveCall, int | None] = {}
        self.sent = 0

    @property
    def closed(self) -> bool:
        """Whether the proxy has closed both sockets."""
        return self.client.fileno() < 0

    @property
    def received(self) -> int:
        """The number of bytes that came from the server."""
        return self.sent + len(self.to_client.data)

    @property
    def undelivered_calls(self) -> list[ActiveCall]:
        """The calls whose responses were not sent completely."""
        return [call for call, end in list(self.calls.items()) if end is None or end > self.sent]

    @property
    def send_limit(self) -> int | None:
        """The number of bytes that may still be sent to the client; None is unlimited."""
        return min((max(fault.remaining, 0) for fault in self.scheduled), default=None)

    @property
    def due_fault(self) -> ScheduledFault | None:
        """The first scheduled fault that is due; None if the connection is frozen already."""
        if self.frozen_by is not None:
            return None
        return next((fault for fault in self.scheduled if fault.remaining <= 0), None)

    def count_sent(self, count: int) -> None:
        """Count bytes that were sent to the client."""
        self.sent += count
        for fault in self.scheduled:
            fault.remaining -= count

    def drain(self, count: int) -> None:
        """Read the server's output until ``count`` bytes wait to be sent, or none is left."""
        with contextlib.suppress(OSError):
            while len(self.to_client.data) < count and not self.to_client.ended:
                self.to_client.receive()
