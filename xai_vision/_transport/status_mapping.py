"""From what gRPC says went wrong to what our caller is told."""

from __future__ import annotations

import re
from typing import Any, Final

import grpc

from xai_vision import errors
from xai_vision._transport.rpc import RpcCall
from xai_vision.errors import APIError, StreamBrokenError

_BY_STATUS: Final[dict[grpc.StatusCode, type[APIError]]] = {
    grpc.StatusCode.UNAUTHENTICATED: errors.AuthenticationError,
    grpc.StatusCode.PERMISSION_DENIED: errors.PermissionDeniedError,
    grpc.StatusCode.NOT_FOUND: errors.NotFoundError,
    grpc.StatusCode.INVALID_ARGUMENT: errors.BadRequestError,
    grpc.StatusCode.FAILED_PRECONDITION: errors.BadRequestError,
    grpc.StatusCode.OUT_OF_RANGE: errors.BadRequestError,
    grpc.StatusCode.ALREADY_EXISTS: errors.BadRequestError,
    grpc.StatusCode.DATA_LOSS: errors.ImageFetchError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: errors.RateLimitError,
    grpc.StatusCode.DEADLINE_EXCEEDED: errors.RequestTimeoutError,
    grpc.StatusCode.CANCELLED: errors.RequestCancelledError,
    grpc.StatusCode.UNAVAILABLE: errors.UnavailableError,
}

# What the service words a refusal as, where one status stands for several things (seen in public
# reports of other clients; not a contract, so the plain class of the status is the fallback).
_BY_WORDS: Final[tuple[tuple[type[APIError], re.Pattern[str], type[APIError]], ...]] = tuple(
    (plain, re.compile(pattern, re.IGNORECASE), special)
    for plain, pattern, special in (
        (errors.PermissionDeniedError, r"safety[_ ]check", errors.SafetyRefusalError),
        (
            errors.BadRequestError,
            r"maximum prompt length|context length",
            errors.ContextTooLongError,
        ),
        # Not the tools of that name: image_generation, image search.
        (
            errors.BadRequestError,
            r"\b(images?|pictures?)\b(?! (generation|search))",
            errors.ImageRefusedError,
        ),
        # gRPC itself, on either side: "Sent message larger than max", "Received message ...".
        (errors.RateLimitError, r"message larger than max", errors.MessageTooLargeError),
        (
            errors.UnavailableError,
            r"certificate[_ ]verify[_ ]failed|hostname verification",
            errors.CertificateError,
        ),
    )
)

# A stream that stops with one of these did not end by anybody's decision about the request.
_BROKEN: Final = frozenset(
    {errors.UnavailableError, errors.ServerError, errors.RequestCancelledError}
)


# grpc.aio's own words, whenever it cannot hand a part of a request to its connection. It then
# sometimes says so before it has heard that the connection is lost.
_UNSENT: Final = "Internal error from Core"


def api_error(error: Any, exchange: RpcCall[Any, Any], *, begun: bool = False) -> APIError:
    """The error our caller gets for one of gRPC's.

    Args:
        error: The ``grpc.RpcError`` that the sync or async call raised.
        exchange: What was tried.
        begun: Whether part of a stream had arrived.
    """
    code, details = _said(error)
    kind = _kind(code, details)
    if begun and kind in _BROKEN:
        kind = StreamBrokenError
    made = kind(
        code,
        details,
        initial_metadata=_pairs(error.initial_metadata),
        trailing_metadata=_pairs(error.trailing_metadata),
        debug_error_string=error.debug_error_string(),
        method=exchange.method.path,
    )
    if isinstance(made, errors.MessageTooLargeError):
        made.remedy = _which_size(details, len(exchange.body))
    return made


def _said(error: Any) -> tuple[grpc.StatusCode, str]:
    code = error.code() or grpc.StatusCode.UNKNOWN
    details = error.details() or ""
    if code is grpc.StatusCode.INTERNAL and details == _UNSENT:
        return grpc.StatusCode.UNAVAILABLE, "the connection was lost while the request was sent"
    return code, details


def unreadable(
    exchange: RpcCall[Any, Any], error: Exception, *, begun: bool
) -> errors.ServerError | StreamBrokenError:
    """The error for a reply whose bytes are no message."""
    kind = StreamBrokenError if begun else errors.ServerError
    name = exchange.method.response.DESCRIPTOR.full_name
    return kind(
        grpc.StatusCode.INTERNAL,
        f"the reply is no {name} message: {error}",
        method=exchange.method.path,
    )


def interrupted(exchange: RpcCall[Any, Any], *, begun: bool) -> APIError:
    """The error for a call that was under way when its client was closed."""
    kind = StreamBrokenError if begun else errors.RequestCancelledError
    return kind(
        grpc.StatusCode.CANCELLED,
        "the client was closed during the call",
        method=exchange.method.path,
    )


def _which_size(details: str, request_bytes: int) -> str:
    # grpc says who found it too large and whether on sending or receiving, not which message.
    answer = ("CLIENT" in details) == ("Received" in details)
    if answer:
        return (
            "It is the answer that is too large: raise grpc.max_receive_message_length in "
            "channel_options=, or ask for less with max_tokens=."
        )
    return (
        f"It is the request, which was {request_bytes / 2**20:.2f} MiB: send fewer or smaller "
        "pictures at once (fit=True, max_side=), or raise the limit where it is set."
    )


def not_ready(target: str, seconds: float) -> errors.RequestTimeoutError:
    """The error of ``client.ready()`` when no connection came about in time."""
    error = errors.RequestTimeoutError(
        grpc.StatusCode.DEADLINE_EXCEEDED,
        f"no connection to {target} within {seconds:g} seconds",
    )
    error.remedy = (
        "Check the host and the network, that the server has been started, and with TLS that its "
        "certificate is trusted (root_certificates=)."
    )
    return error


def _kind(code: grpc.StatusCode, details: str) -> type[APIError]:
    kind = _BY_STATUS.get(code, errors.ServerError)
    for plain, words, special in _BY_WORDS:
        if kind is plain and words.search(details):
            return special
    return kind


def _pairs(read: Any) -> list[tuple[str, str | bytes]]:
    # A call that never got through may have no metadata to read.
    return [(key, value) for key, value in (read() or ())]
