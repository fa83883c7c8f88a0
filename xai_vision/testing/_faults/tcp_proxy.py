"""A TCP proxy in front of the gRPC port. It resets and freezes connections for tests."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from functools import partial

from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._faults.proxied_connection import (
    CHUNK_SIZE,
    Direction,
    ProxiedConnection,
    ScheduledFault,
)
from xai_vision.testing._faults.selector_thread import SelectorThread
from xai_vision.testing._service.active_call import ActiveCall
from xai_vision.testing._transport.address import LINGER_0, LOOPBACK

_CONNECT_SECONDS = 5.0
# After this time clients have noticed a reset, and send no more calls over the connection.
_NOTICE_SECONDS = 0.05
_MAX_RESETS = 1000
_BUFFER_SIZE = CHUNK_SIZE * 4


class TcpProxy:
    """Forwards bytes between a port and an upstream server, on one thread.

    Args:
        listener: The listening socket. The proxy closes it.
        upstream_port: The port of the upstream server.
    """

    def __init__(self, listener: socket.socket, upstream_port: int) -> None:
        self._upstream_port = upstream_port
        self._listener = listener
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._connections: dict[int, ProxiedConnection] = {}
        self._resets: dict[int, Fault] = {}  # The latest resets: port to fault.
        self._lock = threading.Lock()
        self._thread = SelectorThread("xai-vision-proxy", self._close)
        self._thread.watch(self._listener, selectors.EVENT_READ, self._accept)
        self._thread.start()

    def track_call(self, call: ActiveCall) -> Callable[[], None] | None:
        """Register a call with its connection: a connection fault hits every call on it.

        Returns:
            A function to call when the response is complete; None if the call's connection does
            not go through the proxy.
        """
        with self._lock:
            port = _port(call.record.peer)
            connection, fault = self._connections.get(port), self._resets.get(port)
            if connection is not None:
                connection.calls[call] = None
                frozen_by = connection.frozen_by
                fault = frozen_by.fault if frozen_by is not None else None
        if fault is not None:
            # The fault broke the connection before the call started.
            call.mark_lost(fault)
        if connection is None:
            return None
        return partial(self._thread.submit, partial(self._record_end, connection, call))

    def schedule(self, call: ActiveCall, fault: Fault, owner: object) -> Callable[[], None] | None:
        """Apply a fault to the connection of a call after ``fault.after_bytes`` bytes.

        Args:
            call: The call. It is marked as lost before its client can notice the fault.
            fault: The fault.
            owner: The object to pass to ``reset_frozen``.

        Returns:
            A function to call when the server has written the complete response: it cancels the
            fault if it is not due by then. None if the connection does not go through the proxy.
        """
        scheduled = ScheduledFault(fault, call, owner, fault.after_bytes)
        with self._lock:
            connection = self._connections.get(_port(call.record.peer))
            if connection is None:
                return None
            connection.scheduled = [*connection.scheduled, scheduled]
        self._thread.submit(partial(self._apply_due_fault, connection))
        # The caller waits until the function has run: bytes that are queued by then belong to
        # this response, later bytes do not.
        return partial(self._thread.run, partial(self._cancel, connection, scheduled))

    def reset_frozen(self, owner: object, fault: Fault | None = None) -> None:
        """Reset frozen connections, so that their clients connect again.

        Args:
            owner: The owner that was passed to ``schedule``.
            fault: The fault that froze the connections; None means any fault.
        """
        reset = threading.Event()
        self._thread.run(partial(self._reset_frozen, owner, fault, reset))
        if reset.is_set():
            time.sleep(_NOTICE_SECONDS)

    def stop(self) -> None:
        """Close every connection and the port."""
        self._thread.stop()

    def _close(self) -> None:
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._listener.close()

    def _cancel(self, connection: ProxiedConnection, scheduled: ScheduledFault) -> None:
        """Cancel a fault, unless bytes that the server has already written make it due."""
        connection.drain(scheduled.remaining)
        if len(connection.to_client.data) < scheduled.remaining:
            with self._lock:
                connection.scheduled = [
                    other for other in connection.scheduled if other is not scheduled
                ]
        self._forward(connection)

    def _record_end(self, connection: ProxiedConnection, call: ActiveCall) -> None:
        """Record that a call's response ends with the bytes that the server has written so far."""
        connection.drain(_BUFFER_SIZE)
        with self._lock:
            connection.calls[call] = connection.received
        self._forward(connection)
        self._forget_delivered(connection)

    def _forget_delivered(self, connection: ProxiedConnection) -> None:
        """Forget the calls whose responses were sent completely."""
        with self._lock:
            calls = connection.undelivered_calls
            connection.calls = {call: connection.calls[call] for call in calls}

    def _reset_frozen(self, owner: object, fault: Fault | None, reset: threading.Event) -> None:
        for connection in list(self._connections.values()):
            by = connection.frozen_by
            if by is not None and by.owner is owner and (fault is None or by.fault is fault):
                self._reset(connection, by.fault)
                reset.set()

    def _accept(self, events: int) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        try:
            server = socket.create_connection(
                (LOOPBACK, self._upstream_port), timeout=_CONNECT_SECONDS
            )
        except OSError:
            client.close()
            return
        connection = ProxiedConnection(client, server)
        with self._lock:
            self._connections[connection.port] = connection
            self._resets.pop(connection.port, None)
        for sock in (client, server):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._update_events(connection)

    def _forward(
        self, connection: ProxiedConnection, from_client: bool = False, events: int = 0
    ) -> None:
        if connection.closed:
            return
        incoming, outgoing = connection.to_client, connection.to_server
        if from_client:
            incoming, outgoing = outgoing, incoming
        try:
            if events & selectors.EVENT_READ:
                incoming.receive()
            self._send(connection, incoming)
            if events & selectors.EVENT_WRITE:
                self._send(connection, outgoing)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._drop(connection)
        self._update_events(connection)

    def _send(self, connection: ProxiedConnection, direction: Direction) -> None:
        to_client = direction is connection.to_client
        sent = direction.send(connection.send_limit if to_client else None)
        if to_client:
            connection.count_sent(sent)
            if connection.calls and not direction.data:
                self._forget_delivered(connection)
            self._apply_due_fault(connection)
        direction.close_sink()
        if connection.to_server.closed and connection.to_client.closed:
            self._drop(connection)

    def _apply_due_fault(self, connection: ProxiedConnection) -> None:
        due = connection.due_fault
        if due is None or connection.closed:
            return
        # Mark the calls before the client can notice the fault: it may retry at once, and the
        # rule must have its reply back by then.
        targets = {scheduled.call for scheduled in connection.scheduled}
        for call in targets:
            call.mark_lost(due.fault)
        for call in connection.undelivered_calls:
            if call not in targets:
                call.mark_maybe_lost(due.fault)
        if due.fault.kind == "freeze":
            connection.frozen_by = due
            self._update_events(connection)
        else:
            self._reset(connection, due.fault)

    def _reset(self, connection: ProxiedConnection, fault: Fault) -> None:
        with self._lock:
            self._resets[connection.port] = fault
            while len(self._resets) > _MAX_RESETS:
                del self._resets[next(iter(self._resets))]
        with contextlib.suppress(OSError):
            connection.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        self._drop(connection)

    def _update_events(self, connection: ProxiedConnection) -> None:
        """Watch the sockets that can make progress; do not read while the buffer is full."""
        if connection.closed:
            return
        to_server, to_client = connection.to_server, connection.to_client
        for incoming, outgoing in ((to_server, to_client), (to_client, to_server)):
            events = 0
            if connection.frozen_by is None:
                if not incoming.ended and len(incoming.data) < _BUFFER_SIZE:
                    events |= selectors.EVENT_READ
                if outgoing.data:
                    events |= selectors.EVENT_WRITE
            on_ready = partial(self._forward, connection, incoming is to_server)
            self._thread.watch(incoming.source, events, on_ready)

    def _drop(self, connection: ProxiedConnection) -> None:
        with self._lock:
            if self._connections.get(connection.port) is connection:
                del self._connections[connection.port]
        for sock in (connection.client, connection.server):
            if sock.fileno() >= 0:
                self._thread.watch(sock, 0)
            sock.close()


def _port(peer: str) -> int:
    return int(peer.rpartition(":")[2])
