"""What the tenants of a server share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._service.api_keys import Keyring
from xai_vision.testing._transport.address import BindAddress
from xai_vision.testing._transport.optional_imports import import_optional

if TYPE_CHECKING:
    from xai_vision.testing._http.server import HttpHost
    from xai_vision.testing._transport.grpc_server import GrpcServer
    from xai_vision.testing._transport.tls import Certificate

__all__ = ["ServerState"]


class ServerState:
    """What the tenants of a server share: its port and its keys."""

    def __init__(self, address: BindAddress) -> None:
        self.address = address
        self.keys = Keyring()
        self.grpc_server: GrpcServer | None = None
        self.http_server: HttpHost | None = None
        self.certificate: Certificate | None = None
        self.tcp_proxy = False
        self.max_threads = 0
        self._lock = threading.Lock()

    def running_grpc(self) -> GrpcServer:
        """The open port.

        Raises:
            RuntimeError: It is closed.
        """
        if self.grpc_server is None:
            raise RuntimeError("the fake server is not running: start() it, or use it with with")
        return self.grpc_server

    def running_http(self) -> HttpHost:
        """The HTTP port, opened when it is first asked for; raises as ``Tenant.http_url``."""
        self.running_grpc()
        with self._lock:
            if self.http_server is None:
                for package in ("starlette", "uvicorn"):
                    import_optional(package, "http", "the HTTP port")
                # Imported here: the REST API needs packages of an extra.
                from xai_vision.testing._http.server import HttpHost

                self.http_server = HttpHost(
                    self.keys, self.max_threads, self.address, self.certificate
                )
            return self.http_server

    def close_http(self, grace: float | None) -> None:
        """Close the HTTP port, if it is open."""
        with self._lock:
            http, self.http_server = self.http_server, None
        if http is not None:
            http.stop(grace)

    def reset_frozen(self, owner: object, fault: Fault | None = None) -> None:
        """Reset the connections that a tenant's faults have frozen, or that one of them has."""
        if self.grpc_server is not None:
            self.grpc_server.reset_frozen(owner, fault)

    def enable_fault(self, fault: Fault) -> None:
        """See to it that a fault can happen."""
        if fault.on_connection and not self.tcp_proxy:
            self.tcp_proxy = True
            if self.grpc_server is not None:
                self.grpc_server.enable_proxy()
