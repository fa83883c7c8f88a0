"""The fake server that tests start."""

from __future__ import annotations

import os
import secrets
import threading
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from xai_vision.testing import _validation as check
from xai_vision.testing._calls.call_file import CallFile
from xai_vision.testing._calls.notebook import register_renderer
from xai_vision.testing._calls.redaction import register_key
from xai_vision.testing._settings import SettingChanges, Settings
from xai_vision.testing._tenant import Tenant
from xai_vision.testing._transport.address import LOOPBACK, BindAddress
from xai_vision.testing._transport.grpc_server import GrpcServer
from xai_vision.testing._transport.shared_state import ServerState
from xai_vision.testing._transport.tls import create_certificate

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from xai_vision.testing._admin.operations import Operations


SERVER_OPTIONS = (
    "host",
    "port",
    "api_key",
    "tls",
    "health",
    "reflection",
    "http",
    "http_port",
    "tcp_proxy",
    "admin_token",
    "inspect",
    "log",
)
"""The arguments of ``FakeServer`` that are not settings, so a tenant does not have them."""


def _notebook_html(calls: Sequence[Any], text: str) -> str:
    # On use: only notebooks need it.
    from xai_vision.testing._inspector.static_view import notebook_html

    return notebook_html(calls, text)


register_renderer(_notebook_html)

# The inspector still shows the calls of the last tenants that were closed.
_MAX_INSPECTED = 100


class FakeServer(Tenant):
    """xAI's service in this process, on a port of this machine.

    ```python
    with FakeServer() as server:
        client = Client(api_key=server.api_key, api_host=server.target)
    ```

    Any client of the gRPC API can call it. It decodes the images it receives, but has no model:
    by default its replies are descriptions of requests and fixed texts. With ``eyes=True`` they
    contain the text and the codes of the images.

    A server is a context manager and an async context manager; without a block, call ``start()``
    and ``stop()``. A block that ends without an error calls ``verify()``. A server that is not
    stopped does not keep the process alive.

    Args:
        settings: The settings; by default those of ``Settings()``.
        host: The address of this machine to listen on, or its name. Only programs on this machine
            can reach the default, "127.0.0.1"; all machines can reach "0.0.0.0".
        port: The gRPC port; 0, the default, selects a free port at each start.
        api_key: The key for clients; by default a new one.
        tls: Whether to use TLS with a new certificate. Clients need ``server.root_certificate``.
            Needs the extra "tls".
        health: Whether to serve grpc.health.v1.Health. Needs the extra "health".
        reflection: Whether to serve server reflection. Needs the extra "reflection".
        http: Whether ``start()`` opens the HTTP port of the Responses API and Chat Completions.
            Otherwise the first use of ``http_url`` opens it. Needs the extra "http".
        http_port: The HTTP port; 0, the default, selects a free port.
        tcp_proxy: Whether connections go through a TCP proxy that can reset and freeze them. The
            first connection fault adds the proxy, so this is only needed if a function returns
            such a fault.
        admin_token: The token of the admin API on the HTTP port, which ``start()`` then opens. By
            default there is no admin API.
        inspect: Whether to serve a page that shows the calls live, at ``inspect_url``. It is on the
            HTTP port, which ``start()`` then opens, and needs a ``host`` that other machines
            cannot reach. Needs the extra "http".
        log: The path of a file, or a text stream, to which a line of JSON is appended for each
            call when it ends. By default there is none.
        changes: Single settings, such as ``stored_images="refuse"``; see ``Settings``.

    Raises:
        ImportError: The package of an extra is missing.
        TypeError: An argument or setting does not exist, or has a wrong type.
        ValueError: A setting has a wrong value.
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
        admin_token: str | None = None,
        inspect: bool = False,
        log: str | os.PathLike[str] | TextIO | None = None,
        **changes: Unpack[SettingChanges],
    ) -> None:
        known = [*SettingChanges.__annotations__, *SERVER_OPTIONS]
        check.check_names("FakeServer()", changes, known)
        if settings is not None:
            check.instance("FakeServer: settings", settings, Settings, "Settings")
        flags = {"tls": tls, "health": health, "reflection": reflection, "http": http}
        for name, value in {**flags, "tcp_proxy": tcp_proxy, "inspect": inspect}.items():
            check.boolean(f"FakeServer: {name}", value)
        address = BindAddress(host, port, http_port)
        settings = (settings or Settings()).replace(**changes)
        state = ServerState(address)
        if inspect:
            address.require_loopback("inspect", "the page shows prompts and images")
            state.inspected = deque(maxlen=_MAX_INSPECTED)
        super().__init__(state, settings, api_key)
        self._state.tcp_proxy = tcp_proxy
        self._state.certificate = create_certificate(address.host) if tls else None
        self._state.max_threads = settings.max_threads
        self._http = http or inspect or admin_token is not None
        self._inspect_token = secrets.token_urlsafe(24) if inspect else ""
        self._log = log
        self._admin_operations: Operations | None = None
        if admin_token is not None:
            token = _check_token(self, admin_token)
            state.http_routes.append(partial(_admin_routes, self, token))
        if inspect:
            state.http_routes.append(partial(_inspector_routes, state, self._inspect_token))
        self._services = {"health": health, "reflection": reflection}
        self._lock = threading.RLock()

    @property
    def running(self) -> bool:
        """Whether the server accepts calls."""
        return self._state.grpc_server is not None

    @property
    def admin_tenants(self) -> dict[str, Tenant]:
        """The tenants that clients of the admin API created, by name."""
        return self._admin_operations.created_tenants if self._admin_operations else {}

    @property
    def inspected(self) -> bool:
        """Whether the server has the page of ``inspect_url``."""
        return self._state.inspected is not None

    @property
    def inspect_url(self) -> str:
        """The URL of the page that shows the calls live. Whoever knows it can read all calls.

        Raises:
            RuntimeError: The server is not running, or was created without ``inspect=True``.
        """
        if not self.inspected:
            raise RuntimeError("the fake server has no inspector. Use FakeServer(inspect=True)")
        return f"{self.http_url.removesuffix('/v1')}/__inspect/{self._inspect_token}/"

    @property
    def threads(self) -> int:
        """The number of threads that handle calls or wait for calls."""
        servers = (self._state.grpc_server, self._state.http_server)
        return sum(server.threads for server in servers if server)

    def start(self) -> Self:
        """Open the port and return the server. A running server is not changed.

        Raises:
            OSError: The port is in use, or the host is not an address of this machine.
        """
        with self._lock:
            if self._state.grpc_server is None:
                if self._log is not None:
                    self._state.call_file = CallFile(self._log)
                self._state.grpc_server = GrpcServer(
                    self._state.keys,
                    self.settings.max_threads,
                    self._state.address,
                    tls=self._state.certificate,
                    tcp_proxy=self._state.tcp_proxy,
                    **self._services,
                )
                self._state.keys.is_serving = True
                try:
                    if self._http:
                        self._state.running_http()
                except BaseException:
                    self.stop()
                    raise
        return self

    def stop(self, grace: float | None = None) -> None:
        """Close the port.

        Args:
            grace: Seconds to let calls in progress finish; None, the default, cancels them.
        """
        with self._lock:
            server, self._state.grpc_server = self._state.grpc_server, None
            self._state.keys.is_serving = False
        if server is not None:
            self._state.close_http(grace)
            self._state.downloads.close()
            server.stop(grace)
            for tenant in self._state.keys.tenants:
                tenant.close_upstream()
            if self._state.call_file is not None:
                self._state.call_file.close()

    def close(self) -> None:
        """Close the port; the same as ``stop()``."""
        self.stop()

    def tenant(self, **changes: Unpack[SettingChanges]) -> Tenant:
        """Add a tenant with its own key, rules, images, stored responses and log.

        Args:
            changes: The settings that differ from the server's.

        Raises:
            ImportError: The package of an extra is missing.
            TypeError: A setting does not exist, has a wrong type, or belongs to the server.
            ValueError: A setting has a wrong value.

        Returns:
            The tenant. ``close()`` removes it, and so does the end of a ``with`` block, which
            also calls its ``verify()``.
        """
        of_server = (*SERVER_OPTIONS, "max_threads")
        for name in changes:
            if name in of_server:
                raise TypeError(
                    f"tenant() does not accept {name!r}, because all tenants of a server share it. "
                    "Pass it to FakeServer()"
                )
        known = [name for name in SettingChanges.__annotations__ if name not in of_server]
        check.check_names("tenant()", changes, known)
        settings = self.settings.replace(**changes)
        if settings.record != "none" and settings.cassette is self.settings.cassette:
            raise ValueError(
                f"tenant(): the server records into {settings.cassette!r}, and a tenant cannot "
                "write the same file. Pass cassette=... with another path, or record='none'"
            )
        return Tenant(self._state, settings)

    def __enter__(self) -> Self:
        return self.start()


def _check_token(server: FakeServer, token: str) -> str:
    if register_key(token, "admin_token") == server.api_key:
        raise ValueError("admin_token must differ from api_key, which clients of the server have")
    return token


def _inspector_routes(state: ServerState, token: str) -> list[Any]:
    # Imported on use, because the page needs the packages of an extra.
    from xai_vision.testing._inspector.endpoints import InspectorApp

    host = state.address.url_host
    app = InspectorApp(
        token, host, lambda: list(state.inspected or ()), lambda: state.grpc_server is not None
    )
    return list(app.routes())


def _admin_routes(server: FakeServer, token: str) -> list[Any]:
    # Imported on use, because the admin API needs the packages of an extra.
    from xai_vision.testing._admin.endpoints import admin_routes
    from xai_vision.testing._admin.operations import Operations

    server._admin_operations = Operations(server, server.tenant)
    return list(admin_routes(server._admin_operations, token))
