"""The HTTP server: an event loop on its own thread, and worker threads for blocking calls."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from starlette.routing import BaseRoute
from uvicorn.config import Config
from uvicorn.server import ServerState

from xai_vision.testing._http.app import HttpApp
from xai_vision.testing._http.connection import Connection
from xai_vision.testing._service.api_keys import KeyRegistry
from xai_vision.testing._service.engine import Engine
from xai_vision.testing._thread_pool import ThreadPool
from xai_vision.testing._transport.address import BindAddress
from xai_vision.testing._transport.tls import Certificate

_STOP_SECONDS = 5.0
_IDLE_GRACE = 0.2


class HttpServer:
    """A listening HTTP server, on uvicorn's protocol.

    uvicorn's own server is not used: it polls ten times a second whether it should stop, handles
    the process's signals, and logs its start and stop.

    Args:
        keys: The accepted API keys.
        max_threads: The maximum number of concurrent calls.
        address: The address to listen on.
        tls: The server's certificate; None serves plain HTTP.
        routes: Further routes besides those of the REST API.

    Raises:
        OSError: The port cannot be opened.
    """

    def __init__(
        self,
        keys: KeyRegistry[Engine],
        max_threads: int,
        address: BindAddress,
        tls: Certificate | None = None,
        routes: Sequence[BaseRoute] = (),
    ) -> None:
        self._keys = keys
        self._threads = ThreadPool(max_threads, "xai-vision-http")
        self._config = Config(
            HttpApp(keys, self._threads, routes).app,
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            interface="asgi3",
            # Clients reuse idle connections. A request fails if the server closes one meanwhile.
            timeout_keep_alive=600,
        )
        self._config.load()
        self._state = ServerState()
        self._tls = tls
        self._address = address
        self._socket = address.listen(address.http_port)
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=[started], name="xai-vision-http", daemon=True
        )
        self._thread.start()
        # Until the server is started, stop() could not close it.
        started.result()

    @property
    def url(self) -> str:
        """The base URL for clients."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://{self._address.url_host}:{self.port}/v1"

    @property
    def threads(self) -> int:
        """The number of worker threads, idle ones included."""
        return self._threads.threads

    def stop(self, grace: float | None = None) -> None:
        """Stop the server.

        Args:
            grace: Seconds that active calls may still take; None cancels them at once.
        """
        if grace is None:
            for tenant in self._keys.tenants:
                tenant.release()
            grace = _IDLE_GRACE
        self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self._close(grace)))
        self._thread.join(grace + _STOP_SECONDS)
        self._threads.shutdown()

    def _run(self, started: Future[None]) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            try:
                self._server = self._loop.run_until_complete(
                    self._loop.create_server(
                        partial(Connection, self._config, self._state, self._loop),
                        sock=self._socket,
                        ssl=None if self._tls is None else _ssl_context(self._tls),
                    )
                )
            except Exception as error:  # noqa: BLE001 - raised in the starting thread
                self._socket.close()
                started.set_exception(error)
                return
            started.set_result(None)
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    async def _close(self, grace: float) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            # This closes an idle connection now, and others after their response.
            with contextlib.suppress(Exception):
                connection.shutdown()
        tasks = list(self._state.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        for connection in list(self._state.connections):
            connection.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._loop.stop()


def _ssl_context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The ssl module reads certificates only from files.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "certificate.pem"
        file.write_bytes(certificate.key + certificate.chain)
        context.load_cert_chain(file)
    return context
