"""API keys: what each key may do, and which tenant it belongs to.

Keys of tenants that have ended are recognized, so that a client that outlives its test is told so
and does not disturb the log of the next test.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar

from xai_vision.testing import _validation as check
from xai_vision.testing._calls.redaction import is_from_this_process, is_generated, register_key
from xai_vision.testing._errors import permission_denied, unauthenticated

EngineT = TypeVar("EngineT")
# Hashes of the keys that tests supply. Generated keys are recognized without a list.
_MAX_SUPPLIED = 1_000
_supplied: dict[bytes, None] = {}
_registries: weakref.WeakSet[KeyRegistry[Any]] = weakref.WeakSet()
_lock = threading.Lock()


class KeyOptions(TypedDict, total=False):
    """The options of ``create_key``; see ``ApiKey``."""

    name: str
    vision: bool
    models: Iterable[str] | None
    blocked: bool
    team_blocked: bool
    disabled: bool
    expired: bool
    management: bool


@dataclass(frozen=True)
class ApiKey:
    """A key of a tenant, with its permissions.

    Attributes:
        key_id: The public id.
        name: The name of the key.
        redacted: The key with its middle hidden.
        vision: Whether requests with images are allowed.
        models: The names or aliases of the allowed models. None allows every model.
        blocked: Whether the key is blocked.
        team_blocked: Whether the team of the key is blocked.
        disabled: Whether the key is disabled.
        expired: Whether the key has expired.
        management: Whether it is a key of the management API, for collections.
    """

    key_id: str = "key-0"
    name: str = "fake key"
    redacted: str = ""
    vision: bool = True
    models: tuple[str, ...] | None = None
    blocked: bool = False
    team_blocked: bool = False
    disabled: bool = False
    expired: bool = False
    management: bool = False

    def __post_init__(self) -> None:
        check.string("create_key: name", self.name)
        for name in ("vision", "blocked", "team_blocked", "disabled", "expired", "management"):
            check.boolean(f"create_key: {name}", getattr(self, name))
        if self.models is not None:
            object.__setattr__(self, "models", check.strings("create_key: models", self.models))


class KeyRegistry(Generic[EngineT]):
    """The keys of all tenants of one server.

    Attributes:
        is_serving: Whether the server runs. The keys of a stopped server count as ended.

    Args:
        make_unlogged: A function that returns an engine like another one, whose log nobody reads.
    """

    def __init__(self, make_unlogged: Callable[[EngineT], EngineT]) -> None:
        self.is_serving = False
        self._make_unlogged = make_unlogged
        self._keys: dict[str, tuple[EngineT, ApiKey]] = {}
        # The tenants, the oldest first, each with its keys.
        self._keys_of: dict[EngineT, dict[str, None]] = {}
        self._lock = threading.Lock()
        with _lock:
            _registries.add(self)

    def add_tenant(self, engine: EngineT) -> None:
        """Add a tenant by its engine."""
        with self._lock:
            self._keys_of[engine] = {}

    def remove_tenant(self, engine: EngineT) -> None:
        """Remove a tenant and its keys."""
        with self._lock:
            for key in self._keys_of.pop(engine, ()):
                del self._keys[key]

    @property
    def tenants(self) -> list[EngineT]:
        """The engines of the tenants, the oldest first."""
        with self._lock:
            return list(self._keys_of)

    def add_key(self, key: str, engine: EngineT, api_key: ApiKey) -> None:
        """Add a key of a tenant."""
        with self._lock:
            self._keys[key] = (engine, api_key)
            if engine in self._keys_of:
                self._keys_of[engine][key] = None
        if not is_from_this_process(key):
            with _lock:
                _supplied[_hash(key)] = None
                if len(_supplied) > _MAX_SUPPLIED:
                    del _supplied[next(iter(_supplied))]

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def find(self, authorization: str | None) -> tuple[EngineT, ApiKey | None]:
        """Return the tenant whose log records a call, and the key of the call if it is known.

        A call without a known key belongs to the newest tenant. With the pytest plugin, that is
        the tenant of the running test. A call with the key of an ended tenant belongs to nobody.

        Args:
            authorization: The value of the header.
        """
        key = _bearer_token(authorization)
        found = self._keys.get(key)
        if found is not None:
            return found
        with self._lock:
            newest = next(reversed(self._keys_of))
        return (self._make_unlogged(newest) if has_ended(key) else newest), None


def has_ended(key: str) -> bool:
    """Return whether a key belonged to a tenant of this process that has ended."""
    with _lock:
        if not is_from_this_process(key) and _hash(key) not in _supplied:
            return False
        return not any(registry.is_serving and key in registry for registry in _registries)


def _hash(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogateescape"), digest_size=16).digest()


def require_valid_key(
    authorization: str | None, api_key: ApiKey | None, *, management: bool = False
) -> ApiKey:
    """Return the key of a call if it may be used.

    Args:
        authorization: The value of the header.
        api_key: The key that it names, if it is known.
        management: Whether the call needs a key of the management API, and not one of the API.

    Raises:
        ServiceError: UNAUTHENTICATED if the key is missing, unknown, expired, of another kind or of
            an ended test; PERMISSION_DENIED if it is blocked or disabled.
    """
    if api_key is None:
        key = _bearer_token(authorization)
        if has_ended(key):
            raise unauthenticated(
                f"The key {mask_key(key)} belonged to a test that has ended. Is there a client "
                "that outlives its test, such as one at module level? Create the client in the "
                "test, with the key of the test's own server."
            )
        raise unauthenticated(
            f"Incorrect API key provided: {mask_key(key)}. You can obtain an API key from "
            "https://console.x.ai."
            if key
            else "No API key was provided: send it as metadata 'authorization: Bearer KEY'."
        )
    if api_key.management != management:
        needed, other = ("a management", "an API") if management else ("an API", "a management")
        raise unauthenticated(f"The key is {other} key, but this method needs {needed} key.")
    if api_key.expired:
        raise unauthenticated("The API key has expired.")
    if api_key.blocked:
        raise permission_denied("The API key is currently blocked.")
    if api_key.team_blocked:
        raise permission_denied("The team this API key belongs to is currently blocked.")
    if api_key.disabled:
        raise permission_denied("The API key is disabled.")
    return api_key


def key_of_upstream(key: str, *, management: bool = False) -> ApiKey:
    """Return the key of a client that an upstream checks. It is not shown from now on."""
    register_key(key)
    return ApiKey("upstream", redacted=mask_key(key), management=management)


def mask_key(key: str) -> str:
    """Return the key with its middle hidden, as the service shows keys in error messages."""
    return f"{key[:2]}***{key[-2:]}" if len(key) > 8 else "***"


def own_key(authorization: str | None) -> str | None:
    """Return the key of a client that is not a key of a fake server; None if it is one."""
    key = _bearer_token(authorization)
    if not (key.isascii() and key.isprintable() and key.split() == [key]):
        return None
    return None if has_ended(key) or is_generated(key) else key


def _bearer_token(authorization: str | None) -> str:
    scheme, _, key = (authorization or "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
