"""The fake as `serve` runs it: at ports and with a key that somebody chose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from xai_vision._cli.exit_codes import Failure
from xai_vision.testing import FakeServer

__all__ = ["Running", "start"]


@dataclass
class Running:
    """A server, and where it can be reached.

    Attributes:
        server: The server.
        grpc: Its address for gRPC clients.
        http: Its base URL for REST clients, if it serves them.
        told_key: The key, where it is a new one that only the server knows.
    """

    server: FakeServer
    grpc: str
    http: str | None
    told_key: str | None

    def ready(self) -> dict[str, Any]:
        """What whoever started it wants to know."""
        return {
            "ready": True,
            "fake": True,
            "grpc": self.grpc,
            "http": self.http,
            "api_key": self.told_key,
        }


@contextmanager
def start(
    settings: dict[str, Any],
    *,
    grpc_port: int,
    http_port: int | None,
    tls: bool,
    key: str | None,
) -> Iterator[Running]:
    """Run a server.

    Raises:
        Failure: A port is taken.
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
        raise Failure(error.strerror or str(error)) from None
    try:
        http = server.http_url if http_port is not None else None
        yield Running(server, server.target, http, None if key else server.api_key)
    finally:
        server.stop()
