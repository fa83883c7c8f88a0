"""A server of streams that is faster than any reader, because its HTTP/2 frames are prebuilt.

    python -m benchmarks.flood      prints "ready PORT"

An ordinary Python server sends chunks more slowly than a client reads them, so that a client's
waiting would be measured. This server implements only the parts of HTTP/2 that a stream needs:
windows, pings and settings. The model's name contains the number of chunks.
"""

from __future__ import annotations

import socket
import struct
import threading

from benchmarks import bare

_DATA, _HEADERS, _RST, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_PREFACE = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
_BATCH_BYTES = 64 * 1024


def _literal(name, value):
    """Return a header field without compression."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


_START_HEADERS = b"\x88" + _literal(b"content-type", b"application/grpc")  # 0x88 is ":status: 200"
_END_TRAILERS = _literal(b"grpc-status", b"0")


def _frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _message(data):
    return b"\0" + struct.pack(">I", len(data)) + data


class Connection:
    def __init__(self, peer):
        self._peer = peer
        self._reading = peer.makefile("rb")
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._first_window = self._window = 65535
        self._windows = {}
        self._bodies = {}

    def serve(self):
        with self._peer:
            self._reading.read(_PREFACE)
            self._send(_frame(_SETTINGS, 0, 0))
            while (head := self._reading.read(9)) and len(head) == 9:
                size = int.from_bytes(head[:3], "big")
                kind, flags, stream = struct.unpack(">BBI", head[3:])
                payload = self._reading.read(size)
                if kind == _GOAWAY:
                    return
                self._handle(kind, flags, stream, payload)

    def _handle(self, kind, flags, stream, payload):
        if kind == _SETTINGS and not flags & _ACK:
            self._apply_settings(payload)
            self._send(_frame(_SETTINGS, _ACK, 0))
        elif kind == _PING and not flags & _ACK:
            self._send(_frame(_PING, _ACK, 0, payload))
        elif kind == _WINDOW:
            self._increase_window(stream, int.from_bytes(payload, "big"))
        elif kind == _RST:
            with self._changed:
                self._windows.pop(stream, None)
                self._changed.notify_all()
        elif kind == _HEADERS:
            self._bodies[stream] = b""
            with self._changed:
                self._windows[stream] = self._first_window
        elif kind == _DATA:
            self._bodies[stream] += payload
            if payload:
                increment = struct.pack(">I", len(payload))
                self._send(_frame(_WINDOW, 0, 0, increment))
            if flags & _END_STREAM:
                count, _ = bare.chunk_options(self._bodies.pop(stream)[5:])
                threading.Thread(
                    target=self._stream_chunks, args=(stream, count), daemon=True
                ).start()

    def _apply_settings(self, payload):
        for offset in range(0, len(payload), 6):
            name, value = struct.unpack_from(">HI", payload, offset)
            if name == 4:  # INITIAL_WINDOW_SIZE, also of streams that are open
                with self._changed:
                    for stream in self._windows:
                        self._windows[stream] += value - self._first_window
                    self._first_window = value
                    self._changed.notify_all()

    def _increase_window(self, stream, increment):
        with self._changed:
            if stream == 0:
                self._window += increment
            elif stream in self._windows:
                self._windows[stream] += increment
            self._changed.notify_all()

    def _stream_chunks(self, stream, count):
        message = _message(bare.FIRST)
        frame = _frame(_DATA, 0, stream, message)
        last = _message(bare.LAST)
        self._send(_frame(_HEADERS, _END_HEADERS, stream, _START_HEADERS))
        left = count - 1
        while left:
            number = self._reserve(stream, len(message), min(left, _BATCH_BYTES // len(message)))
            if number is None:
                return
            self._send(frame * number)
            left -= number
        if self._reserve(stream, len(last), 1) is None:
            return
        end = _frame(_HEADERS, _END_HEADERS | _END_STREAM, stream, _END_TRAILERS)
        self._send(_frame(_DATA, 0, stream, last) + end)
        with self._changed:
            self._windows.pop(stream, None)

    def _reserve(self, stream, size, maximum):
        """Wait for the window; return the number of messages that fit, or None after a reset."""
        with self._changed:
            while True:
                if stream not in self._windows:
                    return None
                fitting = min(self._window, self._windows[stream]) // size
                if fitting > 0:
                    count = min(fitting, maximum)
                    self._window -= count * size
                    self._windows[stream] -= count * size
                    return count
                self._changed.wait()

    def _send(self, data):
        with self._sending:
            self._peer.sendall(data)


def _serve(peer):
    try:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Connection(peer).serve()
    except OSError:
        pass  # The client has disconnected.


def main():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print("ready", listener.getsockname()[1], flush=True)
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=_serve, args=(peer,), daemon=True).start()


if __name__ == "__main__":
    main()
