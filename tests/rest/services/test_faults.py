"""Faults reach every REST endpoint of the services besides chat."""

from __future__ import annotations

import pytest

from tests.rest.http_client import ask
from xai_vision.testing import Fault

# The faults of a completion, an image or a video strike once its request is valid.
BODIES = {
    "/images/generations": {"prompt": "x", "model": "grok-imagine-image"},
    "/videos/generations": {"prompt": "x", "model": "grok-imagine-video-1.5"},
}


@pytest.mark.parametrize(
    ("verb", "path", "method"),
    [
        ("POST", "/images/generations", "POST /v1/images/generations"),
        ("POST", "/videos/generations", "POST /v1/videos/generations"),
        ("GET", "/videos/x", "GET /v1/videos/{id}"),
        ("POST", "/documents/search", "POST /v1/documents/search"),
        ("POST", "/batches", "POST /v1/batches"),
        ("GET", "/batches", "GET /v1/batches"),
        ("GET", "/batches/x", "GET /v1/batches/{id}"),
        ("POST", "/batches/x/cancel", "POST /v1/batches/{id}/cancel"),
        ("POST", "/batches/x:cancel", "POST /v1/batches/{id}:cancel"),
        ("POST", "/batches/x/requests", "POST /v1/batches/{id}/requests"),
        ("GET", "/batches/x/requests", "GET /v1/batches/{id}/requests"),
        ("GET", "/batches/x/results", "GET /v1/batches/{id}/results"),
    ],
)
def test_faults_reach_every_endpoint(server, verb, path, method):
    server.fault(Fault.status("ABORTED", "injected"), next=1, method=method)
    reply = ask(server, verb, path, BODIES.get(path, {}) if verb == "POST" else None)
    assert (reply.status, reply.json["error"]) == (409, "injected")
    assert server.calls.last.method == method
    server.verify()
