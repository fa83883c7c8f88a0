"""What the front knows of a connection: its two directions, what came by it, what awaits it."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field

from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._service.active_call import ActiveCall

__all__ = ["CHUNK_SIZE", "Direction", "ProxiedConnection", "ScheduledFault"]

CHUNK_SIZE = 256 * 1024
"""Bytes that are read at a time."""


@dataclass
class Direction:
    """One direction of a connection."""

    source: socket.socket
    sink: socket.socket
    data: bytearray = field(default_factory=bytearray)
    ended: bool = False
    closed: bool = False


@dataclass(eq=False)
class ScheduledFault:
    """A fault that waits on a connection, for which call, and for how many more bytes."""

    fault: Fault
    call: ActiveCall
    owner: object
    left: int


class ProxiedConnection:
    """A connection: the client's socket, ours to the server, and what is to happen to it.

    Attributes:
        port: What the server knows it by.
        calls: What came by it, until its answer is through: how many bytes have come from the
            server when all of it is among them; None while the server is at it.
    """

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.port: int = server.getsockname()[1]
        self.up = Direction(client, server)
        self.down = Direction(server, client)
        self.charges: list[ScheduledFault] = []
        self.frozen_by: ScheduledFault | None = None
        self.calls: dict[ActiveCall, int | None] = {}
        self.sent = 0

    @property
    def received(self) -> int:
        """How many bytes have come from the server."""
        return self.sent + len(self.down.data)

    @property
    def unanswered(self) -> list[ActiveCall]:
        """The calls whose answers are not through."""
        return [call for call, end in list(self.calls.items()) if end is None or end > self.sent]

    @property
    def allowed(self) -> int | None:
        """How many bytes may still go to the client; None is any number."""
        return min((max(charge.left, 0) for charge in self.charges), default=None)

    def drain(self, enough: int) -> None:
        """Take what has come from the server, until there is ``enough`` of it."""
        with contextlib.suppress(OSError):
            while len(self.down.data) < enough:
                data = self.server.recv(CHUNK_SIZE)
                self.down.data += data
                if not data:
                    self.down.ended = True
                    break
