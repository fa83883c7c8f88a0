"""What the tenants of a server share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._service.api_keys import Keyring
from xai_vision.testing._transport.address import Place
from xai_vision.testing._transport.tls import http_host

if TYPE_CHECKING:
    from xai_vision.testing._http.server import HttpHost
    from xai_vision.testing._transport.grpc_server import Host
    from xai_vision.testing._transport.tls import Certificate

__all__ = ["Site"]


class Site:
    """What the tenants of a server share: its port and its keys."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.keys = Keyring()
        self.host: Host | None = None
        self.http: HttpHost | None = None
        self.certificate: Certificate | None = None
        self.front = False
        self.max_threads = 0
        self._lock = threading.Lock()

    def running(self) -> Host:
        """The open port.

        Raises:
            RuntimeError: It is closed.
        """
        if self.host is None:
            raise RuntimeError("the fake server is not running: start() it, or use it with with")
        return self.host

    def http_running(self) -> HttpHost:
        """The HTTP port, opened when it is first asked for; raises as ``Tenant.http_url``."""
        self.running()
        with self._lock:
            if self.http is None:
                self.http = http_host(self.keys, self.max_threads, self.place, self.certificate)
            return self.http

    def close_http(self, grace: float | None) -> None:
        """Close the HTTP port, if it is open."""
        with self._lock:
            http, self.http = self.http, None
        if http is not None:
            http.stop(grace)

    def thaw(self, owner: object, fault: Fault | None = None) -> None:
        """Reset the connections that a tenant's faults have frozen, or that one of them has."""
        if self.host is not None:
            self.host.thaw(owner, fault)

    def prepare(self, fault: Fault) -> None:
        """See to it that a fault can happen."""
        if fault.on_wire and not self.front:
            self.front = True
            if self.host is not None:
                self.host.interpose()
