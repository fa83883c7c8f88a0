"""The address, the ports and the API keys that all tenants of a server share."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from xai_vision._optional_imports import import_optional
from xai_vision.testing._clock import Clock
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._generation.downloads import Downloads
from xai_vision.testing._service.api_keys import KeyRegistry
from xai_vision.testing._service.engine import Engine
from xai_vision.testing._service.image_inspection import ImageInspector
from xai_vision.testing._transport.address import BindAddress

if TYPE_CHECKING:
    from xai_vision.testing._calls.call_file import CallFile
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._http.server import HttpServer
    from xai_vision.testing._transport.grpc_server import GrpcServer
    from xai_vision.testing._transport.tls import Certificate


class ServerState:
    """The state that all tenants of a server share.

    Attributes:
        address: The address to listen on.
        keys: The API keys and their tenants.
        grpc_server: The gRPC server; None while it is stopped.
        http_server: The HTTP server; None until its first use.
        certificate: The certificate for TLS; None without TLS.
        tcp_proxy: Whether gRPC connections go through the TCP proxy.
        downloads: The generated files.
        max_threads: The maximum number of concurrent calls on each port.
        call_file: The file that gets a line for each call; None without one.
        http_routes: Functions that return further routes of the HTTP server.
        inspected: The engines whose calls the inspector shows; None without it.
    """

    def __init__(self, address: BindAddress) -> None:
        self.address = address
        self.keys: KeyRegistry[Engine] = KeyRegistry(_unlogged_engine)
        self.grpc_server: GrpcServer | None = None
        self.http_server: HttpServer | None = None
        self.certificate: Certificate | None = None
        self.tcp_proxy = False
        self.downloads = Downloads(address)
        self.max_threads = 0
        self.call_file: CallFile | None = None
        self.http_routes: list[Callable[[], Sequence[Any]]] = []
        self.inspected: deque[Engine] | None = None
        self._lock = threading.Lock()

    def running_grpc(self) -> GrpcServer:
        """Return the running gRPC server.

        Raises:
            RuntimeError: The server is not running.
        """
        if self.grpc_server is None:
            raise RuntimeError(
                "the fake server is not running. Call start(), or use the server in a with block."
            )
        return self.grpc_server

    def running_http(self) -> HttpServer:
        """Return the HTTP server; the first call starts it.

        Raises:
            RuntimeError: The server is not running.
            ImportError: A package of the extra "http" is missing.
            OSError: The HTTP port cannot be opened.
        """
        self.running_grpc()
        with self._lock:
            if self.http_server is None:
                for package in ("starlette", "uvicorn"):
                    import_optional(package, "http", "The REST API")
                # Imported on use, because the REST API needs the packages of an extra.
                from xai_vision.testing._http.server import HttpServer

                routes = [route for routes in self.http_routes for route in routes()]
                self.http_server = HttpServer(
                    self.keys, self.max_threads, self.address, self.certificate, routes
                )
            return self.http_server

    def close_http(self, grace: float | None) -> None:
        """Stop the HTTP server, if it runs."""
        with self._lock:
            server, self.http_server = self.http_server, None
        if server is not None:
            server.stop(grace)

    def add_engine(self, engine: Engine) -> None:
        """Add the engine of a tenant."""
        self.keys.add_tenant(engine)
        if self.inspected is not None:
            engine.traces_calls = True
            self.inspected.append(engine)

    def write_call(self, call: Call, tenant: str) -> None:
        """Write a call that has ended to the file of calls, if there is one."""
        if self.call_file is not None:
            self.call_file.write(call, tenant)

    def reset_frozen(self, owner: object, fault: Fault | None = None) -> None:
        """Reset the connections that a tenant's faults froze; see ``TcpProxy.reset_frozen``."""
        if self.grpc_server is not None:
            self.grpc_server.reset_frozen(owner, fault)

    def enable_fault(self, fault: Fault) -> None:
        """Start the TCP proxy if the fault needs it."""
        if fault.on_connection and not self.tcp_proxy:
            self.tcp_proxy = True
            if self.grpc_server is not None:
                self.grpc_server.enable_proxy()


def _unlogged_engine(engine: Engine) -> Engine:
    """Return an engine for a call that belongs to no log, and that nobody else answers."""
    settings = engine.settings.replace(
        upstream=None, upstream_key=None, model=None, cassette=None, record="none"
    )
    return Engine(settings, Clock(), ImageInspector(), engine.downloads)
