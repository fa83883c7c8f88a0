"""Errors of the service as gRPC statuses, for every transport."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from grpc import StatusCode

from xai_vision.testing import _validation as check

_ERROR_CODES = [code.name for code in StatusCode if code is not StatusCode.OK]


class ServiceError(Exception):
    """An error of the service, as a gRPC status.

    Raise it in a rule's callable to respond with that status.

    Attributes:
        code: The status code.
        details: The message for the client.
        trailing: The trailing metadata as (key, value) pairs.

    Raises:
        TypeError: ``code`` is neither a status code nor a string.
        ValueError: ``code`` is OK, or not the name of a status code.
    """

    def __init__(
        self, code: StatusCode | str, details: str, trailing: Sequence[tuple[str, str | bytes]] = ()
    ) -> None:
        super().__init__(code, details, trailing)
        self.code = error_code("ServiceError: code", code)
        self.details = details
        self.trailing = tuple(trailing)

    def __str__(self) -> str:
        return f"{self.code.name}: {self.details}"


def error_code(name: str, code: Any) -> StatusCode:
    """Return the status code of an error; ``code`` may be its name."""
    word = code.name if isinstance(code, StatusCode) else code
    return StatusCode[check.enum(name, word, _ERROR_CODES)]


def error_in_test(message: str) -> ServiceError:
    """Return the error for the client of a test that is wrong. Clients do not retry it.

    Backquotes surround the message, because clients look for causes in the words of the service,
    and ignore quotations: a rule for images has the words of a refused image.
    """
    message = message.replace("`", "'")
    return ServiceError(StatusCode.FAILED_PRECONDITION, f"From the fake server: `{message}`")


# Each makes an error from its details.
invalid_argument = partial(ServiceError, StatusCode.INVALID_ARGUMENT)
not_found = partial(ServiceError, StatusCode.NOT_FOUND)
permission_denied = partial(ServiceError, StatusCode.PERMISSION_DENIED)
unauthenticated = partial(ServiceError, StatusCode.UNAUTHENTICATED)
