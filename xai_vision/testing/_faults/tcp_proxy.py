"""A byte-level front before the port: resets and freezes connections where a test wants it."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._faults.proxied_connection import (
    CHUNK_SIZE,
    Direction,
    ProxiedConnection,
    ScheduledFault,
)
from xai_vision.testing._service.active_call import ActiveCall
from xai_vision.testing._transport.address import LOOPBACK

__all__ = ["TcpProxy"]

_ORDER_SECONDS = 1.0
# After a reset, for clients to notice before somebody calls again over the connection.
_NOTICE_SECONDS = 0.05
_CUTS = 1000
# SO_LINGER with no time: closing sends RST. Its two numbers are short ones on Windows.
_RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class TcpProxy:
    """Passes bytes between a port and the server behind it, on one thread.

    Args:
        listener: The listening socket, which it takes over.
        behind: The server's own port.
    """

    def __init__(self, listener: socket.socket, behind: int) -> None:
        self._behind = behind
        self._listener = listener
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._bell, self._hearing = socket.socketpair()
        self._hearing.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._hearing, selectors.EVENT_READ)
        self._links: dict[int, ProxiedConnection] = {}
        self._cut: dict[int, Fault] = {}  # connections that were reset, by the server's name
        self._orders: deque[tuple[Callable[[], None], threading.Event | None]] = deque()
        self._lock = threading.Lock()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="xai-vision-front", daemon=True)
        self._thread.start()

    def track_call(self, call: ActiveCall) -> Callable[[], None] | None:
        """Know a call by its connection, for what strikes that strikes all that came by it.

        Returns:
            What is to be called when its answer is over. None if there is no such connection.
        """
        with self._lock:
            port = _port(call.record.peer)
            link, fault = self._links.get(port), self._cut.get(port)
            if link is not None:
                link.calls[call] = None
                fault = link.frozen_by.fault if link.frozen_by is not None else None
        if fault is not None:
            call.mark_lost(fault)  # it was taken up only after its connection had been struck
        return None if link is None else partial(self._passed, link, call)

    def _passed(self, link: ProxiedConnection, call: ActiveCall) -> None:
        self._orders.append((partial(self._note_end, link, call), None))
        self._ring()

    def schedule(self, call: ActiveCall, fault: Fault, owner: object) -> Callable[[], None] | None:
        """Let a fault happen to the connection that a call came by.

        Args:
            call: It is told, before its client can notice, that its answer is lost.
            fault: Which.
            owner: Who may thaw the connection again.

        Returns:
            What is to be called when the server has written the whole answer: a fault that is
            not due by then does not happen. None if there is no such connection.
        """
        charge = ScheduledFault(fault, call, owner, fault.after_bytes)
        with self._lock:
            link = self._links.get(_port(call.record.peer))
            if link is None:
                return None
            link.charges = [*link.charges, charge]
        self._ring()
        return partial(self._disarm, link, charge)

    def _disarm(self, link: ProxiedConnection, charge: ScheduledFault) -> None:
        # Waited for, so that the server takes up no other call before: what is on its way to the
        # client now is this answer's, what comes later is not.
        self._order(partial(self._take_back, link, charge))

    def reset_frozen(self, owner: object, fault: Fault | None = None) -> None:
        """Reset what an owner's faults have frozen, so that its clients connect anew.

        Args:
            owner: As for ``arm``.
            fault: Only what this one has frozen; None is any of them.
        """
        thawed = threading.Event()
        self._order(partial(self._thaw, owner, fault, thawed))
        if thawed.is_set():
            time.sleep(_NOTICE_SECONDS)

    def _order(self, order: Callable[[], None]) -> None:
        """Have the front's thread do something, and wait for it."""
        done = threading.Event()
        self._orders.append((order, done))
        self._ring()
        done.wait(_ORDER_SECONDS)

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # stopped meanwhile
            self._bell.send(b"!")

    def stop(self) -> None:
        """Close every connection and the port."""
        self._stopping = True
        self._ring()
        self._thread.join(5)

    def _run(self) -> None:
        try:
            while not self._stopping:
                for key, events in self._selector.select():
                    self._settle()
                    self._serve(key, events)
        finally:
            self._settle()
            for link in list(self._links.values()):
                self._drop(link)
            for each in (self._listener, self._bell, self._hearing):
                each.close()
            self._selector.close()

    def _serve(self, key: selectors.SelectorKey, events: int) -> None:
        if key.fileobj is self._listener:
            self._accept()
        elif key.fileobj is self._hearing:
            self._hearing.recv(4096)
            self._settle()  # what was ordered meanwhile has lost its bell
            for link in list(self._links.values()):
                self._strike(link)
        elif key.data.client.fileno() >= 0:
            self._pump(key.data, key.fileobj is key.data.client, events)

    def _settle(self) -> None:
        """Do what other threads wait for."""
        while self._orders:
            order, done = self._orders.popleft()
            order()
            if done is not None:
                done.set()

    def _take_back(self, link: ProxiedConnection, charge: ScheduledFault) -> None:
        """Forget a fault whose answer is over, unless what is on its way sets it off."""
        link.drain(charge.left)
        if len(link.down.data) < charge.left:
            with self._lock:
                link.charges = [other for other in link.charges if other is not charge]
        if link.client.fileno() >= 0:
            self._pump(link, from_client=False, events=0)

    def _note_end(self, link: ProxiedConnection, call: ActiveCall) -> None:
        """Note where the answer of a call ends: with what has come from the server by now."""
        link.drain(CHUNK_SIZE * 4)
        with self._lock:
            link.calls[call] = link.received
        if link.client.fileno() >= 0:
            self._pump(link, from_client=False, events=0)
        self._forget(link)

    def _forget(self, link: ProxiedConnection) -> None:
        """Let go of calls whose answers are through."""
        with self._lock:
            link.calls = {one: link.calls[one] for one in link.unanswered}

    def _thaw(self, owner: object, fault: Fault | None, thawed: threading.Event) -> None:
        for link in list(self._links.values()):
            by = link.frozen_by
            if by is not None and by.owner is owner and (fault is None or by.fault is fault):
                self._reset(link, by.fault)
                thawed.set()

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        try:
            server = socket.create_connection((LOOPBACK, self._behind), timeout=5)
        except OSError:
            client.close()
            return
        link = ProxiedConnection(client, server)
        with self._lock:
            self._links[link.port] = link
            self._cut.pop(link.port, None)
        for each in (client, server):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(each, selectors.EVENT_READ, link)

    def _pump(self, link: ProxiedConnection, from_client: bool, events: int) -> None:
        incoming, outgoing = (link.up, link.down) if from_client else (link.down, link.up)
        try:
            if events & selectors.EVENT_READ:
                data = incoming.source.recv(CHUNK_SIZE)
                incoming.data += data
                incoming.ended = incoming.ended or not data
            self._send(link, incoming)
            if events & selectors.EVENT_WRITE:
                self._send(link, outgoing)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._drop(link)
            return
        if link.client.fileno() >= 0:
            self._watch(link)

    def _send(self, link: ProxiedConnection, pipe: Direction) -> None:
        data = memoryview(pipe.data)
        if pipe is link.down:
            data = data[: link.allowed]
        sent = 0
        try:
            sent = pipe.sink.send(data) if data else 0
        except BlockingIOError:
            pass
        finally:
            data.release()
        del pipe.data[:sent]
        if pipe is link.down:
            link.sent += sent
            for charge in link.charges:
                charge.left -= sent
            if link.calls and not pipe.data:
                self._forget(link)
            self._strike(link)
        if pipe.ended and not pipe.data and not pipe.closed:
            pipe.closed = True
            pipe.sink.shutdown(socket.SHUT_WR)
        if link.up.closed and link.down.closed:
            self._drop(link)

    def _strike(self, link: ProxiedConnection) -> None:
        """Let a fault happen if its time has come."""
        due = next((charge for charge in link.charges if charge.left <= 0), None)
        if due is None or link.frozen_by is not None:
            return
        # First of all: a client that notices asks again, and is to find its answer unused.
        meant = {charge.call for charge in link.charges}
        for call in meant:
            call.mark_lost(due.fault)
        for call in link.unanswered:
            if call not in meant:
                call.mark_maybe_lost(due.fault)
        if due.fault.kind == "freeze":
            link.frozen_by = due
            self._watch(link)
        else:
            self._reset(link, due.fault)

    def _reset(self, link: ProxiedConnection, fault: Fault) -> None:
        with self._lock:
            self._cut[link.port] = fault
            while len(self._cut) > _CUTS:
                del self._cut[next(iter(self._cut))]
        with contextlib.suppress(OSError):
            link.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._drop(link)

    def _watch(self, link: ProxiedConnection) -> None:
        """Listen for what can be done: no more is read while much is still to be sent."""
        for each, source, sink in (
            (link.client, link.up, link.down),
            (link.server, link.down, link.up),
        ):
            wanted = 0
            if link.frozen_by is None:
                if not source.ended and len(source.data) < CHUNK_SIZE * 4:
                    wanted |= selectors.EVENT_READ
                if sink.data:
                    wanted |= selectors.EVENT_WRITE
            self._listen(each, wanted, link)

    def _listen(self, each: socket.socket, wanted: int, link: ProxiedConnection) -> None:
        known = each in self._selector.get_map()
        if wanted and known:
            self._selector.modify(each, wanted, link)
        elif wanted:
            self._selector.register(each, wanted, link)
        elif known:
            self._selector.unregister(each)

    def _drop(self, link: ProxiedConnection) -> None:
        with self._lock:
            if self._links.get(link.port) is link:
                del self._links[link.port]
        for each in (link.client, link.server):
            if each.fileno() >= 0 and each in self._selector.get_map():
                self._selector.unregister(each)
            each.close()


def _port(peer: str) -> int:
    return int(peer.rpartition(":")[2])
