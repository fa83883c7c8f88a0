"""The ASGI application: passes requests to the engine and turns errors into HTTP responses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import redact, redact_metadata
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._http.errors import (
    HttpError,
    error_body,
    error_headers,
    error_status,
    map_authentication_error,
)
from xai_vision.testing._http.request import HttpRequest, HttpResult
from xai_vision.testing._http.response import HttpResponse
from xai_vision.testing._http.routes import ENDPOINTS, Endpoint
from xai_vision.testing._http.sse import EVENT_STREAM, MALFORMED_BODY, interrupted_events
from xai_vision.testing._service.active_call import ActiveCall, attempt_number
from xai_vision.testing._service.api_keys import key_of_upstream, own_key, require_valid_key
from xai_vision.testing._service.call_errors import to_service_error
from xai_vision.testing._upstream.exchange import Incoming
from xai_vision.testing._upstream.metadata import from_headers

if TYPE_CHECKING:
    from xai_vision.testing._service.api_keys import ApiKey, KeyRegistry
    from xai_vision.testing._service.engine import Engine
    from xai_vision.testing._thread_pool import ThreadPool


class HttpApp:
    """Serves the endpoints of ``routes.py``; other paths and methods get 404 and 405.

    Attributes:
        app: The ASGI application.

    Args:
        keys: The accepted API keys.
        threads: The threads for blocking work: the engine, and waiting for a stream's events.
        more_routes: Further routes, which come first.
    """

    def __init__(
        self,
        keys: KeyRegistry[Engine],
        threads: ThreadPool,
        more_routes: Sequence[BaseRoute] = (),
    ) -> None:
        self._keys = keys
        self._threads = threads
        paths: dict[str, dict[str, Endpoint]] = {}
        for endpoint in ENDPOINTS:
            paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        # One route per path, so that the Allow header of a 405 names all its methods.
        routes = [
            Route(path, partial(self._respond, endpoints=endpoints), methods=list(endpoints))
            for path, endpoints in paths.items()
        ]
        self.app = Starlette(
            routes=[*more_routes, *routes],
            exception_handlers={HTTPException: self._respond_with_routing_error},
        )
        self.app.router.redirect_slashes = False

    async def _respond(self, request: Request, *, endpoints: dict[str, Endpoint]) -> Response:
        # HEAD is handled as GET; the HTTP protocol leaves the body out.
        endpoint = endpoints[request.method.replace("HEAD", "GET")]
        call, engine, api_key = self._start_call(request, endpoint.name)
        try:
            body = await request.body()
        except ClientDisconnect:
            call.finish("CANCELLED", cancelled=True)
            return Response()
        disconnected = asyncio.create_task(_wait_for_disconnect(request.receive, call))
        handle = partial(self._handle, request, endpoint, engine, api_key, call, body)
        result = await asyncio.get_running_loop().run_in_executor(self._threads, handle)
        return HttpResponse(result, call, self._threads, disconnected)

    def _handle(
        self,
        request: Request,
        endpoint: Endpoint,
        engine: Engine,
        api_key: ApiKey | None,
        call: ActiveCall,
        body: bytes,
    ) -> HttpResult:
        """Handle a request on a worker thread, because the engine may block."""
        call.note("thread")
        authorization = request.headers.get("authorization")
        try:
            if api_key is None or not endpoint.allows_blocked_key:
                api_key = require_valid_key(authorization, api_key)
            http_request = HttpRequest(engine, api_key, call, request, body)
            http_request.check_query(endpoint.query)
            result = _respond(endpoint, http_request)
        except Exception as error:  # noqa: BLE001 - becomes the call's status
            status = to_service_error(engine, call, error)
            form = engine.settings.error_form
            return _error_result(
                engine, call, map_authentication_error(status, form, authorization)
            )
        return result

    def _start_call(self, request: Request, name: str) -> tuple[ActiveCall, Engine, ApiKey | None]:
        record = Call(redact(name), "REST")
        authorization = request.headers.get("authorization")
        engine, api_key = self._keys.find(authorization)
        record.metadata = redact_metadata(request.headers.items(), authorization)
        record.attempt = attempt_number(request.headers.get("x-stainless-retry-count", ""))
        incoming = Incoming()
        if engine.upstream is not None:
            key = None if api_key else own_key(authorization)
            incoming = Incoming(metadata=from_headers(request.headers.items()), key=key)
            if key is not None and engine.upstream.accepts_keys:
                api_key = key_of_upstream(key)
        record.key_id = api_key.key_id if api_key else ""
        record.peer = f"{request.client.host}:{request.client.port}" if request.client else ""
        call = engine.start_call(record)
        call.incoming = incoming
        return call, engine, api_key

    async def _respond_with_routing_error(self, request: Request, error: Exception) -> Response:
        """Respond to an unknown path or a method that the path does not support."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        target = f"{request.method} {request.url.path}"
        call, engine, _ = self._start_call(request, target)
        problem = "no such path" if status == 404 else "the path does not support this method"
        result = _error_result(
            engine, call, HttpError(status, "UNIMPLEMENTED", f"{target}: {problem}.")
        )
        result.headers |= getattr(error, "headers", None) or {}
        return HttpResponse(result, call, self._threads, None)


def _respond(endpoint: Endpoint, request: HttpRequest) -> HttpResult:
    """Return the endpoint's result, with the faults of the call.

    Raises:
        ServiceError: The endpoint or a fault raised an error.
    """
    engine, call = request.engine, request.call
    try:
        if not endpoint.handler_applies_faults:
            engine.apply_faults(call)
        result = endpoint.handler(request)
    except Exception as error:
        failure = call.delivery.wait_for_error(to_service_error(engine, call, error))
        if failure is not None:
            raise failure from error
        if call.record.stream:
            return HttpResult(interrupted_events(call), content_type=EVENT_STREAM)
        return HttpResult(MALFORMED_BODY)
    if not isinstance(result.body, Iterator) and call.delivery.wait_for_response():
        # An injected fault truncates the body.
        result.body = result.body[: len(result.body) // 2]
    return result


def _error_result(engine: Engine, call: ActiveCall, error: ServiceError) -> HttpResult:
    status = error_status(error)
    if call.record.ended is None:
        call.record.http_status = status
    call.finish(error.code.name, error.details)
    body = error_body(error, engine.settings.error_form)
    return HttpResult.json(body, status, error_headers(error))


async def _wait_for_disconnect(receive: Callable[[], Awaitable[Any]], call: ActiveCall) -> None:
    """Wait until the client disconnects; a call that is still running is then cancelled."""
    while (await receive())["type"] != "http.disconnect":
        pass
    call.finish("CANCELLED", cancelled=True)
