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
    found = next((value for key, value in metadata if key == REQUEST_ID), None)
    rest = tuple((key, value) for key, value in metadata if key != REQUEST_ID)
    return rest, found if isinstance(found, str) else None
