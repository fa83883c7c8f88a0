"""Map gRPC statuses to the package's errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import grpc

from xai_vision import errors
from xai_vision._transport.rpc import RpcCall
from xai_vision.errors import APIError, StreamBrokenError

Redact: TypeAlias = Callable[[Any], Any]
"""Removes the API key from a string or from bytes of the server."""

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

_BY_NUMBER: Final = {code.value[0]: code for code in grpc.StatusCode}

# Not every message with "credits" or "quota": rate limits are counted in them too.
_OUT_OF_CREDITS: Final = (
    r"\b(all|any|no|out of|insufficient) (\w+ ){0,3}credits\b"
    r"|\b(reached|exceeded|hit) (\w+ ){0,4}spending limit"
    r"|\binsufficient_quota\b|\binsufficient (funds|balance)\b|\bexceeded your current quota\b"
)
# The service's messages, where one status has several causes. They come from public reports of
# other clients and are not a contract, so the general class of the status is the fallback.
_BY_DETAILS: Final[tuple[tuple[type[APIError], re.Pattern[str], type[APIError]], ...]] = tuple(
    (general, re.compile(pattern, re.IGNORECASE | re.DOTALL), specific)
    for general, pattern, specific in (
        (errors.PermissionDeniedError, r"safety[_ ]check", errors.SafetyRefusalError),
        (errors.PermissionDeniedError, _OUT_OF_CREDITS, errors.OutOfCreditsError),
        (errors.RateLimitError, _OUT_OF_CREDITS, errors.OutOfCreditsError),
        (
            errors.BadRequestError,
            r"\b(incorrect|invalid|wrong|missing|expired|no) (xai )?api[-_ ]key\b"
            r"|\bapi[-_ ]key (is|was|has) (\w+ )?(incorrect|invalid|wrong|missing|expired)\b",
            errors.AuthenticationError,
        ),
        (
            errors.BadRequestError,
            r"maximum prompt length|context length",
            errors.ContextTooLongError,
        ),
        # Not if it is about tools or schemas: image_generation, image search, image-lookup.
        (
            errors.BadRequestError,
            r"^(?!.*\b(schema|property|parameter|tool|function)\b)"
            r".*(?<![\w-])images?(_urls?)?(?![\w-])(?! (generation|search))",
            errors.ImageRefusedError,
        ),
        # From gRPC itself, on either side: "Sent message larger than max", "Received message ...".
        (errors.RateLimitError, r"message larger than max", errors.MessageTooLargeError),
        # The size limit of a file. The message of a rate limit does not name a size.
        (
            errors.RateLimitError,
            r"\bfiles?\b.*\b(too large|larger than)\b"
            r"|\bfile (size|of [\d,.]+ ?\w*)\b.*\bexceeds?\b",
            errors.MessageTooLargeError,
        ),
        # From gRPC itself: the headers of the response are too large.
        (errors.RateLimitError, r"metadata size exceeds", errors.ServerError),
        (
            errors.UnavailableError,
            r"certificate[_ ]verify[_ ]failed|hostname verification",
            errors.CertificateError,
        ),
    )
)
# Error messages quote names that the caller chose, which say nothing about the cause.
_QUOTED: Final = re.compile(r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|`[^`]*`")

# These errors break a stream off; the others are decisions about the request.
_BREAKS_STREAM: Final = frozenset(
    {errors.UnavailableError, errors.ServerError, errors.RequestCancelledError}
)


# These calls find nothing but responses.
_OF_STORED_RESPONSES: Final = frozenset(
    {"GetStoredCompletion", "DeleteStoredCompletion", "GetDeferredCompletion"}
)
# What these calls do not find is a file.
_OF_FILES: Final = frozenset(
    {
        "RetrieveFile",
        "DeleteFile",
        "RetrieveFileContent",
        "CreatePublicUrl",
        "RevokePublicUrl",
    }
)
# gRPC's message when the HTTP/2 stream was reset by the other side.
_RESET: Final = "RST_STREAM"
# gRPC's message, with UNKNOWN, for some responses of proxies that are not gRPC, such as HTTP 503
# with a body. For the others its status is UNAVAILABLE.
_NOT_GRPC: Final = "Stream removed"
# A message about a model that accepts text only.
_WITHOUT_VISION: Final = re.compile(
    r"\bimages?\b.*\bnot supported by\b|\bdoes(n't| not) (support|accept) images?\b",
    re.IGNORECASE | re.DOTALL,
)
# The start of the messages of `xai_vision.testing` about a test's own rules.
_FROM_FAKE: Final = "From the fake server: `"
# Part of its message about the key of such a test, which has the remedy already.
_ENDED_TEST: Final = " belonged to a test that has ended. "
# The message of grpc.aio when it cannot pass a part of a request to its connection. It sometimes
# reports this before it reports the loss of the connection.
_NOT_SENT: Final = "Internal error from Core"


def api_error(
    error: Any,
    call: RpcCall[Any, Any],
    *,
    received_any: bool = False,
    redact: Redact = lambda value: value,
) -> APIError:
    """Make the error that the caller gets for an error of gRPC.

    Args:
        error: The ``grpc.RpcError`` of a blocking or asyncio call.
        call: The call that failed.
        received_any: Whether a part of a stream had arrived.
        redact: Removes the API key from a text of the server.
    """
    code, details = _status(error)
    error_class = _error_class(code, details)
    if received_any and (error_class in _BREAKS_STREAM or _RESET in details):
        error_class = StreamBrokenError
    created = error_class(
        code,
        redact(details),
        initial_metadata=_pairs(error, "initial_metadata", redact),
        trailing_metadata=_pairs(error, "trailing_metadata", redact),
        debug_error_string=redact(_attribute(error, "debug_error_string") or ""),
        method=call.method.path,
    )
    if isinstance(created, errors.MessageTooLargeError) and call.source is not None:
        created.remedy = "Upload a smaller file, or several parts of it."
    elif isinstance(created, errors.MessageTooLargeError):
        created.remedy = _size_remedy(details, len(call.body))
    elif isinstance(created, errors.NotFoundError):
        created.remedy = _not_found_remedy(details, call.method.name)
    elif isinstance(created, errors.ImageRefusedError) and _WITHOUT_VISION.search(details):
        created.remedy = (
            "Choose a model that accepts images: models_pb2.IMAGE in the input_modalities of "
            "client.models.list_language_models()."
        )
    elif isinstance(created, errors.AuthenticationError) and _ENDED_TEST in details:
        created.remedy = "Retrying will not help."
    elif isinstance(created, errors.BadRequestError) and details.startswith(_FROM_FAKE):
        created.remedy = "Correct the test's rules or the request; retrying will not help."
    elif isinstance(created, StreamBrokenError) and call.partial is None:
        created.remedy = "Nothing of it is kept; send the request again."
    return created


def status_error(number: int, details: str) -> APIError:
    """Make the error for a status in a message, such as the result of a request in a batch.

    Args:
        number: The number of the status code, as in ``google.rpc.Status``.
        details: The service's message.
    """
    code = _BY_NUMBER.get(number, grpc.StatusCode.UNKNOWN)
    return _error_class(code, details)(code, details)


def _status(error: Any) -> tuple[grpc.StatusCode, str]:
    code = _attribute(error, "code") or grpc.StatusCode.UNKNOWN
    details = _attribute(error, "details") or ""
    if code is grpc.StatusCode.INTERNAL and details == _NOT_SENT:
        return grpc.StatusCode.UNAVAILABLE, "the connection was lost while the request was sent"
    if code is grpc.StatusCode.UNKNOWN and details.startswith(_NOT_GRPC):
        return grpc.StatusCode.UNAVAILABLE, "the response does not come from a gRPC server"
    return code, details


def _attribute(error: Any, name: str) -> Any:
    # An interceptor may raise an RpcError that is not a call and has none of these methods.
    method = getattr(error, name, None)
    return method() if callable(method) else None


def invalid_response(
    call: RpcCall[Any, Any], error: Exception, *, received_any: bool
) -> errors.ServerError | StreamBrokenError:
    """Make the error for a response that cannot be parsed."""
    error_class = StreamBrokenError if received_any else errors.ServerError
    name = call.method.response.DESCRIPTOR.full_name
    return error_class(
        grpc.StatusCode.INTERNAL,
        f"the response is not a valid {name} message: {error}",
        method=call.method.path,
    )


def missing_response(call: RpcCall[Any, Any]) -> errors.ServerError:
    """Make the error for a call that closed with OK but without a response."""
    return errors.ServerError(
        grpc.StatusCode.INTERNAL,
        "the service reported success but sent no response",
        method=call.method.path,
    )


def closed_while_waiting() -> errors.RequestCancelledError:
    """Make the error for a task whose client was closed between two of its calls."""
    return errors.RequestCancelledError(
        grpc.StatusCode.CANCELLED, "the client was closed during the call"
    )


def cancelled_by_caller(call: RpcCall[Any, Any]) -> errors.RequestCancelledError:
    """Make the error for a call that its caller cancelled."""
    return errors.RequestCancelledError(
        grpc.StatusCode.CANCELLED, "the call was cancelled", method=call.method.path
    )


def client_closed(call: RpcCall[Any, Any], *, received_any: bool) -> APIError:
    """Make the error for a call that was in progress when its client was closed."""
    error_class = StreamBrokenError if received_any else errors.RequestCancelledError
    return error_class(
        grpc.StatusCode.CANCELLED,
        "the client was closed during the call",
        method=call.method.path,
    )


def _size_remedy(details: str, request_bytes: int) -> str:
    # grpc names the side that found a message too large, and whether it was sending or receiving
    # it. The response is a message that the client received or the server sent.
    is_response = ("CLIENT" in details) == ("Received" in details)
    if is_response:
        return (
            "The response is too large: raise grpc.max_receive_message_length in "
            "channel_options=, or ask for less with max_tokens=."
        )
    return (
        f"The request is too large ({request_bytes / 2**20:.2f} MiB): send fewer or smaller "
        "images at once (fit=True, max_side=), or raise the limit where it is set."
    )


def _not_found_remedy(details: str, method: str) -> str:
    if re.search(r"\bmodels?\b", _QUOTED.sub("", details), re.IGNORECASE):
        return (
            "Check the model's name. client.models.list_language_models() lists the models that "
            "your key may use."
        )
    if method in _OF_STORED_RESPONSES:
        return "Check the id. Stored responses expire."
    if method in _OF_FILES:
        return "Check the file's id. client.files.list() lists the files; they can expire."
    return errors.NotFoundError.remedy


def not_ready(target: str, seconds: float) -> errors.RequestTimeoutError:
    """Make the error of ``client.ready()`` for a connection that is not up in time."""
    error = errors.RequestTimeoutError(
        grpc.StatusCode.DEADLINE_EXCEEDED,
        f"no connection to {target} within {seconds:g} seconds",
    )
    error.remedy = (
        "Check the host and the network, that the server is running and, with TLS, that its "
        "certificate is trusted (root_certificates=)."
    )
    return error


def _error_class(code: grpc.StatusCode, details: str) -> type[APIError]:
    by_status = _BY_STATUS.get(code, errors.ServerError)
    details = _QUOTED.sub("", details)
    for general, pattern, specific in _BY_DETAILS:
        if by_status is general and pattern.search(details):
            return specific
    return by_status


def _pairs(error: Any, name: str, redact: Redact) -> list[tuple[str, str | bytes]]:
    # The metadata of a call that did not reach the server may be None.
    return [(key, redact(value)) for key, value in (_attribute(error, name) or ())]
