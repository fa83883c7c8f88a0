"""The fake server that `serve` runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from xai_vision._cli.exit_codes import CliError
from xai_vision.testing import FakeServer


@dataclass
class RunningServer:
    """A running server and its addresses.

    Attributes:
        server: The server.
        grpc: The address for gRPC clients.
        http: The base URL for REST clients, or None.
        told_key: The API key, if the server generated it.
    """

    server: FakeServer
    grpc: str
    http: str | None
    generated_key: str | None

    def ready(self) -> dict[str, Any]:
        """Return the content of the ready message."""
        return {
            "ready": True,
            "fake": True,
            "grpc": self.grpc,
            "http": self.http,
            "api_key": self.generated_key,
        }


@contextmanager
def start(
    settings: dict[str, Any],
    *,
    grpc_port: int,
    http_port: int | None,
    tls: bool,
    key: str | None,
) -> Iterator[RunningServer]:
    """Run a server.

    Raises:
        CliError: A port is in use.
        ImportError: A package of an extra is missing.
    """
    server = FakeServer(
        **settings,
        port=grpc_port,
        api_key=key,
        tls=tls,
        http=http_port is not None,
        http_port=http_port or 0,
    )
    try:
        server.start()
    except OSError as error:
        raise CliError(error.strerror or str(error)) from None
    try:
        http = server.http_url if http_port is not None else None
        yield RunningServer(server, server.target, http, None if key else server.api_key)
    finally:
        server.stop()
