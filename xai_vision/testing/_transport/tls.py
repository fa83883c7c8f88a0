"""TLS certificates for the fake server's ports."""

from __future__ import annotations

from dataclasses import dataclass

import grpc

from xai_vision._optional_imports import import_optional
from xai_vision.testing._transport.address import LOOPBACK


@dataclass(frozen=True)
class Certificate:
    """A server certificate from a certificate authority of its own.

    Attributes:
        root: The authority's certificate (PEM); clients must trust it.
        chain: The server's certificate chain (PEM).
        key: The server's private key (PEM).
    """

    root: bytes
    chain: bytes
    key: bytes

    def credentials(self) -> grpc.ServerCredentials:
        """Return the credentials for a gRPC server."""
        return grpc.ssl_server_credentials([(self.key, self.chain)])

    def __repr__(self) -> str:
        return "<Certificate for localhost>"


def create_certificate(host: str) -> Certificate:
    """Create an authority and a certificate for localhost and ``host``.

    Raises:
        ImportError: trustme is not installed.
    """
    trustme = import_optional("trustme", "tls", "TLS")
    authority = trustme.CA()
    leaf = authority.issue_cert(*dict.fromkeys(["localhost", LOOPBACK, "::1", host]))
    return Certificate(
        root=authority.cert_pem.bytes(),
        chain=b"".join(blob.bytes() for blob in leaf.cert_chain_pems),
        key=leaf.private_key_pem.bytes(),
    )
