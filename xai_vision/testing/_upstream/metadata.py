"""Which metadata is passed on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from xai_vision.testing._upstream.exchange import Metadata

REQUEST_ID: Final = "x-request-id"
# gRPC sends these itself, and refuses some of them.
_OF_THE_TRANSPORT: Final = frozenset(
    {"authorization", "content-type", "te", "user-agent", "host", "connection", "accept-encoding"}
)
_TRACE_HEADERS: Final = ("traceparent", "tracestate")
_ERROR_DETAILS: Final = "grpc-status-details-bin"


def without_transport_keys(metadata: Iterable[tuple[str, str | bytes]]) -> Metadata:
    """Return metadata without the keys of gRPC, of HTTP/2 and of the authorization."""
    return tuple(
        (key, value)
        for key, value in metadata
        if key == _ERROR_DETAILS or not (key in _OF_THE_TRANSPORT or key.startswith((":", "grpc-")))
    )


def split_request_id(metadata: Metadata) -> tuple[Metadata, str | None]:
    """Return metadata without the request id, and the request id."""
    request_id = next((value for key, value in metadata if key == REQUEST_ID), None)
    rest = tuple((key, value) for key, value in metadata if key != REQUEST_ID)
    return rest, request_id if isinstance(request_id, str) else None


def from_headers(headers: Iterable[tuple[str, str]]) -> Metadata:
    """Return the HTTP headers of a client that mean the same as metadata."""
    return tuple(
        (name, value)
        for name, value in headers
        if (name in _TRACE_HEADERS or name.startswith("x-grok-"))
        and value.isascii()
        and value.isprintable()
        and not name.endswith("-bin")
    )
