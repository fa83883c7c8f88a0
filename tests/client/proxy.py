"""A byte-level TCP proxy that misbehaves on command, between a client and the fake server."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

# SO_LINGER on and 0 seconds: close() sends RST instead of FIN.
_RST = struct.pack("ii", 1, 0)


class Proxy:
    """Forwards connections; each attribute spoils what the server sends, in its own way.

    Attributes:
        cut_after: Close the connection after so many bytes from the server (None: never).
        reset: Whether that close is a RST.
        stall_after: Let nothing more through after so many bytes from the server.
        cut_request_after: Close the connection after so many bytes from the client.
        bytes_per_second: How fast the server's bytes pass.
        connections: How many there were.
    """

    def __init__(self, target: str, port: int = 0) -> None:
        host, _, target_port = target.rpartition(":")
        self._server = (host, int(target_port))
        self._listener = socket.create_server(("127.0.0.1", port))
        self._open: list[socket.socket] = []
        self._stopped = False
        self.target = f"localhost:{self._listener.getsockname()[1]}"
        self.cut_after: int | None = None
        self.reset = False
        self.stall_after: int | None = None
        self.cut_request_after: int | None = None
        self.bytes_per_second: float | None = None
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def move_to(self, target: str) -> None:
        """Connect to another server from now on."""
        host, _, port = target.rpartition(":")
        self._server = (host, int(port))

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = socket.create_connection(self._server)
            except OSError:  # it was stopped
                client.close()
                continue
            self._open += [client, server]
            for source, sink, spoil in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=(source, sink, spoil), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, spoil: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := self._receive(source):
                limit = None if spoil else self.cut_request_after
                if limit is not None and passed + len(data) > limit:
                    self._end(sink)
                    self._end(source)
                    return
                if spoil:
                    if self.stall_after is not None and passed + len(data) > self.stall_after:
                        sink.sendall(data[: max(self.stall_after - passed, 0)])
                        while not self._stopped:
                            time.sleep(0.01)
                        return
                    if self.cut_after is not None and passed + len(data) > self.cut_after:
                        sink.sendall(data[: max(self.cut_after - passed, 0)])
                        self._end(sink)
                        self._end(source)
                        return
                    if self.bytes_per_second:
                        time.sleep(len(data) / self.bytes_per_second)
                passed += len(data)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.close()

    def _receive(self, source: socket.socket) -> bytes:
        # A socket is not closed, nor reset, as long as a thread is inside recv() on it.
        source.settimeout(0.02)
        while True:
            try:
                return source.recv(65536 if not self.bytes_per_second else 1024)
            except TimeoutError:
                continue

    def _end(self, end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self.reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
            else:
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def stop(self) -> None:
        self._stopped = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._listener.close()
        for end in self._open:
            with contextlib.suppress(OSError):
                end.close()


@contextlib.contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.stop()
