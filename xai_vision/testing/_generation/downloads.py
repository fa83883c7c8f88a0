"""Serve generated images and videos at URLs of this machine."""

from __future__ import annotations

import mimetypes
import threading
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from xai_vision.testing._clock import Clock
    from xai_vision.testing._transport.address import BindAddress

_MAX_FILES: Final = 10_000
"""The oldest files are removed beyond this number, so that a server that runs for long does not
grow."""


@dataclass(frozen=True)
class _File:
    owner: object
    media_type: str
    data: bytes
    clock: Clock
    expires: float

    @property
    def expired(self) -> bool:
        return self.clock.time() >= self.expires


class Downloads:
    """The generated files of a fake server by URL path. The first file opens a port.

    Args:
        address: The address to listen on.
    """

    def __init__(self, address: BindAddress) -> None:
        self._address = address
        self._files: dict[str, _File] = {}
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.Lock()

    def add(
        self, owner: object, name: str, data: bytes, media_type: str, clock: Clock, hours: float
    ) -> str:
        """Add a file and return its URL.

        Args:
            owner: The tenant's engine.
            name: The name of the file, without its suffix.
            data: The content.
            media_type: The media type.
            clock: The tenant's clock.
            hours: The hours until the URL expires.
        """
        suffix = mimetypes.guess_extension(media_type) or ""
        path = f"/{name}{suffix}"
        file = _File(owner, media_type, data, clock, clock.time() + hours * 3600)
        with self._lock:
            if path in self._files:  # Tenants with the same seed may generate the same names.
                path = f"/{uuid.uuid4()}{suffix}"
            self._files[path] = file
            while len(self._files) > 1:
                oldest = next(iter(self._files))
                if len(self._files) <= _MAX_FILES and not self._files[oldest].expired:
                    break
                del self._files[oldest]
            if self._server is None:
                self._server = _start(self._address, self._files)
            port = self._server.socket.getsockname()[1]
        return f"http://{self._address.url_host}:{port}{path}"

    def remove(self, owner: object) -> None:
        """Remove the files of a tenant."""
        with self._lock:
            for path in [path for path, file in self._files.items() if file.owner is owner]:
                del self._files[path]

    def close(self) -> None:
        """Close the port and remove all files."""
        with self._lock:
            server, self._server = self._server, None
            self._files.clear()
        if server is not None:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write nothing to the test's stderr when a client disconnects."""


def _start(address: BindAddress, files: dict[str, _File]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = files.get(self.path)
            status, media_type, body = (404, "text/plain", b"Not Found")
            if file is not None and not file.expired:
                status, media_type, body = 200, file.media_type, file.data
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the name that http.server expects

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base
            """Write nothing to the test's stderr."""

    server = _Server((address.host, 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = address.listen(0)
    serve = threading.Thread(
        target=server.serve_forever, args=(0.05,), name="xai-vision-downloads", daemon=True
    )
    serve.start()
    return server
