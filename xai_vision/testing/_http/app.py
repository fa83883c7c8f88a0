"""The engine over HTTP: requests in, ServiceErrors to statuses, answers to bodies and streams."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

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
from xai_vision.testing._service import api_keys as keyring
from xai_vision.testing._service.active_call import ActiveCall, attempt_number
from xai_vision.testing._service.delivery import ClientDisconnected

if TYPE_CHECKING:
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine
    from xai_vision.testing._thread_pool import ThreadPool

__all__ = ["SERVICE", "HttpApp"]

SERVICE = "REST"
"""What the call log calls the service of all these calls."""


class HttpApp:
    """Answers the endpoints of ``endpoints.py``, and says 404 and 405 of the rest.

    Attributes:
        app: The ASGI application.

    Args:
        keys: Who may call.
        crew: Threads for what blocks: the engine, and waiting for an answer's parts.
    """

    def __init__(self, keys: keyring.KeyRegistry[Engine], threads: ThreadPool) -> None:
        self._keys = keys
        self._crew = threads
        paths: dict[str, dict[str, Endpoint]] = {}
        for one in ENDPOINTS:
            paths.setdefault(one.path, {})[one.method] = one
        # One for each path, so that 405 names all of its methods.
        routes = [
            Route(path, partial(self._answer, verbs=verbs), methods=list(verbs))
            for path, verbs in paths.items()
        ]
        self.app = Starlette(
            routes=routes,
            exception_handlers={HTTPException: self._lost},
        )
        self.app.router.redirect_slashes = False

    async def _answer(self, request: Request, *, verbs: dict[str, Endpoint]) -> Response:
        # HEAD is GET without the body, which the protocol leaves out.
        endpoint = verbs[request.method.replace("HEAD", "GET")]
        call, engine, caller = self._arrive(request, endpoint.name)
        try:
            raw = await request.body()
        except ClientDisconnect:
            call.finish("CANCELLED", cancelled=True)
            return Response()
        leaving = asyncio.create_task(_watch(request.receive, call))
        work = partial(self._work, request, endpoint, engine, caller, call, raw)
        outcome = await asyncio.get_running_loop().run_in_executor(self._crew, work)
        return HttpResponse(outcome, call, self._crew, leaving)

    def _work(
        self,
        request: Request,
        endpoint: Endpoint,
        engine: Engine,
        caller: ApiKey | None,
        call: ActiveCall,
        raw: bytes,
    ) -> HttpResult:
        """Have the engine answer; on a thread, for it may take its time."""
        authorization = request.headers.get("authorization")
        try:
            # A blocked key may still ask what is wrong with it.
            known = caller if endpoint.allows_blocked_key else None
            known = known or keyring.require_valid_key(authorization, caller)
            kind = request.headers.get("content-type", "")
            query = request.query_params.multi_items()
            asked = HttpRequest(engine, known, call, request.path_params, raw, kind, query)
            asked.check_query(endpoint.query)
            outcome = endpoint.handler(asked)
            if not isinstance(outcome.body, Iterator) and call.delivery.wait_for_response():
                outcome.body = outcome.body[: len(outcome.body) // 2]
        except Exception as fault:  # noqa: BLE001 - becomes the call's status
            return _refusal(engine, call, fault, authorization)
        return outcome

    def _arrive(self, request: Request, name: str) -> tuple[ActiveCall, Engine, ApiKey | None]:
        record = Call(redact(name), SERVICE)
        authorization = request.headers.get("authorization")
        engine, caller = self._keys.find(authorization)
        record.metadata = redact_metadata(request.headers.items(), authorization)
        record.attempt = attempt_number(request.headers.get("x-stainless-retry-count", ""))
        record.key_id = caller.key_id if caller else ""
        record.peer = f"{request.client.host}:{request.client.port}" if request.client else ""
        return engine.start_call(record), engine, caller

    async def _lost(self, request: Request, fault: Exception) -> Response:
        """Say that there is no such endpoint, or not by this method."""
        status = fault.status_code if isinstance(fault, HTTPException) else 500
        call, engine, _ = self._arrive(request, f"{request.method} {request.url.path}")
        words = "has no such path" if status == 404 else "does not take this method there"
        error = HttpError(
            status, "UNIMPLEMENTED", f"{request.method} {request.url.path}: the service {words}."
        )
        headers = dict(getattr(fault, "headers", None) or {})
        outcome = _told(engine, call, error)
        outcome.headers |= headers
        return HttpResponse(outcome, call, self._crew, None)


def _refusal(
    engine: Engine, call: ActiveCall, fault: Exception, authorization: str | None
) -> HttpResult:
    if isinstance(fault, ClientDisconnected):
        fault = ServiceError("UNAVAILABLE", "The fake server was stopped.")
    elif not isinstance(fault, ServiceError):
        fault = engine.test_error(f"{call!r}: {type(fault).__name__}: {fault}")
    return _told(
        engine, call, map_authentication_error(fault, engine.settings.error_form, authorization)
    )


def _told(engine: Engine, call: ActiveCall, error: ServiceError) -> HttpResult:
    status = error_status(error)
    if call.record.ended is None:
        call.record.http_status = status
    call.finish(error.code.name, error.details)
    body = error_body(error, engine.settings.error_form)
    return HttpResult.json(body, status, error_headers(error))


async def _watch(receive: Callable[[], Awaitable[Any]], call: ActiveCall) -> None:
    """Wait until the client has gone, or has its answer."""
    while (await receive())["type"] != "http.disconnect":
        pass
    call.finish("CANCELLED", cancelled=True)  # unless it had ended before
