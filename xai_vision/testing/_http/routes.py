"""The REST endpoints, each with the handler that turns a request into a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from xai_vision.openai_compat import (
    Api,
    ChatStream,
    ResponseStream,
    from_response,
)
from xai_vision.openai_compat._settings import read_include
from xai_vision.openai_compat._values import boolean, mapping
from xai_vision.proto import chat_pb2, deferred_pb2, empty_pb2, models_pb2
from xai_vision.proto.auth_pb2_grpc import Auth
from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.proto.models_pb2_grpc import Models
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._errors import ServiceError, not_found
from xai_vision.testing._http import batches, files, generation
from xai_vision.testing._http.catalogue_json import (
    api_key_json,
    language_model_json,
    model_json,
)
from xai_vision.testing._http.errors import HttpError, translation_errors
from xai_vision.testing._http.request import HttpRequest, HttpResult
from xai_vision.testing._http.sse import (
    EVENT_STREAM,
    ChatEncoder,
    Encoder,
    ResponseEncoder,
    stream_events,
)
from xai_vision.testing._service.rest_body import to_completion_request, unknown_keys
from xai_vision.testing._upstream import completions

# The openai package writes a list as "include[]".
_INCLUDE: Final = ("include", "include[]")


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the REST API.

    Attributes:
        method: The HTTP method.
        path: The path, with its parameters in braces.
        handler: The function that handles a request.
        query: The names of the supported query parameters.
        handler_applies_faults: Whether the handler applies the faults of the call, as those of
            completions, images and videos do. Otherwise they come before the handler.
        allows_blocked_key: Whether a blocked key may use it, to learn that it is blocked.
    """

    method: str
    path: str
    handler: Callable[[HttpRequest], HttpResult]
    query: tuple[str, ...] = ()
    handler_applies_faults: bool = False
    allows_blocked_key: bool = False

    @property
    def name(self) -> str:
        """The method in the call log, such as "POST /v1/responses"."""
        return f"{self.method} {self.path}"


def _create_response(request: HttpRequest) -> HttpResult:
    body = request.json()
    metadata = _optional_object(body, "metadata")
    if _is_streamed(request, body):
        stream = completions.stream(
            request.engine, _translate(request, body, "responses"), request.caller, request.call
        )
        if stream.response is not None:
            request.engine.store.set_metadata(stream.response.id, metadata)
        return _stream(request, stream, ResponseEncoder(_response_stream(stream), metadata))
    response = _complete(request, body, "responses")
    request.engine.store.set_metadata(response.id, metadata)
    return _response_result(response, metadata)


def _response_stream(stream: completions.CompletionStream) -> ResponseStream:
    settings = chat_pb2.RequestSettings()
    settings.CopyFrom(stream.settings)
    # A rule may reply with encrypted reasoning that the request did not ask for. The stream then
    # has its item in the same place as a whole response.
    outputs = stream.response.outputs if stream.response is not None else ()
    if any(output.message.encrypted_content for output in outputs):
        settings.use_encrypted_content = True
    return ResponseStream(settings)


def _response_result(
    response: chat_pb2.GetChatCompletionResponse, metadata: Mapping[str, Any]
) -> HttpResult:
    return HttpResult.json({**from_response(response, api="responses"), "metadata": metadata})


def _create_chat_completion(request: HttpRequest) -> HttpResult:
    body = request.json()
    if _optional_boolean(body, "deferred"):
        if _optional_boolean(body, "stream"):
            text = "Argument not supported: deferred and stream together"
            raise HttpError(400, "INVALID_ARGUMENT", text, "stream")
        completion_request = _translate(request, body, "chat")
        started = completions.defer(
            request.engine, completion_request, request.caller, request.call
        )
        request.call.record_response(started)
        return HttpResult.json({"request_id": started.request_id})
    stream_options = _optional_object(body, "stream_options")
    include_usage = _optional_boolean(stream_options, "include_usage")
    if _is_streamed(request, body):
        stream = completions.stream(
            request.engine, _translate(request, body, "chat"), request.caller, request.call
        )
        chat_stream = ChatStream(include_usage=include_usage)
        return _stream(
            request, stream, ChatEncoder(chat_stream, request.engine.settings.error_form)
        )
    return HttpResult.json(from_response(_complete(request, body, "chat"), api="chat"))


def _is_streamed(request: HttpRequest, body: Mapping[str, Any]) -> bool:
    request.call.record.stream = _optional_boolean(body, "stream")
    return request.call.record.stream


def _complete(
    request: HttpRequest, body: dict[str, Any], api: Api
) -> chat_pb2.GetChatCompletionResponse:
    completion_request = _translate(request, body, api)
    response = completions.complete(
        request.engine, completion_request, request.caller, request.call
    )
    request.call.record_response(response)
    return response


def _translate(
    request: HttpRequest, body: dict[str, Any], api: Api
) -> chat_pb2.GetCompletionsRequest:
    with translation_errors(), unknown_keys(request.engine.settings):
        return to_completion_request(body, api)


def _stream(
    request: HttpRequest, stream: completions.CompletionStream, encoder: Encoder
) -> HttpResult:
    events = stream_events(request.engine, request.call, stream.chunks, encoder)
    headers = {"cache-control": "no-cache"}
    return HttpResult(events, headers=headers, content_type=EVENT_STREAM)


def _optional_boolean(body: Mapping[str, Any], key: str) -> bool:
    with translation_errors():
        return body.get(key) is not None and boolean(key, body[key])


def _optional_object(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    with translation_errors():
        return {} if body.get(key) is None else mapping(key, body[key])


def _get_response(request: HttpRequest) -> HttpResult:
    query = request.http.query_params.multi_items()
    # The values are only checked: a stored response is always returned whole.
    with translation_errors():
        read_include("include", [value for name, value in query if name in _INCLUDE])
    message = chat_pb2.GetStoredCompletionRequest(response_id=request.id)
    response = request.invoke(Chat.GetStoredCompletion, message)
    return _response_result(response, request.engine.store.metadata(request.id))


def _delete_response(request: HttpRequest) -> HttpResult:
    message = chat_pb2.DeleteStoredCompletionRequest(response_id=request.id)
    request.invoke(Chat.DeleteStoredCompletion, message)
    return HttpResult.json({"id": request.id, "object": "response", "deleted": True})


def _get_deferred(request: HttpRequest) -> HttpResult:
    message = deferred_pb2.GetDeferredRequest(request_id=request.id)
    polled = request.pass_on(Chat.GetDeferredCompletion, message)
    if polled is None:
        polled = request.engine.deferred.poll(request.id, remove_when_done=True)
        request.call.record_response(polled)
    if polled.status == deferred_pb2.PENDING:
        return HttpResult(status=202)
    if polled.status == deferred_pb2.EXPIRED:
        raise not_found("The deferred completion has expired.")
    if polled.status == deferred_pb2.FAILED:
        raise ServiceError("INTERNAL", "The deferred completion failed.")
    return HttpResult.json(from_response(polled.response, api="chat"))


def _list_models(request: HttpRequest) -> HttpResult:
    models = [model_json(model) for model in _language_models(request)]
    return HttpResult.json({"object": "list", "data": models})


def _language_models(request: HttpRequest) -> Iterable[models_pb2.LanguageModel]:
    models: Iterable[models_pb2.LanguageModel] = request.invoke(
        Models.ListLanguageModels, empty_pb2.Empty()
    ).models
    return models


def _language_model(request: HttpRequest) -> models_pb2.LanguageModel:
    request.call.record.model = redact(request.id)
    message = models_pb2.GetModelRequest(name=request.id)
    try:
        model: models_pb2.LanguageModel = request.invoke(Models.GetLanguageModel, message)
    finally:
        message.name = redact(request.id)  # The log has the message.
    return model


def _get_model(request: HttpRequest) -> HttpResult:
    return HttpResult.json(model_json(_language_model(request)))


def _list_language_models(request: HttpRequest) -> HttpResult:
    models = [language_model_json(model) for model in _language_models(request)]
    return HttpResult.json({"models": models})


def _get_language_model(request: HttpRequest) -> HttpResult:
    return HttpResult.json(language_model_json(_language_model(request)))


def _get_api_key(request: HttpRequest) -> HttpResult:
    return HttpResult.json(api_key_json(request.invoke(Auth.get_api_key_info, empty_pb2.Empty())))


ENDPOINTS: Final = (
    Endpoint("POST", "/v1/responses", _create_response, handler_applies_faults=True),
    Endpoint("GET", "/v1/responses/{id}", _get_response, query=_INCLUDE),
    Endpoint("DELETE", "/v1/responses/{id}", _delete_response),
    Endpoint("POST", "/v1/chat/completions", _create_chat_completion, handler_applies_faults=True),
    Endpoint("GET", "/v1/chat/deferred-completion/{id}", _get_deferred),
    Endpoint("GET", "/v1/models", _list_models),
    Endpoint("GET", "/v1/models/{id}", _get_model),
    Endpoint("GET", "/v1/language-models", _list_language_models),
    Endpoint("GET", "/v1/language-models/{id}", _get_language_model),
    Endpoint("POST", "/v1/files", files.create_file),
    Endpoint("GET", "/v1/files", files.list_all_files, query=files.LIST_QUERY),
    Endpoint("GET", "/v1/files/{id}", files.get_file),
    Endpoint("DELETE", "/v1/files/{id}", files.delete_file),
    Endpoint("GET", "/v1/files/{id}/content", files.get_file_content),
    Endpoint(
        "POST", "/v1/images/generations", generation.create_images, handler_applies_faults=True
    ),
    Endpoint("POST", "/v1/images/edits", generation.edit_images, handler_applies_faults=True),
    Endpoint(
        "POST", "/v1/videos/generations", generation.create_video, handler_applies_faults=True
    ),
    Endpoint("GET", "/v1/videos/{id}", generation.get_video),
    Endpoint("POST", "/v1/documents/search", generation.search_documents),
    Endpoint("POST", "/v1/batches", batches.create_batch),
    Endpoint("GET", "/v1/batches", batches.list_batches, query=batches.LIST_QUERY),
    Endpoint("GET", "/v1/batches/{id}", batches.get_batch),
    Endpoint("POST", "/v1/batches/{id}/cancel", batches.cancel_batch),
    Endpoint("POST", "/v1/batches/{id}:cancel", batches.cancel_batch),
    Endpoint("POST", "/v1/batches/{id}/requests", batches.add_requests),
    Endpoint("GET", "/v1/batches/{id}/requests", batches.list_requests, query=batches.PAGE_QUERY),
    Endpoint("GET", "/v1/batches/{id}/results", batches.list_results, query=batches.PAGE_QUERY),
    Endpoint("GET", "/v1/api-key", _get_api_key, allows_blocked_key=True),
)
