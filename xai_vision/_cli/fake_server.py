"""The fake server that `serve` runs."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from xai_vision._cli.exit_codes import CliError, Exit
from xai_vision._cli.serve_options import ServeOptions
from xai_vision.testing import FakeServer


@dataclass
class RunningServer:
    """A running server and its addresses.

    Attributes:
        server: The server.
        grpc: The address for gRPC clients.
        http: The base URL for REST clients, or None.
        generated_key: The API key, if the server generated it.
        generated_token: The token of the admin API, if it was generated.
        inspector: The URL of the inspector, or None.
    """

    server: FakeServer
    grpc: str
    http: str | None
    generated_key: str | None
    generated_token: str | None
    inspector: str | None

    def problems(self) -> list[str]:
        """Return the problems of the server and of the tenants of the admin API."""
        problems = self.server.problems()
        for name, tenant in self.server.admin_tenants.items():
            problems += [f"tenant {name!r}: {problem}" for problem in tenant.problems()]
        return problems

    def ready(self) -> dict[str, Any]:
        """Return the content of the ready message."""
        recorder = self.server._engine.recorder
        return {
            "ready": True,
            "fake": True,
            "grpc": self.grpc,
            "http": self.http,
            "upstream": self.server.settings.upstream,
            "cassette": None if recorder is None else str(recorder.cassette.path),
            "api_key": self.generated_key,
            "admin": self.http and f"{self.http.removesuffix('/v1')}/__admin",
            "admin_token": self.generated_token,
            "inspector": self.inspector,
        }


@contextmanager
def start(settings: dict[str, Any], options: ServeOptions) -> Iterator[RunningServer]:
    """Run a server.

    Raises:
        CliError: A port is in use, a cassette is not valid, or the file for calls cannot be opened.
        ImportError: A package of an extra is missing.
    """
    with_http = options.http_port is not None or options.admin_token is not None
    new_token = secrets.token_urlsafe(32) if with_http and options.admin_token is None else None
    try:
        server = FakeServer(
            **settings,
            host=options.host,
            port=options.grpc_port,
            api_key=options.key,
            tls=options.tls,
            health=options.health,
            reflection=options.reflection,
            http_port=options.http_port or 0,
            admin_token=options.admin_token or new_token,
            inspect=options.inspect,
            log=sys.stdout if options.log == "-" else options.log,
        )
    except ValueError as error:  # the cassette; the settings were checked before
        raise CliError(str(error), Exit.USAGE) from None
    try:
        server.start()
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise CliError(f"{where}{error.strerror or error}") from None
    try:
        http = server.http_url if with_http else None
        key = None if options.key else server.api_key
        inspector = server.inspect_url if options.inspect else None
        yield RunningServer(server, server.target, http, key, new_token, inspector)
    finally:
        server.stop()
