"""The fake as `serve` runs it: at ports and with a key that somebody chose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from xai_vision.cli.exits import Failure
from xai_vision.testing import FakeServer
from xai_vision.testing.callers import Caller
from xai_vision.testing.front import Front
from xai_vision.testing.keyring import redact

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
    server = FakeServer(**settings, tls=tls, http=http_port is not None)
    if key is not None:
        _adopt(server, key)
    with ExitStack() as stack:
        server.start()
        stack.callback(server.stop)
        grpc = f"localhost:{_at(stack, grpc_port, int(server.target.rpartition(':')[2]))}"
        http = None
        if http_port is not None:
            url = urlsplit(server.http_url)
            port = _at(stack, http_port, url.port or 80)
            http = url._replace(netloc=f"{url.hostname}:{port}").geturl()
        yield Running(server, grpc, http, None if key else server.api_key)


def _at(stack: ExitStack, wished: int, actual: int) -> int:
    """Make a port of the server's reachable at the one that was wished for."""
    if wished in (0, actual):
        return actual
    try:
        front = Front(wished, actual)
    except OSError as error:
        raise Failure(f"port {wished} cannot be opened: {error.strerror or error}") from None
    stack.callback(front.stop)
    return front.port


def _adopt(server: FakeServer, key: str) -> None:
    caller = Caller(key_id="key-given", name="given key", redacted=redact(key))
    server._site.keys.add(key, server._engine, caller)
    server.api_key = key
