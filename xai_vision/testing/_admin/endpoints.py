"""The HTTP of the admin API: paths, the token, and errors as JSON."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xai_vision._validation import did_you_mean
from xai_vision.testing._admin.operations import (
    DEFAULT_TENANT,
    AdminError,
    AdminRequest,
    Operations,
)
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._validation import short_repr

PREFIX: Final = "/__admin"
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the admin API.

    Attributes:
        method: The HTTP method.
        path: The path after the prefix; "{name}" stands for one part.
        operation: The operation.
        status: The HTTP status of a success.
        has_tenant: Whether the query can name a tenant.
        has_filters: Whether the query can have conditions on calls.
    """

    method: str
    path: str
    operation: Callable[[Operations, AdminRequest], Any]
    status: int = 200
    has_tenant: bool = True
    has_filters: bool = False


ENDPOINTS: Final = (
    Endpoint("GET", "/calls", Operations.list_calls, has_filters=True),
    Endpoint("DELETE", "/calls", Operations.delete_calls),
    Endpoint("GET", "/rules", Operations.list_rules),
    Endpoint("POST", "/rules", Operations.add_rules, 201),
    Endpoint("DELETE", "/rules", Operations.delete_rules),
    Endpoint("GET", "/problems", Operations.list_problems),
    Endpoint("POST", "/reset", Operations.reset),
    Endpoint("GET", "/tenants", Operations.list_tenants, has_tenant=False),
    Endpoint("POST", "/tenants", Operations.add_tenant, 201, has_tenant=False),
    Endpoint("DELETE", "/tenants/{name}", Operations.delete_tenant, has_tenant=False),
)


def admin_routes(operations: Operations, token: str) -> list[Route]:
    """Return the routes of the admin API, and of /healthz, which needs no token."""
    admin = AdminApp(operations, token)
    return [
        Route("/healthz", _report_health, methods=["GET"]),
        Route(f"{PREFIX}{{path:path}}", admin.respond, methods=list(_METHODS)),
    ]


async def _report_health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


class AdminApp:
    """Responds to requests under the prefix.

    Args:
        operations: The operations.
        token: The token that requests must have.
    """

    def __init__(self, operations: Operations, token: str) -> None:
        self._operations = operations
        self._token = token.encode()

    async def respond(self, request: Request) -> Response:
        """Respond to a request; every error is JSON."""
        try:
            self._check_token(request)
            endpoint, name = _find(request.method, request.path_params["path"].rstrip("/"))
            if endpoint is None:
                return JSONResponse({"endpoints": _endpoint_names()})
            admin_request = _read(request, endpoint, name, await request.body())
            # An operation may block: closing a tenant waits for its calls.
            result = await run_in_threadpool(endpoint.operation, self._operations, admin_request)
        except AdminError as error:
            body: dict[str, Any] = {"error": redact(str(error))}
            if error.errors:
                body["errors"] = [redact(text) for text in error.errors]
            return JSONResponse(body, error.status, error.headers)
        except ClientDisconnect:
            return Response()
        return JSONResponse(result, endpoint.status)

    def _check_token(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        if hmac.compare_digest(given.encode("utf-8", "replace"), self._token):
            return
        problem = "is not the admin token" if given else "is missing"
        raise AdminError(
            401,
            f"the admin token {problem}: send 'Authorization: Bearer ADMIN_TOKEN'. It is not the "
            "API key of clients. `xai-vision serve` prints it, unless --admin-token or "
            "XAI_VISION_SERVE_ADMIN_TOKEN sets it.",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _endpoint_names() -> list[str]:
    return [f"{endpoint.method} {PREFIX}{endpoint.path}" for endpoint in ENDPOINTS]


def _find(method: str, path: str) -> tuple[Endpoint | None, str]:
    """Return the endpoint of a request and the name in its path; None for the list of endpoints.

    Raises:
        AdminError: 404 for another path, 405 for another method.
    """
    if path == "" and method == "GET":
        return None, ""
    parent, _, last = path.rpartition("/")
    methods = []
    for endpoint in ENDPOINTS:
        is_named = endpoint.path == f"{parent}/{{name}}"
        if endpoint.path == path or is_named:
            if endpoint.method == method:
                return endpoint, last if is_named else ""
            methods.append(endpoint.method)
    target = f"{method} {PREFIX}{path}"
    if methods:
        allowed = ", ".join(methods)
        text = f"{target}: the path supports {allowed}"
        raise AdminError(405, text, headers={"Allow": allowed})
    names = _endpoint_names()
    hint = did_you_mean(target, names) or "."
    known = ", ".join(names)
    raise AdminError(404, f"there is no {short_repr(target)}{hint} The endpoints are {known}")


def _read(request: Request, endpoint: Endpoint, name: str, body: bytes) -> AdminRequest:
    query: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        if key in query:
            raise AdminError(400, f"the query parameter {short_repr(key)} is set twice")
        query[key] = value
    tenant = query.pop("tenant", DEFAULT_TENANT) if endpoint.has_tenant else DEFAULT_TENANT
    if query and not endpoint.has_filters:
        accepted = "only tenant" if endpoint.has_tenant else "no query parameters"
        key = short_repr(next(iter(query)))
        raise AdminError(400, f"{endpoint.method} {endpoint.path} accepts {accepted}, not {key}")
    if not body.strip():
        return AdminRequest(query, None, tenant, name)
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AdminError(400, f"the body is not valid JSON: {error}") from None
    return AdminRequest(query, content, tenant, name)
