"""A TCP proxy between a client and the fake server that can cut, stall or slow connections."""

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
    """Forward connections; each attribute enables one disturbance.

    Attributes:
        cut_after: Close the connection after this many bytes from the server; None for never.
        reset: Whether to close with RST instead of FIN.
        stall_after: Forward nothing more after this many bytes from the server.
        cut_request_after: Close the connection after this many bytes from the client.
        bytes_per_second: The rate of the server's bytes.
        connections: The number of connections so far.
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
        """Forward new connections to another server."""
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
            except OSError:  # the server was stopped
                client.close()
                continue
            self._open += [client, server]
            for source, sink, disturbed in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._forward, args=(source, sink, disturbed), daemon=True
                ).start()

    def _forward(self, source: socket.socket, sink: socket.socket, disturbed: bool) -> None:
        forwarded = 0
        with contextlib.suppress(OSError):
            while data := self._receive(source):
                limit = None if disturbed else self.cut_request_after
                if limit is not None and forwarded + len(data) > limit:
                    self._end(sink)
                    self._end(source)
                    return
                if disturbed:
                    if self.stall_after is not None and forwarded + len(data) > self.stall_after:
                        sink.sendall(data[: max(self.stall_after - forwarded, 0)])
                        while not self._stopped:
                            time.sleep(0.01)
                        return
                    if self.cut_after is not None and forwarded + len(data) > self.cut_after:
                        sink.sendall(data[: max(self.cut_after - forwarded, 0)])
                        self._end(sink)
                        self._end(source)
                        return
                    if self.bytes_per_second:
                        time.sleep(len(data) / self.bytes_per_second)
                forwarded += len(data)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.close()

    def _receive(self, source: socket.socket) -> bytes:
        # close() takes effect only when no thread is inside recv() on the socket.
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
