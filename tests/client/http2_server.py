"""A server that sends HTTP/2 frames which no gRPC server would send."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from google.protobuf.message import Message

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING = 0, 1, 3, 4, 6
END_STREAM, END_HEADERS, ACK = 1, 4, 1

Script = Callable[[int], bytes]
"""Returns the frames that answer a request, for the number of its stream."""

# Within a script's frames: wait until the test says that the client has read everything before.
BARRIER = b"the client has read this far"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def headers(stream: int, *, end: bool = False, **fields: str) -> bytes:
    """Make a HEADERS frame; underscores stand for dashes, and ``status`` for ``:status``."""
    block = b""
    for name, value in fields.items():
        key = {"status": ":status"}.get(name, name.replace("_", "-")).encode()
        block += b"\0" + bytes([len(key)]) + key + bytes([len(value)]) + value.encode()
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block)


def grpc_headers(stream: int) -> bytes:
    return headers(stream, status="200", content_type="application/grpc")


def message(stream: int, body: bytes) -> bytes:
    return frame(DATA, 0, stream, b"\0" + struct.pack(">I", len(body)) + body)


def answer(reply: Message) -> Script:
    """Answer with one message and the status OK."""
    body = reply.SerializeToString()
    return lambda stream: (
        grpc_headers(stream) + message(stream, body) + headers(stream, end=True, grpc_status="0")
    )


def reset(stream: int, code: int) -> bytes:
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


@contextlib.contextmanager
def serve(
    *scripts: Script, was_read: threading.Event | None = None
) -> Iterator[tuple[str, list[int]]]:
    """Answer each request with the next script, and further ones with the last.

    Yields:
        The target, and a list that gets the stream number of each request.
    """
    requests: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=talk, args=[connection], daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with contextlib.suppress(OSError, EOFError), connection:
                read(connection, len(PREFACE))
                connection.sendall(frame(SETTINGS, 0, 0))
                while True:
                    length, kind, flags, stream = struct.unpack(
                        ">IBBI", b"\0" + read(connection, 9)
                    )
                    payload = read(connection, length)
                    if kind in (SETTINGS, PING) and not flags & ACK:
                        echo = payload if kind == PING else b""
                        connection.sendall(frame(kind, ACK, 0, echo))
                    if kind == DATA and flags & END_STREAM:
                        requests.append(stream)
                        script = scripts[min(len(requests), len(scripts)) - 1]
                        first, _, rest = script(stream).partition(BARRIER)
                        connection.sendall(first)
                        if rest:
                            assert was_read is not None
                            assert was_read.wait(60)
                            connection.sendall(rest)

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", requests
        # Wakes accept() up, which closing the socket does not do.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        received = connection.recv(size - len(data))
        if not received:
            raise EOFError
        data += received
    return data
