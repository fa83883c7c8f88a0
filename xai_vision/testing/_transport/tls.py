"""What needs a package more: a TLS certificate, health checks, server reflection."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc

from xai_vision.testing._transport.address import LOOPBACK, BindAddress

if TYPE_CHECKING:
    from xai_vision.testing._http.server import HttpHost
    from xai_vision.testing._service.api_keys import Keyring

__all__ = ["Certificate", "add_services", "http_host", "throw_away_certificate"]


@dataclass(frozen=True)
class Certificate:
    """A certificate nobody trusts but who is told to.

    Attributes:
        root: The authority's certificate (PEM), for clients to trust.
        chain: The server's (PEM).
        key: Its private key (PEM).
    """

    root: bytes
    chain: bytes
    key: bytes

    def credentials(self) -> grpc.ServerCredentials:
        """What a grpc server takes."""
        return grpc.ssl_server_credentials([(self.key, self.chain)])

    def __repr__(self) -> str:
        return "<Certificate for localhost>"


def throw_away_certificate(host: str) -> Certificate:
    """Make an authority and a certificate for localhost, and for ``host``.

    Raises:
        ImportError: trustme is not installed.
    """
    trustme = _module("trustme", "tls", "a TLS port")
    authority = trustme.CA()
    leaf = authority.issue_cert(*dict.fromkeys(["localhost", LOOPBACK, "::1", host]))
    return Certificate(
        root=authority.cert_pem.bytes(),
        chain=b"".join(blob.bytes() for blob in leaf.cert_chain_pems),
        key=leaf.private_key_pem.bytes(),
    )


def add_services(server: grpc.Server, health: bool, reflection: bool) -> None:
    """Let a server answer health checks and reflection.

    Raises:
        ImportError: The package for it is not installed.
    """
    names = ["xai_api.Auth", "xai_api.Chat", "xai_api.Models", "xai_api.Tokenize"]
    if health:
        checks = _module("grpc_health.v1.health", "health", "health checks")
        protos = _module("grpc_health.v1.health_pb2", "health", "health checks")
        stubs = _module("grpc_health.v1.health_pb2_grpc", "health", "health checks")
        servicer = checks.HealthServicer()
        for name in ("", *names):
            servicer.set(name, protos.HealthCheckResponse.SERVING)
        stubs.add_HealthServicer_to_server(servicer, server)
    if reflection:
        module = _module("grpc_reflection.v1alpha.reflection", "reflection", "server reflection")
        # Its descriptors are looked up by name; ours must all be in the pool by then.
        for proto in ("auth", "chat", "models", "tokenize"):
            importlib.import_module(f"xai_vision.proto.{proto}_pb2")
        from xai_vision.proto._pool import POOL

        shown = [*names, module.SERVICE_NAME]
        module.enable_server_reflection(shown, server, pool=POOL)


def http_host(
    keys: Keyring, max_threads: int, place: BindAddress, certificate: Certificate | None
) -> HttpHost:
    """Open an HTTP port.

    Raises:
        OSError: It cannot be opened.
        ImportError: starlette or uvicorn is not installed.
    """
    for package in ("starlette", "uvicorn"):
        _module(package, "http", "the HTTP port")
    from xai_vision.testing._http.server import HttpHost

    return HttpHost(keys, max_threads, place, certificate)


def _module(name: str, extra: str, purpose: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as fault:
        raise ImportError(
            f"{purpose} of the fake server needs {name.partition('.')[0]}: "
            f"pip install 'xai-vision[{extra}]'"
        ) from fault
