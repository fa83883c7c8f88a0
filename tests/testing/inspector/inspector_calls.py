"""Requests to the inspector's endpoints, with full control of headers."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.testing.waiting import LIMIT


@dataclass
class HttpAnswer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


def get(server, path="", *, method="GET", token=None, **headers) -> HttpAnswer:
    """Request a path below the inspector's URL; ``token`` replaces the one in the URL."""
    url = urlsplit(server.inspect_url)
    base = url.path if token is None else f"/__inspect/{token}/"
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=LIMIT)
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, base + path, headers=names)
        response = connection.getresponse()
        return HttpAnswer(
            response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        )
    finally:
        connection.close()


def view_of(server, call=None):
    """Return the view of a call, by default the newest, as the page gets it."""
    call = server.calls.last if call is None else call
    answer = get(server, f"calls/{call._id:016x}")
    assert answer.status == 200, answer.text
    return answer.json()


@contextmanager
def open_events(server):
    """Open the stream of events; yield an iterator of (name, value)."""
    url = urlsplit(server.inspect_url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=LIMIT)
    connection.request("GET", f"{url.path}events")
    response = connection.getresponse()
    assert response.status == 200
    try:
        yield _events(response)
    finally:
        connection.sock.close() if connection.sock else None
        response.close()
        connection.close()


def _events(response):
    name = None
    for raw in iter(response.readline, b""):
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])
