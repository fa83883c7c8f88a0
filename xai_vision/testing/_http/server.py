"""The HTTP port: a thread with an event loop, and threads for what blocks."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
import threading
from pathlib import Path
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from xai_vision.testing._http.app import HttpApp
from xai_vision.testing._http.connection import Connection
from xai_vision.testing._service.api_keys import KeyRegistry
from xai_vision.testing._service.engine import Engine
from xai_vision.testing._thread_pool import ThreadPool
from xai_vision.testing._transport.address import BindAddress
from xai_vision.testing._transport.tls import Certificate

__all__ = ["HttpServer"]

_STOP_SECONDS = 5.0
_IDLE_GRACE = 0.2


class HttpServer:
    """One listening HTTP server, on uvicorn's protocol.

    Not on uvicorn's own server: that looks ten times a second whether it is to stop, takes the
    process' signals, and tells the log of its coming and going.

    Args:
        keys: Who may call.
        max_threads: Calls at the same moment.
        place: Where to listen.
        tls: The server's certificate, for https.

    Raises:
        OSError: The port cannot be opened.
    """

    def __init__(
        self,
        keys: KeyRegistry[Engine],
        max_threads: int,
        address: BindAddress,
        tls: Certificate | None = None,
    ) -> None:
        self._keys = keys
        self._crew = ThreadPool(max_threads, "xai-vision-http")
        face = HttpApp(keys, self._crew)
        self._config = Config(
            face.app,
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            interface="asgi3",
            # Clients keep idle connections; none is to be closed just as it is used again.
            timeout_keep_alive=600,
        )
        self._config.load()
        self._state = ServerState()
        self._tls = tls
        self._place = address
        self._socket = address.listen(address.http_port)
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, name="xai-vision-http", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where clients find it: their base URL."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://{self._place.url_host}:{self.port}/v1"

    @property
    def threads(self) -> int:
        """How many threads work on calls, or wait for some."""
        return self._crew.threads

    def stop(self, grace: float | None = None) -> None:
        """Take no more calls; cancel those under way after ``grace`` seconds, or at once."""
        if grace is None:
            for tenant in self._keys.tenants:
                tenant.release()
            grace = _IDLE_GRACE
        self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self._close(grace)))
        self._thread.join(grace + _STOP_SECONDS)
        self._crew.shutdown()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._open())
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    async def _open(self) -> None:
        def connection() -> Connection:
            return Connection(self._config, self._state, self._loop)

        context = None if self._tls is None else _context(self._tls)
        self._server = await self._loop.create_server(connection, sock=self._socket, ssl=context)

    async def _close(self, grace: float) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._connections():
            # Idle ones are closed, the others after their answer.
            with contextlib.suppress(Exception):
                connection.shutdown()
        tasks = list(self._state.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        for connection in self._connections():
            connection.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._loop.stop()

    def _connections(self) -> list[Any]:
        return list(self._state.connections)


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # ssl reads certificates from files only.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "certificate.pem"
        file.write_bytes(certificate.key + certificate.chain)
        context.load_cert_chain(file)
    return context
