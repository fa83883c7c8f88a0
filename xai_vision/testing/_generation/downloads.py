"""Serve generated images and videos at URLs of this machine."""

from __future__ import annotations

import mimetypes
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Downloads:
    """The generated files of a fake server by URL path. The first file opens a port."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[object, str, bytes]] = {}
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.Lock()

    def add(self, owner: object, data: bytes, media_type: str) -> str:
        """Add a file and return its URL.

        Args:
            owner: The tenant's engine.
            data: The content.
            media_type: The media type.
        """
        path = f"/{uuid.uuid4()}{mimetypes.guess_extension(media_type) or ''}"
        with self._lock:
            self._files[path] = (owner, media_type, data)
            if self._server is None:
                self._server = _start(self._files)
            return f"http://127.0.0.1:{self._server.server_port}{path}"

    def remove(self, owner: object) -> None:
        """Remove the files of a tenant."""
        with self._lock:
            for path in [path for path, file in self._files.items() if file[0] is owner]:
                del self._files[path]

    def close(self) -> None:
        """Close the port and remove all files."""
        with self._lock:
            server, self._server = self._server, None
            self._files.clear()
        if server is not None:
            server.shutdown()
            server.server_close()


def _start(files: dict[str, tuple[object, str, bytes]]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = files.get(self.path)
            status, media_type, body = (404, "text/plain", b"Not Found")
            if file is not None:
                status, media_type, body = 200, file[1], file[2]
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Write nothing to the test's stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serve = threading.Thread(
        target=server.serve_forever, args=(0.05,), name="xai-vision-downloads", daemon=True
    )
    serve.start()
    return server
