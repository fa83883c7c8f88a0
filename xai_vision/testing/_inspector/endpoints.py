"""The HTTP of the inspector: a page, its events, and the views of calls. Nothing can be changed."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from xai_vision.testing._inspector.feed import Feed
from xai_vision.testing._inspector.page import dump, live_page, live_policy
from xai_vision.testing._inspector.thumbnails import SIDES, thumbnail
from xai_vision.testing._inspector.view import call_id, view

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._service.engine import Engine

PREFIX: Final = "/__inspect"
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# A page of another site that has its name resolve to this machine sends its own name.
_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_POLL_SECONDS: Final = 0.25
_STEPS: Final = 2
# Without changes the server writes a comment, so that it notices a page that is gone.
_IDLE_POLLS: Final = 60
_BATCH: Final = 200


class InspectorApp:
    """Responds to requests for the page.

    Args:
        token: The secret part of the page's path.
        host: The host of the page's URL.
        engines: A function that returns the tenants whose calls to show.
        is_open: A function that returns whether the server runs.
    """

    def __init__(
        self,
        token: str,
        host: str,
        engines: Callable[[], Sequence[Engine]],
        is_open: Callable[[], bool],
    ) -> None:
        self._token = token.encode()
        self._hosts = {host, *_HOSTS}
        self._engines = engines
        self._is_open = is_open

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route(f"{PREFIX}{{path:path}}", self.respond, methods=list(_METHODS))]

    async def respond(self, request: Request) -> Response:
        """Respond to a request."""
        response = await self._respond(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    async def _respond(self, request: Request) -> Response:
        if _without_port(request.headers.get("host", "")) not in self._hosts:
            text = "The inspector answers only to this machine's own names, such as localhost.\n"
            return PlainTextResponse(text, 403)
        token, slash, path = request.path_params["path"].removeprefix("/").partition("/")
        is_known = hmac.compare_digest(token.encode("utf-8", "replace"), self._token)
        if not (slash and is_known):
            text = "There is no such page. Use the URL in FakeServer.inspect_url.\n"
            return PlainTextResponse(text, 404)
        if request.method != "GET":
            return PlainTextResponse("The inspector only reads.\n", 405, {"Allow": "GET"})
        match path.split("/"):
            case [""]:
                nonce = secrets.token_urlsafe(16)
                headers = {"Content-Security-Policy": live_policy(nonce)}
                return HTMLResponse(live_page(nonce), headers=headers)
            case ["events"]:
                return StreamingResponse(self._events(), media_type="text/event-stream")
            case ["calls", id_]:
                return await run_in_threadpool(self._view, id_)
            case ["calls", id_, "images" | "earlier" as kind, index, size] if size in SIDES:
                return await run_in_threadpool(self._image, id_, kind, index, size)
        return PlainTextResponse("There is no such page.\n", 404)

    async def _events(self) -> AsyncIterator[bytes]:
        """Yield the events of a page: all calls, then each change."""
        feed, idle = Feed(self._engines), 0
        yield _event("begin", {})
        while self._is_open():
            cleared, changed = feed.poll()
            idle = 0 if cleared or changed else idle + 1
            for log in cleared:
                yield _event("cleared", {"log": log})
            for start in range(0, len(changed), _BATCH):
                yield _event("calls", [change.summary() for change in changed[start:][:_BATCH]])
                await asyncio.sleep(0)  # Other requests come first.
            if idle == _IDLE_POLLS:
                idle = 0
                yield b":\n\n"
            for _ in range(_STEPS):
                if self._is_open():  # A server that stops waits only shortly for its responses.
                    await asyncio.sleep(_POLL_SECONDS / _STEPS)

    def _find(self, id_: str) -> tuple[Call, Engine] | None:
        for engine in self._engines():
            for call in engine.calls:
                if call_id(call) == id_:
                    return call, engine
        return None

    def _view(self, id_: str) -> Response:
        found = self._find(id_)
        if found is None:
            return _gone()
        call, engine = found
        return Response(dump(view(call, engine.name)), media_type="application/json")

    def _image(self, id_: str, kind: str, index: str, size: str) -> Response:
        found = self._find(id_)
        if found is None:
            return _gone()
        images = found[0].images if kind == "images" else found[0].earlier_images
        copy = None
        with contextlib.suppress(ValueError, IndexError):
            copy = thumbnail(images[int(index)], size)
        if copy is None:
            return PlainTextResponse("The log does not have this image.\n", 404)
        media_type, data = copy
        return Response(data, media_type=media_type)


def _gone() -> Response:
    return PlainTextResponse("The log no longer has this call.\n", 404)


def _without_port(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdecimal() else host.lower()


def _event(name: str, value: Any) -> bytes:
    return f"event: {name}\ndata: {dump(value)}\n\n".encode()
