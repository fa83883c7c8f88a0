"""The fake server as a test holds it."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import TYPE_CHECKING

from xai_vision.testing import _validation as given
from xai_vision.testing._settings import SettingChanges, Settings
from xai_vision.testing._tenant import Tenant
from xai_vision.testing._transport.address import LOOPBACK, BindAddress
from xai_vision.testing._transport.grpc_server import GrpcServer
from xai_vision.testing._transport.shared_state import ServerState
from xai_vision.testing._transport.tls import create_certificate

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack


OPTIONS = (
    "host",
    "port",
    "api_key",
    "tls",
    "health",
    "reflection",
    "http",
    "http_port",
    "tcp_proxy",
)
"""What is a server's own, and no tenant's."""


class FakeServer(Tenant):
    """xAI's service in this process, on a port of this machine.

    ::

        with FakeServer() as server:
            client = Client(api_key=server.api_key, api_host=server.target)

    Any client of the gRPC API can talk to it. It looks at the images it gets, but its answers
    are descriptions and fixed texts: no model is behind it.

    Also an async context manager; or call ``start()`` and ``stop()``. Leaving the block without
    an error checks every ``times(n)``. A process that forgets to stop it ends all the same.

    Args:
        settings: All settings at once.
        host: Where to listen: an address of this machine, or a name for one. "127.0.0.1", which
            only programs on this machine reach; "0.0.0.0" lets others in.
        port: Which port; 0 is any that is free.
        api_key: The key clients use, where it is not to be a new one.
        tls: Whether the port is a TLS one, with a certificate made for the occasion; give
            clients ``server.root_certificate``. Needs the extra "tls".
        health: Whether it answers grpc.health.v1.Health. Needs the extra "health".
        reflection: Whether it answers server reflection. Needs the extra "reflection".
        http: Whether the HTTP port, for the Responses API and Chat Completions, is opened at
            once; else it comes with the first look at ``http_url``. Needs the extra "http".
        http_port: Which port that is; 0 is any that is free.
        tcp_proxy: Whether connections go through a TCP proxy that can reset and freeze them. The
            first connection fault adds it; needed only where a function returns such a fault.
        changes: Single settings by name, such as ``stored_images="refuse"``; see ``Settings``.

    Raises:
        ImportError: The package for an extra is missing.
        TypeError: There is no argument or setting of that name, or it takes no such value.
        ValueError: A setting cannot have that value.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        api_key: str | None = None,
        tls: bool = False,
        health: bool = False,
        reflection: bool = False,
        http: bool = False,
        http_port: int = 0,
        tcp_proxy: bool = False,
        **changes: Unpack[SettingChanges],
    ) -> None:
        given.check_names("FakeServer()", changes, [*SettingChanges.__annotations__, *OPTIONS])
        if settings is not None:
            given.instance("FakeServer: settings", settings, Settings, "Settings")
        flags = {"tls": tls, "health": health, "reflection": reflection, "http": http}
        for name, value in {**flags, "tcp_proxy": tcp_proxy}.items():
            given.boolean(f"FakeServer: {name}", value)
        place = BindAddress(host, port, http_port)
        super().__init__(ServerState(place), (settings or Settings()).replace(**changes), api_key)
        self._state.tcp_proxy = tcp_proxy
        self._state.certificate = create_certificate(place.host) if tls else None
        self._state.max_threads = self.settings.max_threads
        self._http = http
        self._services = {"health": health, "reflection": reflection}
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether it takes calls."""
        return self._state.grpc_server is not None

    @property
    def threads(self) -> int:
        """How many threads work on calls, or wait for some."""
        hosts = (self._state.grpc_server, self._state.http_server)
        return sum(host.threads for host in hosts if host)

    def start(self) -> Self:
        """Open the port: the one that was given, or a new one each time. Once open, nothing.

        Raises:
            OSError: The port is taken, or the host is none of this machine's; it names both.
        """
        with self._lock:
            if self._state.grpc_server is None:
                self._state.grpc_server = GrpcServer(
                    self._state.keys,
                    self.settings.max_threads,
                    self._state.address,
                    tls=self._state.certificate,
                    tcp_proxy=self._state.tcp_proxy,
                    **self._services,
                )
                if self._http:
                    self._open_http()
        return self

    def stop(self, grace: float | None = None) -> None:
        """Close the port.

        Args:
            grace: Seconds that calls under way get to finish; None cancels them at once.
        """
        with self._lock:
            host, self._state.grpc_server = self._state.grpc_server, None
        if host is not None:
            self._state.close_http(grace)
            host.stop(grace)

    def _open_http(self) -> None:
        try:
            self._state.running_http()
        except BaseException:
            host, self._state.grpc_server = self._state.grpc_server, None
            if host is not None:
                host.stop()
            raise

    def close(self) -> None:
        """Close the port: the same as ``stop()``."""
        self.stop()

    def tenant(self, **changes: Unpack[SettingChanges]) -> Tenant:
        """Let another customer in: a key, rules, images, answers and a log of its own.

        Args:
            changes: Settings that differ from the server's.

        Returns:
            The tenant; ``close()`` it when it is done.
        """
        given.check_names("tenant()", changes, SettingChanges.__annotations__)
        return Tenant(self._state, self.settings.replace(**changes))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._end(fault)

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Stopping waits for the transport's threads, which the loop need not.
        await asyncio.to_thread(self.stop)
        self._end(fault)

    def _end(self, fault: BaseException | None) -> None:
        if fault is None:
            self.verify()
        elif isinstance(fault, Exception) and hasattr(fault, "add_note"):  # Python 3.11
            # It may well be because a rule was not used; but it, not that, is what failed.
            for problem in self.problems():
                fault.add_note(f"fake server: {problem}")
