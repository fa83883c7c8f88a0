"""An OpenAPI description of the fake server's REST API, for the fuzz test.

It describes the requests that the fake server accepts; it is not xAI's own description.
"""

from __future__ import annotations

from typing import Any, Final

from tests.rest.openapi_schemas import SCHEMAS
from xai_vision.__about__ import __version__
from xai_vision.openai_compat._settings import ENCRYPTED_REASONING
from xai_vision.testing._http.routes import ENDPOINTS, Endpoint

__all__ = ["description"]

_STREAM: Final[dict[str, Any]] = {"text/event-stream": {}}
# The schemas of each endpoint's request and response.
_BODIES: Final = {
    "POST /v1/responses": "CreateResponse",
    "POST /v1/chat/completions": "CreateChatCompletion",
}
_RESULTS: Final = {
    "POST /v1/responses": "Response",
    "GET /v1/responses/{id}": "Response",
    "DELETE /v1/responses/{id}": "DeletedResponse",
    "POST /v1/chat/completions": "ChatCompletionOrTicket",
    "GET /v1/chat/deferred-completion/{id}": "ChatCompletion",
    "GET /v1/models": "ModelList",
    "GET /v1/models/{id}": "Model",
    "GET /v1/language-models": "LanguageModelList",
    "GET /v1/language-models/{id}": "LanguageModel",
    "GET /v1/api-key": "ApiKey",
}
_FAILURES: Final = {
    "400": "An unsupported argument, or a wrong key",
    "401": "No key",
    "403": "The key lacks the permission",
    "404": "An unknown model, response or image",
    "415": "The content type is not JSON",
    "422": "A field is missing or of a wrong type",
    "429": "A rate limit",
    "500": "An injected failure, or an error in a test's rules",
    "503": "An injected failure",
}


def description() -> dict[str, Any]:
    """Return the description."""
    paths: dict[str, dict[str, Any]] = {}
    # Endpoints with forms or binary content are tested without the description.
    for endpoint in (endpoint for endpoint in ENDPOINTS if endpoint.name in _RESULTS):
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "A fake of xAI's REST API", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    good: dict[str, Any] = {"application/json": {"schema": _ref(_RESULTS[endpoint.name])}}
    operation: dict[str, Any] = {"responses": {"200": {"description": "Done", "content": good}}}
    if endpoint.path.endswith("{id}"):
        place = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        operation["parameters"] = [place]
    if "include" in endpoint.query:
        known = {"type": "array", "items": {"type": "string", "enum": [ENCRYPTED_REASONING]}}
        operation["parameters"].append({"name": "include", "in": "query", "schema": known})
    if endpoint.name in _BODIES:
        content = {"application/json": {"schema": _ref(_BODIES[endpoint.name])}}
        operation["requestBody"] = {"required": True, "content": content}
        good |= _STREAM
    if "deferred" in endpoint.path:
        operation["responses"]["202"] = {"description": "Not ready yet"}
    for status, words in _FAILURES.items():
        content = {"application/json": {"schema": _ref("Error")}}
        operation["responses"][status] = {"description": words, "content": content}
    return operation


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
