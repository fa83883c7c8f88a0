"""The methods of the gRPC API, made of Chat Completions over HTTP."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from xai_vision.openai_compat import CompletionStreamReader, TranslationError, to_response
from xai_vision.proto import chat_pb2, deferred_pb2, models_pb2
from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.proto.models_pb2_grpc import Models
from xai_vision.testing._calls.redaction import register_key
from xai_vision.testing._errors import ServiceError, not_found
from xai_vision.testing._service.response.builder import request_settings
from xai_vision.testing._upstream._openai.http_call import HttpCall
from xai_vision.testing._upstream._openai.memory import Memory
from xai_vision.testing._upstream._openai.models import find_model, list_models
from xai_vision.testing._upstream._openai.request import request_json
from xai_vision.testing._upstream.bounded_map import BoundedMap
from xai_vision.testing._upstream.chunks import MergedChunks
from xai_vision.testing._upstream.exchange import Exchange, Metadata, Upstream, UpstreamCall

if TYPE_CHECKING:
    from xai_vision.proto._method import Method
    from xai_vision.testing._upstream._openai.sources import Sources

_KEY_VARIABLE: Final = "OPENAI_API_KEY"


class OpenAIUpstream(Upstream):
    """Answers completions by a server with OpenAI's API.

    Args:
        base_url: The base URL of the server.
        model: The model of all requests; None means the model that each request names.
        key: The key of the server. Default: the environment variable OPENAI_API_KEY, if it is set.
        sources: The images and files that requests only name.
    """

    def __init__(self, base_url: str, model: str | None, key: str | None, sources: Sources) -> None:
        self.name = base_url
        self._model, self._key, self._sources = model, key, sources
        self._memory = Memory()
        self._deferred: BoundedMap[str, Future[chat_pb2.GetChatCompletionResponse]] = BoundedMap()
        self._answers: dict[Method[Any, Any], Callable[[HttpCall, Any], Iterator[Any]]] = {
            Chat.GetCompletion: self._complete,
            Chat.GetCompletionChunk: self._stream,
            Chat.StartDeferredCompletion: self._defer,
            Chat.GetDeferredCompletion: self._poll,
            Chat.GetStoredCompletion: self._get_stored,
            Chat.DeleteStoredCompletion: self._delete_stored,
            Chat.CompactContext: self._compact,
            Models.ListLanguageModels: self._list_models,
            Models.GetLanguageModel: self._get_model,
        }

    def handles(self, method: Method[Any, Any]) -> bool:
        """Return whether a method needs the model; the fake server answers the others."""
        return method in self._answers

    def open(self, exchange: Exchange) -> UpstreamCall:
        """Start a call."""
        answer = self._answers[exchange.method]
        return _OpenAICall(self._http_call(exchange.timeout), answer, exchange.request)

    def _http_call(self, timeout: float | None) -> HttpCall:
        key = self._key or os.environ.get(_KEY_VARIABLE, "").strip() or None
        if key is not None:
            register_key(key, _KEY_VARIABLE if self._key is None else "upstream_key")
        return HttpCall(self.name, key, timeout)

    # --- completions ---

    def _complete(self, http: HttpCall, request: Any) -> Iterator[Any]:
        yield self._response(http, request)

    def _response(self, http: HttpCall, request: Any) -> chat_pb2.GetChatCompletionResponse:
        settings = request_settings(request)
        messages, store, count = self._expand(request)
        body = request_json(request, self._model, self._sources, self.name)
        response = self._read(http.json("POST", "/chat/completions", body))
        for index in range(1, count):
            # Many servers ignore n.
            more = self._read(http.json("POST", "/chat/completions", _reseeded(body, index)))
            _append_choice(response, more, index)
        response.settings.CopyFrom(settings)
        _fill_missing(response, body)
        for output in response.outputs:
            _name_calls(output.message.tool_calls)
        if store:
            self._memory.put(messages, response)
        return response

    def _stream(self, http: HttpCall, request: Any) -> Iterator[Any]:
        messages, store, count = self._expand(request)
        body = request_json(request, self._model, self._sources, self.name)
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        merged = MergedChunks()
        header = chat_pb2.GetChatCompletionChunk()
        _fill_missing(header, body)
        for index in range(count):
            for chunk in self._read_stream(http, _reseeded(body, index)):
                if not header.outputs:
                    _adopt_header(header, chunk)
                for output in chunk.outputs:
                    output.index += index
                    _name_calls(output.delta.tool_calls)
                # The chunks of one response have one id, also if they come from two.
                for name in ("id", "model", "created"):
                    chunk.ClearField(name)
                chunk.MergeFrom(header)
                merged.add(chunk)
                yield chunk
        response = merged.response()
        if store and response is not None:
            self._memory.put(messages, response)

    def _read_stream(self, http: HttpCall, body: Any) -> Iterator[Any]:
        reader = CompletionStreamReader()
        last: chat_pb2.GetChatCompletionChunk | None = None
        for event in http.events("/chat/completions", body):
            try:
                chunk = reader.feed(event)
            except TranslationError as error:
                raise self._unreadable(error) from None
            if chunk is None:
                continue
            if last is not None and not chunk.outputs:
                # The usage comes after the last choice; xAI sends both in one chunk.
                last.usage.CopyFrom(chunk.usage)
                continue
            if last is not None:
                yield last
            last = chunk if reader.finished else None
            if last is None:
                yield chunk
        if last is not None:
            yield last
        if not reader.finished:
            raise ServiceError(
                "UNAVAILABLE",
                f"The upstream {self.name} ended its stream before the end of the response.",
            )

    def _read(self, value: Any) -> chat_pb2.GetChatCompletionResponse:
        try:
            return to_response(value)
        except TranslationError as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: TranslationError) -> ServiceError:
        return ServiceError(
            "INTERNAL", f"The upstream {self.name} sent a response that is not valid: {error}"
        )

    def _expand(
        self, request: chat_pb2.GetCompletionsRequest
    ) -> tuple[list[chat_pb2.Message], bool, int]:
        """Put the stored conversation in front of a request's messages.

        Returns:
            Copies of all messages, whether to store the response, and the number of choices.
        """
        if request.HasField("previous_response_id"):
            earlier = self._memory.conversation(request.previous_response_id)
            own = list(request.messages)
            request.ClearField("messages")
            request.messages.extend([*earlier, *own])
        messages: list[chat_pb2.Message] = []
        if request.store_messages:
            copy = chat_pb2.GetCompletionsRequest(messages=request.messages)
            messages = list(copy.messages)
        return messages, request.store_messages, max(1, request.n)

    # --- deferred and stored completions ---

    def _defer(self, http: HttpCall, request: Any) -> Iterator[Any]:
        request_id = str(uuid.uuid4())
        future: Future[chat_pb2.GetChatCompletionResponse] = Future()
        self._deferred.put(request_id, future)

        def work() -> None:
            try:
                # The client does not wait for it, so its deadline does not apply.
                future.set_result(self._response(self._http_call(None), request))
            except Exception as error:  # noqa: BLE001 - raised by the poll
                future.set_exception(error)

        Thread(target=work, name="xai-vision-deferred", daemon=True).start()
        yield deferred_pb2.StartDeferredResponse(request_id=request_id)

    def _poll(self, http: HttpCall, request: Any) -> Iterator[Any]:
        future = self._deferred.get(request.request_id)
        if future is None:
            raise not_found("Deferred request not found")
        if not future.done():
            yield chat_pb2.GetDeferredCompletionResponse(status=deferred_pb2.PENDING)
            return
        yield chat_pb2.GetDeferredCompletionResponse(
            status=deferred_pb2.DONE, response=future.result()
        )

    def _get_stored(self, http: HttpCall, request: Any) -> Iterator[Any]:
        yield self._memory.get(request.response_id)

    def _delete_stored(self, http: HttpCall, request: Any) -> Iterator[Any]:
        self._memory.delete(request.response_id)
        yield chat_pb2.DeleteStoredCompletionResponse(response_id=request.response_id)

    def _compact(self, http: HttpCall, request: Any) -> Iterator[Any]:
        raise ServiceError(
            "UNIMPLEMENTED",
            f"The upstream {self.name} cannot compact a conversation, because only xAI can read "
            "the result. Send a summary instead.",
        )
        yield

    # --- models ---

    def _list_models(self, http: HttpCall, request: Any) -> Iterator[Any]:
        yield models_pb2.ListLanguageModelsResponse(models=list_models(http))

    def _get_model(self, http: HttpCall, request: Any) -> Iterator[Any]:
        model = find_model(http, self._model or request.name, self.name)
        if model.name != request.name:
            model.aliases.append(request.name)
        yield model


class _OpenAICall(UpstreamCall):
    """A call whose messages are made of responses over HTTP."""

    def __init__(
        self, http: HttpCall, answer: Callable[[HttpCall, Any], Iterator[Any]], request: Any
    ) -> None:
        self._http, self._answer, self._request = http, answer, request

    def initial_metadata(self) -> Metadata:
        return ()

    def messages(self) -> Iterator[bytes]:
        for message in self._answer(self._http, self._request):
            yield message.SerializeToString()

    def trailing_metadata(self) -> Metadata:
        return ()

    def cancel(self) -> None:
        self._http.cancel()


def _reseeded(body: dict[str, Any], index: int) -> dict[str, Any]:
    """Return a request for another choice: with the same seed it would be the same."""
    return {**body, "seed": body["seed"] + index} if index and "seed" in body else body


def _append_choice(
    response: chat_pb2.GetChatCompletionResponse,
    more: chat_pb2.GetChatCompletionResponse,
    index: int,
) -> None:
    output = response.outputs.add()
    output.CopyFrom(more.outputs[0])
    output.index = index
    for name in ("completion_tokens", "total_tokens", "reasoning_tokens"):
        total = getattr(response.usage, name) + getattr(more.usage, name)
        setattr(response.usage, name, total)


def _fill_missing(message: Any, body: dict[str, Any]) -> None:
    """Set the fields that each response of xAI has, if the server left them out."""
    message.id = message.id or str(uuid.uuid4())
    message.model = message.model or body["model"]
    if not message.HasField("created"):
        message.created.FromSeconds(int(time.time()))


def _name_calls(calls: Iterable[chat_pb2.ToolCall]) -> None:
    """Give the function calls without an id one, because results name the call by its id."""
    for call in calls:
        call.id = call.id or f"call_{uuid.uuid4().hex}"


def _adopt_header(header: chat_pb2.GetChatCompletionChunk, chunk: Any) -> None:
    header.id, header.model = chunk.id or header.id, chunk.model or header.model
    if chunk.HasField("created"):
        header.created.CopyFrom(chunk.created)
