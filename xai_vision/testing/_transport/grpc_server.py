"""The port: a grpc server and its threads, and the front before it where one is needed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import grpc

from xai_vision.testing._errors import ServiceError
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._faults.tcp_proxy import TcpProxy
from xai_vision.testing._service.active_call import ActiveCall
from xai_vision.testing._service.api_keys import Keyring
from xai_vision.testing._thread_pool import ThreadPool
from xai_vision.testing._transport.address import LOOPBACK, BindAddress
from xai_vision.testing._transport.grpc_handler import GrpcHandler
from xai_vision.testing._transport.grpc_services import add_services
from xai_vision.testing._transport.tls import Certificate

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["GrpcServer"]

_OPTIONS = (
    # Without this two servers may share a port unnoticed, and each gets some of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Clients ping as often as they like, also while nothing is under way: xai_sdk does every
    # 30 s, for which a server with default settings sends it away.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10),
    ("grpc.http2.min_ping_interval_without_data_ms", 10),
    ("grpc.http2.max_ping_strikes", 0),
    # Calls queue here until a thread takes them up; of more than a thousand at the same moment
    # grpc would otherwise cancel some, which to their clients looks like a fault.
    ("grpc.server.max_pending_requests", 100_000),
    ("grpc.server.max_pending_requests_hard_limit", 100_000),
)
_STOP_SECONDS = 5.0
_IDLE_GRACE = 0.2
_TAKEOVER_SECONDS = 5.0
_FAREWELL_SECONDS = 0.25


class GrpcServer:
    """One listening server.

    The synchronous grpc server, on purpose: the one of grpc.aio polls on the event loop of
    whatever test it runs in (grpcio below 1.80 then fills stderr with BlockingIOError), takes
    no calls while the test's own code holds the loop, and is no faster.

    Args:
        keys: Who may call.
        max_threads: Calls at the same moment.
        place: Where to listen.
        tls: The server's certificate, for a TLS port.
        health: Whether to answer grpc.health.v1.Health.
        reflection: Whether to answer server reflection.
        front: Whether to put the front before the port at once.
    """

    def __init__(
        self,
        keys: Keyring,
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
        self._handler = GrpcHandler(keys, self)
        self._tls = tls
        self._services = (health, reflection)
        self._lock = threading.Lock()
        self._address = address
        self._proxy: TcpProxy | None = None
        if tcp_proxy:
            listener = address.listen(address.port)
            self._server, behind = self._listen(LOOPBACK)
            self._proxy = TcpProxy(listener, behind)
            self.port = self._proxy.port
        else:
            address.check_available(address.port)
            self._server, self.port = self._listen(address.bracketed_host, address.port)

    @property
    def threads(self) -> int:
        """How many threads work on calls, or wait for some."""
        return self._pool.threads

    def enable_proxy(self) -> None:
        """Put the front before the port; the address stays.

        A second server takes over behind it. Connected clients are told in good order to
        connect again, and calls under way have five seconds to be finished where they are.
        """
        with self._lock:
            if self._proxy is not None:
                return
            old, (self._server, behind) = self._server, self._listen(LOOPBACK)
            stopped = old.stop(_TAKEOVER_SECONDS)
            self._proxy = self._start_proxy(self.port, behind)
            # Until its connections are closed, clients may still send calls past the front.
            stopped.wait(_FAREWELL_SECONDS)

    def stop(self, grace: float | None = None) -> None:
        """Take no more calls; cancel those under way after ``grace`` seconds, or at once."""
        if grace is None:
            # Calls that wait here are ended here, and what is left is cancelled a moment later:
            # clients then hear of the end in good order, and do not log a GOAWAY with an error
            # to the test's stderr.
            for tenant in self._keys.tenants:
                tenant.release()
            grace = _IDLE_GRACE
        self._server.stop(grace).wait((grace or 0) + _STOP_SECONDS)
        if self._proxy is not None:
            self._proxy.stop()
        self._pool.shutdown()

    def _listen(self, host: str, port: int = 0) -> tuple[grpc.Server, int]:
        # Typed as a ThreadPoolExecutor, used as an Executor.
        crew = cast("ThreadPoolExecutor", self._pool)
        server = grpc.server(crew, handlers=[self._handler], options=_OPTIONS)
        add_services(server, *self._services)
        address = f"{host}:{port}"
        opened = 0  # also what older grpcio returns where it cannot
        with contextlib.suppress(RuntimeError):
            if self._tls is None:
                opened = server.add_insecure_port(address)
            else:
                opened = server.add_secure_port(address, self._tls.credentials())
        if not opened:
            server.stop(None)
            raise self._address.bind_error(port)
        server.start()
        return server, opened

    def _start_proxy(self, port: int, behind: int) -> TcpProxy:
        # The old server closes its port on a thread of its own, so it may still be taken.
        end = time.monotonic() + _TAKEOVER_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                return TcpProxy(self._address.listen(port), behind)
            time.sleep(0.001)
        return TcpProxy(self._address.listen(port), behind)

    def reset_frozen(self, owner: object, fault: Fault | None = None) -> None:
        """Reset the connections that a tenant's faults have frozen; see ``Front.thaw``."""
        if self._proxy is not None:
            self._proxy.reset_frozen(owner, fault)

    def track_call(self, call: ActiveCall) -> Callable[[], None] | None:
        """Have the front know a call that came; see ``Front.carry``."""
        return None if self._proxy is None else self._proxy.track_call(call)

    def inject(self, call: ActiveCall, fault: Fault, owner: object) -> Callable[[], None] | None:
        """Let a fault happen to the connection of a call; see ``Front.arm``."""
        if self._proxy is None:
            return None
        disarm = self._proxy.schedule(call, fault, owner)
        if disarm is None:
            # A connection from before the front came. What its client would see is the same.
            call.mark_lost(fault)
            raise ServiceError("UNAVAILABLE", "Connection reset by peer")
        return disarm
