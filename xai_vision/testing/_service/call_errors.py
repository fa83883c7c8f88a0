"""Exceptions that end a call, as service errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision.testing._errors import ServiceError
from xai_vision.testing._service.delivery import ClientDisconnected

if TYPE_CHECKING:
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.engine import Engine


def to_service_error(engine: Engine, call: ActiveCall, error: Exception) -> ServiceError:
    """Return the service error for an exception; an error of the test fails ``verify()``."""
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, ClientDisconnected):
        return ServiceError("UNAVAILABLE", "The fake server was stopped.")
    return engine.test_error(f"{call!r}: {type(error).__name__}: {error}")
