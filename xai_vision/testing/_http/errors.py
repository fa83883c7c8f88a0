"""Refusals and failures as HTTP: statuses, headers and bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from grpc import StatusCode

from xai_vision.errors import InvalidRequestError
from xai_vision.openai_compat import TranslationError
from xai_vision.testing._errors import ServiceError

__all__ = [
    "HttpError",
    "error_body",
    "error_headers",
    "error_status",
    "from_translation_error",
    "map_authentication_error",
]


class HttpError(ServiceError):
    """A refusal that only HTTP knows, with its own status."""

    def __init__(self, status: int, code: str, details: str, key: str | None = None) -> None:
        super().__init__(code, details)
        self.status = status
        self.key = key


@dataclass(frozen=True)
class _Kind:
    """How a gRPC status looks over HTTP.

    Attributes:
        status: The HTTP status.
        code: The text xAI puts into "code": the description that its gRPC library gives the
            status (observed for some, assumed of the others).
        type: OpenAI's "type".
    """

    status: int
    code: str
    type: str = "invalid_request_error"


_KINDS: Final = {
    StatusCode.CANCELLED: _Kind(499, "The operation was cancelled", "server_error"),
    StatusCode.UNKNOWN: _Kind(500, "Unknown error", "server_error"),
    StatusCode.INVALID_ARGUMENT: _Kind(400, "Client specified an invalid argument"),
    StatusCode.DEADLINE_EXCEEDED: _Kind(
        504, "Deadline expired before operation could complete", "server_error"
    ),
    StatusCode.NOT_FOUND: _Kind(404, "Some requested entity was not found"),
    StatusCode.ALREADY_EXISTS: _Kind(409, "Some entity that we attempted to create already exists"),
    StatusCode.PERMISSION_DENIED: _Kind(
        403, "The caller does not have permission to execute the specified operation"
    ),
    StatusCode.RESOURCE_EXHAUSTED: _Kind(
        429, "Some resource has been exhausted", "rate_limit_error"
    ),
    StatusCode.FAILED_PRECONDITION: _Kind(
        400, "The system is not in a state required for the operation's execution"
    ),
    StatusCode.ABORTED: _Kind(409, "The operation was aborted"),
    StatusCode.OUT_OF_RANGE: _Kind(400, "Operation was attempted past the valid range"),
    StatusCode.UNIMPLEMENTED: _Kind(404, "Operation is not implemented or not supported"),
    StatusCode.INTERNAL: _Kind(500, "Internal error", "server_error"),
    StatusCode.UNAVAILABLE: _Kind(503, "The service is currently unavailable", "server_error"),
    # An image's URL that could not be fetched. The status is a guess.
    StatusCode.DATA_LOSS: _Kind(400, "Unrecoverable data loss or corruption"),
    StatusCode.UNAUTHENTICATED: _Kind(
        401, "The request does not have valid authentication credentials"
    ),
}
_OTHER: Final = _Kind(500, "Unknown error", "server_error")


def error_status(error: ServiceError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, HttpError):
        return error.status
    return _KINDS.get(error.code, _OTHER).status


def error_body(error: ServiceError, error_form: str) -> dict[str, Any]:
    """The body that tells of an error.

    Args:
        error: Which.
        form: "xai" (``{"code": ..., "error": "..."}``) or "openai"
            (``{"error": {"message": ..., "type": ..., "param": ..., "code": ...}}``).
    """
    kind = _KINDS.get(error.code, _OTHER)
    if error_form == "xai":
        code = "Client specified an invalid argument" if error_status(error) == 400 else kind.code
        return {"code": code, "error": error.details}
    told = {"message": error.details, "type": kind.type, "param": getattr(error, "key", None)}
    return {"error": {**told, "code": error.code.name.lower()}}


def error_headers(error: ServiceError) -> dict[str, str]:
    """What a fault's trailing metadata is in HTTP: headers, of the words that clients know."""
    found: dict[str, str] = {}
    for key, value in error.trailing:
        if isinstance(value, bytes):
            continue  # binary metadata has no form in HTTP
        if key.lower() != "grpc-retry-pushback-ms":
            found[key.lower()] = value
        elif value.startswith("-"):
            found["x-should-retry"] = "false"
        else:
            found["retry-after-ms"] = value
    return found


def map_authentication_error(
    error: ServiceError, form: str, authorization: str | None
) -> ServiceError:
    """What an authentication error is over REST: a wrong key is status 400 with xAI, not 401.

    401 is for a header that is missing, or holds no key.
    """
    if error.code is not StatusCode.UNAUTHENTICATED:
        return error
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        words = "No API key was provided: send it in the header 'Authorization: Bearer KEY'."
        return HttpError(401, "UNAUTHENTICATED", words)
    return HttpError(400, "UNAUTHENTICATED", error.details) if form == "xai" else error


def from_translation_error(error: InvalidRequestError) -> HttpError:
    """What a request that cannot be translated is.

    400 for what the service does not do, 422 for what is missing or of a wrong type.
    """
    key = error.key if isinstance(error, TranslationError) else None
    if isinstance(error, TranslationError) and error.unsupported:
        text = str(error)
        prefix = "" if text.startswith("Argument not supported") else "Argument not supported: "
        return HttpError(400, "INVALID_ARGUMENT", f"{prefix}{text}", key)
    text = f"Failed to deserialize the JSON body into the target type: {error}"
    return HttpError(422, "INVALID_ARGUMENT", text, key)
