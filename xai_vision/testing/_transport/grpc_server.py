"""The gRPC port: a gRPC server with its threads, and the TCP proxy in front of it if needed."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, cast

import grpc

from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._faults.tcp_proxy import TcpProxy
from xai_vision.testing._service.api_keys import KeyRegistry
from xai_vision.testing._service.engine import Engine
from xai_vision.testing._thread_pool import ThreadPool
from xai_vision.testing._transport.address import LOOPBACK, BindAddress
from xai_vision.testing._transport.grpc_handler import GrpcHandler
from xai_vision.testing._transport.grpc_services import add_health, add_reflection
from xai_vision.testing._transport.tls import Certificate

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


_OPTIONS = (
    # Without this, two servers may share a port unnoticed, and each gets some of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Clients may ping as often as they like, even without calls: xai_sdk pings every 30 s, and
    # a server with default settings closes the connection for that.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10),
    ("grpc.http2.min_ping_interval_without_data_ms", 10),
    ("grpc.http2.max_ping_strikes", 0),
    # Calls wait here for a thread. By default gRPC cancels calls beyond a thousand, which a
    # client cannot tell from a fault.
    ("grpc.server.max_pending_requests", 100_000),
    ("grpc.server.max_pending_requests_hard_limit", 100_000),
)
_STOP_SECONDS = 5.0
_IDLE_GRACE = 0.2
_TAKEOVER_SECONDS = 5.0
_DISCONNECT_SECONDS = 0.25


class GrpcServer:
    """A listening gRPC server.

    It uses grpc's synchronous server on purpose. The server of grpc.aio polls on the event loop
    of the test (grpcio below 1.80 then fills stderr with BlockingIOError), accepts no calls
    while the test's own code blocks the loop, and is not faster.

    Args:
        keys: The API keys and their tenants.
        max_threads: The maximum number of concurrent calls.
        address: The address to listen on.
        tls: The server's certificate, for a TLS port.
        health: Whether to serve grpc.health.v1.Health.
        reflection: Whether to serve server reflection.
        tcp_proxy: Whether to start with the TCP proxy.
    """

    def __init__(
        self,
        keys: KeyRegistry[Engine],
        max_threads: int,
        address: BindAddress,
        *,
        tls: Certificate | None = None,
        health: bool = False,
        reflection: bool = False,
        tcp_proxy: bool = False,
    ) -> None:
        self._pool = ThreadPool(max_threads, "xai-vision-fake")
        self._keys = keys
        self._handler = GrpcHandler(keys)
        self._tls = tls
        self._health = health
        self._reflection = reflection
        self._lock = threading.Lock()
        self._address = address
        if tcp_proxy:
            listener = address.listen(address.port)
            self._server, upstream_port = self._listen(LOOPBACK)
            self._handler.proxy = TcpProxy(listener, upstream_port)
            self.port = self._handler.proxy.port
        else:
            address.check_available(address.port)
            self._server, self.port = self._listen(address.bracketed_host, address.port)

    @property
    def threads(self) -> int:
        """The number of worker threads, idle ones included."""
        return self._pool.threads

    def enable_proxy(self) -> None:
        """Put the TCP proxy in front of the port; the address stays the same.

        A second gRPC server takes over behind the proxy. Connected clients get a GOAWAY and
        connect again, and active calls have five seconds to finish on the old server.
        """
        with self._lock:
            if self._handler.proxy is not None:
                return
            old, (self._server, upstream_port) = self._server, self._listen(LOOPBACK)
            stopped = old.stop(_TAKEOVER_SECONDS)
            self._handler.proxy = self._start_proxy(upstream_port)
            # A client can bypass the proxy until its old connection is closed. Active calls keep
            # connections open: do not wait for them, because this may run inside one.
            end = time.monotonic() + _TAKEOVER_SECONDS
            while not stopped.wait(_DISCONNECT_SECONDS) and time.monotonic() < end:
                if any(tenant.has_active_calls for tenant in self._keys.tenants):
                    break

    def stop(self, grace: float | None = None) -> None:
        """Accept no more calls; cancel the active ones after ``grace`` seconds, or at once."""
        if grace is None:
            # End the pauses first, and cancel the remaining calls shortly after: clients then get
            # a status, and do not print a GOAWAY with an error to the test's stderr.
            for tenant in self._keys.tenants:
                tenant.release()
            grace = _IDLE_GRACE
        self._server.stop(grace).wait(grace + _STOP_SECONDS)
        if self._handler.proxy is not None:
            self._handler.proxy.stop()
        self._pool.shutdown()

    def reset_frozen(self, owner: object, fault: Fault | None = None) -> None:
        """Reset the connections that a tenant's faults froze; see ``TcpProxy.reset_frozen``."""
        if self._handler.proxy is not None:
            self._handler.proxy.reset_frozen(owner, fault)

    def _listen(self, host: str, port: int = 0) -> tuple[grpc.Server, int]:
        # grpc's type hints require a ThreadPoolExecutor, but it uses only Executor's methods.
        pool = cast("ThreadPoolExecutor", self._pool)
        server = grpc.server(pool, handlers=[self._handler], options=_OPTIONS)
        if self._health:
            add_health(server)
        if self._reflection:
            add_reflection(server)
        target = f"{host}:{port}"
        opened = 0  # Older versions of grpcio return 0 instead of raising an error.
        with contextlib.suppress(RuntimeError):
            if self._tls is None:
                opened = server.add_insecure_port(target)
            else:
                opened = server.add_secure_port(target, self._tls.credentials())
        if not opened:
            server.stop(None)
            raise self._address.bind_error(port)
        server.start()
        return server, opened

    def _start_proxy(self, upstream_port: int) -> TcpProxy:
        # The old server closes its port on its own thread, so the port may still be in use.
        end = time.monotonic() + _TAKEOVER_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                return TcpProxy(self._address.listen(self.port), upstream_port)
            time.sleep(0.001)
        return TcpProxy(self._address.listen(self.port), upstream_port)
