"""Which key belongs to whom."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from xai_vision.testing._errors import ServiceError, denied, unauthenticated

if TYPE_CHECKING:
    from xai_vision.testing._service.engine import Engine
    from xai_vision.testing._service.key_options import Caller

__all__ = ["Keyring", "check", "redact"]


def redact(key: str) -> str:
    """Show of a key what the service shows of it in its messages: its ends."""
    return f"{key[:2]}***{key[-2:]}" if len(key) > 8 else "***"


class Keyring:
    """Keys of every tenant of one server. A fresh key is a fresh tenant."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[Engine, Caller]] = {}
        self._tenants: list[Engine] = []
        self._lock = threading.Lock()

    def admit(self, engine: Engine) -> None:
        """Let a tenant in."""
        with self._lock:
            self._tenants.append(engine)

    def dismiss(self, engine: Engine) -> None:
        """Forget a tenant and its keys."""
        with self._lock:
            self._tenants = [other for other in self._tenants if other is not engine]
            for key in [key for key, (owner, _) in self._keys.items() if owner is engine]:
                del self._keys[key]

    @property
    def tenants(self) -> list[Engine]:
        """Who is there."""
        with self._lock:
            return list(self._tenants)

    def add(self, key: str, engine: Engine, caller: Caller) -> None:
        """Give a tenant a key."""
        with self._lock:
            self._keys[key] = (engine, caller)

    def owner(self, authorization: str | None) -> tuple[Engine, Caller | None]:
        """Whose log a call goes into, and who called; nobody if the key is not known.

        A call without a good key goes to the tenant that came last and is still there: in a
        test run, that of the running test.
        """
        found = self._keys.get(_key(authorization) or "")
        return found or (self._tenants[-1], None)


def check(authorization: str | None, caller: Caller | None) -> Caller:
    """Let a caller in.

    Raises:
        ServiceError: UNAUTHENTICATED for a missing, wrong or expired key; PERMISSION_DENIED for
            a blocked one.
    """
    if caller is None:
        raise _stranger(authorization)
    if caller.expired:
        raise unauthenticated("The API key has expired.")
    if caller.blocked:
        raise denied("The API key is currently blocked.")
    if caller.team_blocked:
        raise denied("The team this API key belongs to is currently blocked.")
    if caller.disabled:
        raise denied("The API key is disabled.")
    return caller


def _stranger(authorization: str | None) -> ServiceError:
    key = _key(authorization)
    if not key:
        return unauthenticated(
            "No API key was provided: send it as metadata 'authorization: Bearer KEY'."
        )
    return unauthenticated(
        f"Incorrect API key provided: {redact(key)}. You can obtain an API key from "
        "https://console.x.ai."
    )


def _key(authorization: str | None) -> str | None:
    scheme, _, key = (authorization or "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None
