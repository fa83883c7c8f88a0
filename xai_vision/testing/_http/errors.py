"""Service errors as HTTP: statuses, headers and bodies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from grpc import StatusCode

from xai_vision.errors import InvalidRequestError
from xai_vision.openai_compat import TranslationError
from xai_vision.testing._errors import ServiceError


class HttpError(ServiceError):
    """An error with an HTTP status of its own.

    Attributes:
        status: The HTTP status.
        key: The path of the invalid value in the request, if known.
    """

    def __init__(self, status: int, code: str, details: str, key: str | None = None) -> None:
        super().__init__(code, details)
        self.status = status
        self.key = key


@dataclass(frozen=True)
class _HttpForm:
    """The HTTP form of a gRPC status.

    Attributes:
        status: The HTTP status.
        code: The value of "code" in xAI's error bodies: the description of the status in xAI's
            gRPC library (observed for some statuses, assumed for the others).
        type: The value of "type" in OpenAI's error bodies.
    """

    status: int
    code: str
    type: str = "invalid_request_error"


_HTTP_FORMS: Final = {
    StatusCode.CANCELLED: _HttpForm(499, "The operation was cancelled", "server_error"),
    StatusCode.UNKNOWN: _HttpForm(500, "Unknown error", "server_error"),
    StatusCode.INVALID_ARGUMENT: _HttpForm(400, "Client specified an invalid argument"),
    StatusCode.DEADLINE_EXCEEDED: _HttpForm(
        504, "Deadline expired before operation could complete", "server_error"
    ),
    StatusCode.NOT_FOUND: _HttpForm(404, "Some requested entity was not found"),
    StatusCode.ALREADY_EXISTS: _HttpForm(
        409, "Some entity that we attempted to create already exists"
    ),
    StatusCode.PERMISSION_DENIED: _HttpForm(
        403, "The caller does not have permission to execute the specified operation"
    ),
    StatusCode.RESOURCE_EXHAUSTED: _HttpForm(
        429, "Some resource has been exhausted", "rate_limit_error"
    ),
    StatusCode.FAILED_PRECONDITION: _HttpForm(
        400, "The system is not in a state required for the operation's execution"
    ),
    StatusCode.ABORTED: _HttpForm(409, "The operation was aborted"),
    StatusCode.OUT_OF_RANGE: _HttpForm(400, "Operation was attempted past the valid range"),
    StatusCode.UNIMPLEMENTED: _HttpForm(404, "Operation is not implemented or not supported"),
    StatusCode.INTERNAL: _HttpForm(500, "Internal error", "server_error"),
    StatusCode.UNAVAILABLE: _HttpForm(503, "The service is currently unavailable", "server_error"),
    # An image URL that could not be fetched. The status is an assumption.
    StatusCode.DATA_LOSS: _HttpForm(400, "Unrecoverable data loss or corruption"),
    StatusCode.UNAUTHENTICATED: _HttpForm(
        401, "The request does not have valid authentication credentials"
    ),
}


def error_status(error: ServiceError) -> int:
    """Return the HTTP status of an error."""
    return error.status if isinstance(error, HttpError) else _HTTP_FORMS[error.code].status


def error_body(error: ServiceError, error_form: str) -> dict[str, Any]:
    """Return the body for an error.

    Args:
        error: The error.
        error_form: "xai" (``{"code": ..., "error": "..."}``) or "openai"
            (``{"error": {"message": ..., "type": ..., "param": ..., "code": ...}}``).
    """
    if error_form == "xai":
        code = StatusCode.INVALID_ARGUMENT if error_status(error) == 400 else error.code
        return {"code": _HTTP_FORMS[code].code, "error": error.details}
    return {
        "error": {
            "message": error.details,
            "type": _HTTP_FORMS[error.code].type,
            "param": getattr(error, "key", None),
            "code": error.code.name.lower(),
        }
    }


def error_headers(error: ServiceError) -> dict[str, str]:
    """Translate an error's trailing metadata into headers; retry hints get the names of HTTP."""
    headers: dict[str, str] = {}
    for key, value in error.trailing:
        if isinstance(value, bytes):
            continue  # HTTP headers cannot express binary metadata
        if key.lower() != "grpc-retry-pushback-ms":
            headers[key.lower()] = value
        elif value.startswith("-"):
            headers["x-should-retry"] = "false"
        else:
            headers["retry-after-ms"] = value
    return headers


def map_authentication_error(
    error: ServiceError, error_form: str, authorization: str | None
) -> ServiceError:
    """Give an authentication error the status that the REST API uses.

    xAI responds with 400 to a wrong key. 401 means that the header is missing or has no key.
    """
    if error.code is not StatusCode.UNAUTHENTICATED:
        return error
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        text = "No API key was provided: send it in the header 'Authorization: Bearer KEY'."
        return HttpError(401, "UNAUTHENTICATED", text)
    return HttpError(400, "UNAUTHENTICATED", error.details) if error_form == "xai" else error


@contextmanager
def translation_errors() -> Iterator[None]:
    """Turn the error for a request that cannot be translated into an ``HttpError``.

    Its status is 400 for something unsupported, 422 for a missing value or one of a wrong type.
    """
    try:
        yield
    except InvalidRequestError as error:
        text, key = str(error), getattr(error, "key", None)
        if isinstance(error, TranslationError) and error.unsupported:
            prefix = "" if text.startswith("Argument not supported") else "Argument not supported: "
            raise HttpError(400, "INVALID_ARGUMENT", f"{prefix}{text}", key) from None
        text = f"Failed to deserialize the JSON body into the target type: {text}"
        raise HttpError(422, "INVALID_ARGUMENT", text, key) from None
