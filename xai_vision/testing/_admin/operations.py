"""What the admin API can do, without HTTP."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xai_vision._validation import did_you_mean
from xai_vision.testing import _validation as check
from xai_vision.testing._rule_files.conditions import CONDITIONS, read_conditions
from xai_vision.testing._rule_files.document import Document
from xai_vision.testing._rule_files.rule_file import RuleFile, check_json
from xai_vision.testing._validation import short_repr

if TYPE_CHECKING:
    from xai_vision.testing._faults.injection import FaultRule
    from xai_vision.testing._rules.rule import Rule
    from xai_vision.testing._tenant import Tenant


DEFAULT_TENANT: Final = "default"
_DEFAULT_LIMIT: Final = 1_000
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
# They would send the key of the server's owner to a place of the client's choice, or read and write
# its files.
_OF_THE_OWNER: Final = ("upstream", "upstream_key", "model", "cassette", "record")
_FILTERS: Final = {**CONDITIONS, "status": ("contains",)}


class AdminError(Exception):
    """A request that the admin API refuses.

    Attributes:
        status: The HTTP status.
        errors: The single errors, if there are several.
        headers: Headers of the response.
    """

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors or []
        self.headers = headers or {}


@dataclass(frozen=True)
class AdminRequest:
    """A request to the admin API.

    Attributes:
        query: The query parameters besides ``tenant``.
        body: The parsed JSON of the body; None without a body.
        tenant: The tenant that the request names; by default the server itself.
        name: The last part of the path, where it is a name.
    """

    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    tenant: str = DEFAULT_TENANT
    name: str = ""


class Operations:
    """The operations on a server. Each takes a request and returns the JSON of the response.

    Args:
        server: The default tenant.
        create: A function that creates a tenant with the given settings.
    """

    def __init__(self, server: Tenant, create: Callable[..., Tenant]) -> None:
        self._create = create
        self._tenants = {DEFAULT_TENANT: server}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def created_tenants(self) -> dict[str, Tenant]:
        """The tenants besides the default one, by name."""
        with self._lock:
            return {n: tenant for n, tenant in self._tenants.items() if n != DEFAULT_TENANT}

    def _tenant(self, name: str) -> Tenant:
        with self._lock:
            tenant = self._tenants.get(name)
            names = list(self._tenants)
        if tenant is None:
            known = did_you_mean(name, names) or f"; there are {', '.join(names)}"
            raise AdminError(404, f"there is no tenant {short_repr(name)}{known}")
        return tenant

    def list_calls(self, request: AdminRequest) -> Any:
        """Return the calls that match the conditions in the query, the oldest first.

        "count" is the number of matching calls, of which "calls" has the last ``limit``.
        """
        query = dict(request.query)
        limit = query.pop("limit", str(_DEFAULT_LIMIT))
        if not limit.isdecimal() or len(limit) > 9:
            raise AdminError(400, f"limit must be an integer, not {short_repr(limit)}")
        log = self._tenant(request.tenant).calls
        calls = log.where(**_read_filters(query))
        shown = calls[max(0, len(calls) - int(limit)) :]
        return {
            "count": len(calls),
            "dropped": log.dropped,
            "calls": [call.to_dict(volatile=True) for call in shown],
        }

    def delete_calls(self, request: AdminRequest) -> Any:
        """Clear the call log."""
        log = self._tenant(request.tenant).calls
        count = len(log)
        log.clear()
        return {"deleted": count}

    def list_rules(self, request: AdminRequest) -> Any:
        """Return the rules and faults, and how often each was used."""
        tenant = self._tenant(request.tenant)
        return _describe([*tenant.rules, *tenant.faults])

    def add_rules(self, request: AdminRequest) -> Any:
        """Add rules, faults, images and a rate limit; nothing is added if any is invalid."""
        tenant = self._tenant(request.tenant)
        return _describe(_read_rules(request.body).apply(tenant))

    def delete_rules(self, request: AdminRequest) -> Any:
        """Remove all rules and faults."""
        return {"deleted": self._tenant(request.tenant).clear_rules()}

    def reset(self, request: AdminRequest) -> Any:
        """Remove rules, faults, limits, calls, images and stored responses."""
        self._tenant(request.tenant).clear()
        return {"reset": request.tenant}

    def list_problems(self, request: AdminRequest) -> Any:
        """Return what ``verify()`` would report."""
        problems = self._tenant(request.tenant).problems()
        return {"ok": not problems, "problems": problems}

    def list_tenants(self, request: AdminRequest) -> Any:
        """Return the tenants, without their keys."""
        with self._lock:
            tenants = dict(self._tenants)
        return {
            "tenants": [
                {"name": name, "calls": tenant.calls.total, "rules": len(tenant.rules)}
                for name, tenant in tenants.items()
            ]
        }

    def add_tenant(self, request: AdminRequest) -> Any:
        """Create a tenant with its own key; the body can have a name, settings and rules."""
        body = {} if request.body is None else dict(_mapping(request.body))
        name, settings = body.pop("name", None), body.pop("settings", {})
        rules = _read_rules(body) if body else None
        if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
            allowed = "up to 64 letters, digits, '.', '_' and '-'"
            raise AdminError(400, f"name must have {allowed}, not {short_repr(name)}")
        try:
            options = check.mapping("settings", settings)
            for setting in _OF_THE_OWNER:
                if setting in options:
                    raise ValueError(
                        f"settings: {setting} can only be set where the server is started"
                    )
            tenant = self._create(**options)
        except (ImportError, TypeError, ValueError) as error:
            raise AdminError(400, str(error)) from None
        with self._lock:
            if name is None:
                # A name is not used again, because the file of calls contains it.
                free = (f"tenant-{n}" for n in self._numbers)
                name = next(name for name in free if name not in self._tenants)
            is_taken = name in self._tenants
            if not is_taken:
                tenant.name = name
                self._tenants[name] = tenant
        if is_taken:
            tenant.close()
            raise AdminError(409, f"there is a tenant {name!r} already. Delete it, or use its key")
        if rules is not None:
            rules.apply(tenant)
        return {
            "name": name,
            "api_key": tenant.api_key,
            "grpc": tenant.target,
            "http": tenant.http_url,
        }

    def delete_tenant(self, request: AdminRequest) -> Any:
        """Remove a tenant; return the problems that it had."""
        if request.name == DEFAULT_TENANT:
            raise AdminError(409, "the default tenant cannot be deleted. Use POST /__admin/reset")
        tenant = self._tenant(request.name)
        with self._lock:
            self._tenants.pop(request.name, None)
        problems = tenant.problems()
        tenant.close()
        return {"deleted": request.name, "ok": not problems, "problems": problems}


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise AdminError(400, f"the body must be a JSON object, not {short_repr(value)}")
    return value


def _read_rules(body: Any) -> RuleFile:
    if body is None:
        example = """{"rules": [{"when": {"prompt": "Hi"}, "reply": "Hello"}]}"""
        raise AdminError(400, f"the body is empty. Send JSON, such as {example}")
    rules, errors = check_json(body)
    if errors:
        raise AdminError(400, f"the rules are invalid: {errors[0]}", errors)
    return rules


def _read_filters(query: Mapping[str, str]) -> dict[str, Any]:
    """Read conditions from query parameters; a value is a string, or JSON.

    Raises:
        AdminError: A condition does not exist, or its value is invalid.
    """
    conditions: dict[str, Any] = {}
    for name, text in query.items():
        conditions[name] = text
        # Conditions without text matchers have numbers, flags or lists as values.
        if text.startswith(("{", "[")) or not _FILTERS.get(name, _FILTERS):
            try:
                conditions[name] = json.loads(text)
            except ValueError as error:
                if text.startswith(("{", "[")):
                    raise AdminError(400, f"{name}: invalid JSON: {error}") from None
    document = Document(conditions)
    result = document.root.attempt(lambda value: read_conditions(value, status=True))
    errors = [text for _, text in document.errors]
    if errors:
        raise AdminError(400, f"the query is invalid: {errors[0]}", errors)
    return dict(result)


def _describe(rules: list[Rule | FaultRule]) -> Any:
    described: dict[str, list[Any]] = {"rules": [], "faults": []}
    for rule in rules:
        uses = getattr(rule, "uses", None)
        if uses is None:
            described["faults"].append({"fault": repr(rule), "fired": getattr(rule, "fired", 0)})
        else:
            described["rules"].append({"rule": repr(rule), "uses": uses})
    return described
