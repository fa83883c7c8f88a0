"""What is answered how: the REST endpoints, each a function from a request to what is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from xai_vision.errors import InvalidRequestError
from xai_vision.openai_compat import (
    Api,
    ChatStream,
    ResponseStream,
    TranslationError,
    from_response,
    to_request,
)
from xai_vision.openai_compat._settings import KEYS, read_include
from xai_vision.openai_compat._values import invalid_value
from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._errors import ServiceError, not_found
from xai_vision.testing._http import catalogue_json as shown
from xai_vision.testing._http.errors import HttpError, from_translation_error
from xai_vision.testing._http.request import HttpRequest, HttpResult
from xai_vision.testing._http.sse import EVENT_STREAM, ChatEncoder, ResponseEncoder, stream_events
from xai_vision.testing._service import model_protos as listing

__all__ = ["ENDPOINTS", "Endpoint"]

Ask = Callable[[HttpRequest], HttpResult]

# Documented as taken and without effect, or of OpenAI's own and meaningless to xAI.
_IGNORED: Final = (
    "metadata",
    "truncation",
    "prompt_cache_key",
    "prompt_cache_retention",
    "logit_bias",
)
# The second is how the openai package writes a list.
_INCLUDE: Final = ("include", "include[]")
_TIERS: Final = ("auto", "default", "priority")


@dataclass(frozen=True)
class Endpoint:
    """An endpoint.

    Attributes:
        verb: The HTTP method.
        path: Its path, its varying parts in braces.
        ask: What answers it.
        open: Whether a key that is blocked may still ask, to learn that it is.
        query: The parameters that may stand behind the path.
    """

    method: str
    path: str
    handler: Ask
    allows_blocked_key: bool = False
    query: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the call log calls it: "POST /v1/responses"."""
        return f"{self.method} {self.path}"


def _create_response(asked: HttpRequest) -> HttpResult:
    body = asked.body()
    metadata = _metadata(body)
    response = _complete(asked, body, "responses")
    asked.engine.store.set_metadata(response.id, metadata)
    if asked.call.record.stream:
        return _streamed(asked, response, ResponseEncoder(_events(response), metadata))
    return _response(response, metadata)


def _metadata(body: dict[str, Any]) -> dict[str, Any]:
    found = body.get("metadata")
    if not (found is None or isinstance(found, dict)):
        raise _ill("metadata", "an object", found)
    return found or {}


def _events(response: chat_pb2.GetChatCompletionResponse) -> ResponseStream:
    settings = chat_pb2.RequestSettings()
    settings.CopyFrom(response.settings)
    # A rule may give such thinking unasked; the stream is to have it where the whole answer does.
    if any(output.message.encrypted_content for output in response.outputs):
        settings.use_encrypted_content = True
    return ResponseStream(settings)


def _response(
    response: chat_pb2.GetChatCompletionResponse, metadata: Mapping[str, Any]
) -> HttpResult:
    return HttpResult.json({**from_response(response, api="responses"), "metadata": metadata})


def _create_completion(asked: HttpRequest) -> HttpResult:
    body = asked.body()
    if _switch(body, "deferred"):
        if _switch(body, "stream"):
            words = "Argument not supported: deferred and stream together"
            raise HttpError(400, "INVALID_ARGUMENT", words, "stream")
        request = _translate(asked, body, "chat")
        started = asked.engine.defer(request, asked.caller, asked.call)
        asked.call.record_response(started)
        return HttpResult.json({"request_id": started.request_id})
    options = body.get("stream_options")
    if not (options is None or isinstance(options, dict)):
        raise _ill("stream_options", "an object", options)
    counted = bool(options and _switch(options, "include_usage"))
    response = _complete(asked, body, "chat")
    if asked.call.record.stream:
        form = asked.engine.settings.error_form
        encoder = ChatEncoder(ChatStream(include_usage=counted), form)
        return _streamed(asked, response, encoder)
    return HttpResult.json(from_response(response, api="chat"))


def _complete(
    asked: HttpRequest, body: dict[str, Any], api: Api
) -> chat_pb2.GetChatCompletionResponse:
    asked.call.record.stream = _switch(body, "stream")
    request = _translate(asked, body, api)
    response = asked.engine.complete(request, asked.caller, asked.call)
    asked.call.record_response(response)
    return response


def _translate(
    asked: HttpRequest, body: dict[str, Any], api: Api
) -> chat_pb2.GetCompletionsRequest:
    wanted = {key: value for key, value in body.items() if key not in _IGNORED}
    if asked.engine.settings.unknown_keys == "ignore":
        wanted = {key: value for key, value in wanted.items() if key in KEYS[api]}
    if wanted.get("service_tier") not in _TIERS:
        wanted.pop("service_tier", None)
    for key, inner in (("reasoning", ("summary", "generate_summary")), ("text", ("verbosity",))):
        if isinstance(wanted.get(key), dict):
            wanted[key] = {name: v for name, v in wanted[key].items() if name not in inner}
    try:
        return to_request(wanted, api=api)
    except InvalidRequestError as error:
        raise from_translation_error(error) from None


def _streamed(
    asked: HttpRequest, response: chat_pb2.GetChatCompletionResponse, encoder: Any
) -> HttpResult:
    parts = stream_events(asked.call, response, encoder, asked.engine.test_error)
    headers = {"cache-control": "no-cache"}
    return HttpResult(parts, headers=headers, content_type=EVENT_STREAM)


def _switch(body: dict[str, Any], key: str) -> bool:
    value = body.get(key)
    if not (value is None or isinstance(value, bool)):
        raise _ill(key, "true or false", value)
    return bool(value)


def _ill(key: str, wanted: str, value: object) -> ServiceError:
    return from_translation_error(invalid_value(key, wanted, value))


def _plain(ask: Ask) -> Ask:
    """An endpoint that is not about a conversation: faults happen before it, rules do not."""

    def disturbed(asked: HttpRequest) -> HttpResult:
        asked.engine.apply_faults(asked.call)
        return ask(asked)

    return disturbed


def _get_response(asked: HttpRequest) -> HttpResult:
    response_id = asked.path["id"]
    asked.call.record.request = chat_pb2.GetStoredCompletionRequest(response_id=response_id)
    _check_include(asked)
    stored = asked.engine.store.get(response_id)
    asked.call.record_response(stored.response)
    return _response(stored.response, stored.metadata)


def _check_include(asked: HttpRequest) -> None:
    """What a stored answer has it is given with, whether it is asked for or not."""
    wanted = [value for name, value in asked.query if name in _INCLUDE]
    try:
        read_include("include", wanted)
    except TranslationError as error:
        raise from_translation_error(error) from None


def _delete_response(asked: HttpRequest) -> HttpResult:
    response_id = asked.path["id"]
    asked.call.record.request = chat_pb2.DeleteStoredCompletionRequest(response_id=response_id)
    asked.engine.store.delete(response_id)
    return HttpResult.json({"id": response_id, "object": "response", "deleted": True})


def _deferred(asked: HttpRequest) -> HttpResult:
    request_id = asked.path["id"]
    asked.call.record.request = deferred_pb2.GetDeferredRequest(request_id=request_id)
    polled = asked.engine.deferred.poll(request_id, remove_when_done=True)
    asked.call.record_response(polled)
    if polled.status == deferred_pb2.PENDING:
        return HttpResult(status=202)
    if polled.status == deferred_pb2.EXPIRED:
        raise not_found("The deferred completion has expired.")
    if polled.status == deferred_pb2.FAILED:
        raise ServiceError("INTERNAL", "The deferred completion failed.")
    return HttpResult.json(from_response(polled.response, api="chat"))


def _models(asked: HttpRequest) -> HttpResult:
    return HttpResult.json(
        {"object": "list", "data": [shown.model(m) for m in asked.engine.models]}
    )


def _model(asked: HttpRequest) -> HttpResult:
    asked.call.record.model = redact(asked.path["id"])
    return HttpResult.json(shown.model(asked.engine.models.resolve(asked.path["id"])))


def _language_models(asked: HttpRequest) -> HttpResult:
    return HttpResult.json({"models": [shown.language_model(m) for m in asked.engine.models]})


def _language_model(asked: HttpRequest) -> HttpResult:
    asked.call.record.model = redact(asked.path["id"])
    return HttpResult.json(shown.language_model(asked.engine.models.resolve(asked.path["id"])))


def _api_key(asked: HttpRequest) -> HttpResult:
    return HttpResult.json(shown.api_key(listing.api_key(asked.caller)))


ENDPOINTS: Final = (
    Endpoint("POST", "/v1/responses", _create_response),
    Endpoint("GET", "/v1/responses/{id}", _plain(_get_response), query=_INCLUDE),
    Endpoint("DELETE", "/v1/responses/{id}", _plain(_delete_response)),
    Endpoint("POST", "/v1/chat/completions", _create_completion),
    Endpoint("GET", "/v1/chat/deferred-completion/{id}", _plain(_deferred)),
    Endpoint("GET", "/v1/models", _plain(_models)),
    Endpoint("GET", "/v1/models/{id}", _plain(_model)),
    Endpoint("GET", "/v1/language-models", _plain(_language_models)),
    Endpoint("GET", "/v1/language-models/{id}", _plain(_language_model)),
    Endpoint("GET", "/v1/api-key", _plain(_api_key), allows_blocked_key=True),
)
