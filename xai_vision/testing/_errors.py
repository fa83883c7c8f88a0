"""How the service says no, apart from any transport."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grpc import StatusCode

from xai_vision.testing import _validation as given

_FAILURES = [code.name for code in StatusCode if code is not StatusCode.OK]


class ServiceError(Exception):
    """A refusal or failure of the service, as a status.

    Raise it from a rule's callable to answer with that status.

    Attributes:
        code: The status.
        details: The text clients see.
        trailing: Trailing metadata as (key, value) pairs.

    Raises:
        TypeError: ``code`` is no status.
        ValueError: There is no status of that name, or it is OK.
    """

    def __init__(
        self, code: StatusCode | str, details: str, trailing: Sequence[tuple[str, str | bytes]] = ()
    ) -> None:
        super().__init__(code, details, trailing)
        self.code = failure_status("ServiceError: code", code)
        self.details = details
        self.trailing = tuple(trailing)

    def __str__(self) -> str:
        return f"{self.code.name}: {self.details}"


def failure_status(where: str, code: Any) -> StatusCode:
    """A status that is a failure, by its name or as it is; raises as ``ServiceError``."""
    name = code.name if isinstance(code, StatusCode) else code
    if name == "OK":
        raise ValueError(f"{where} cannot be OK: that is no failure")
    return StatusCode[given.enum(where, name, _FAILURES)]


def invalid_argument(details: str) -> ServiceError:
    """INVALID_ARGUMENT: the request cannot be served as it is."""
    return ServiceError(StatusCode.INVALID_ARGUMENT, details)


def not_found(details: str) -> ServiceError:
    """NOT_FOUND: a model, stored response or file that is not there."""
    return ServiceError(StatusCode.NOT_FOUND, details)


def permission_denied(details: str) -> ServiceError:
    """PERMISSION_DENIED: the key may not do this."""
    return ServiceError(StatusCode.PERMISSION_DENIED, details)


def unauthenticated(details: str) -> ServiceError:
    """UNAUTHENTICATED: the key is missing, wrong or expired."""
    return ServiceError(StatusCode.UNAUTHENTICATED, details)


def image_fetch_failed(details: str) -> ServiceError:
    """DATA_LOSS: an image's URL could not be fetched."""
    return ServiceError(StatusCode.DATA_LOSS, details)
