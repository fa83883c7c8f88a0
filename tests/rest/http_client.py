"""A minimal REST client for tests: it sends a request and returns status, headers and JSON."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class HttpReply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The JSON of a stream's events; the end marker stays a string."""
        lines = self.body.decode().split("\n\n")
        texts = [line.removeprefix("data: ") for line in lines if line]
        return [text if text == "[DONE]" else json.loads(text) for text in texts]


def ask(
    server: Any,
    verb: str,
    path: str,
    body: Any = None,
    *,
    key: str | None = None,
    headers: dict[str, str] | None = None,
    prefix: str | None = None,
    timeout: float = 30,
) -> HttpReply:
    url = urlsplit(server.http_url)
    sent = {"authorization": f"Bearer {server.api_key if key is None else key}"}
    if not isinstance(body, (bytes, type(None))):
        body = json.dumps(body).encode()
        sent["content-type"] = "application/json"
    sent |= headers or {}
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
    try:
        # An empty value leaves the header out.
        sent = {name: value for name, value in sent.items() if value}
        connection.request(verb, f"{url.path if prefix is None else prefix}{path}", body, sent)
        reply = connection.getresponse()
        return HttpReply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
    finally:
        connection.close()


def respond(server: Any, what: Any = "Hi", **more: Any) -> HttpReply:
    return ask(server, "POST", "/responses", {"model": "grok-4", "input": what, **more})


def complete(server: Any, what: Any = "Hi", **more: Any) -> HttpReply:
    messages = [{"role": "user", "content": what}]
    return ask(
        server, "POST", "/chat/completions", {"model": "grok-4", "messages": messages, **more}
    )
