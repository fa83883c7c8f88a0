"""Completions: rules answer first, then the upstream of the tenant, if it has one.

With an upstream, the fake server's own limits do not apply, because the upstream has limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.testing._service import completions
from xai_vision.testing._service.model_choice import choose_model
from xai_vision.testing._service.models import Model
from xai_vision.testing._service.response.builder import request_settings
from xai_vision.testing._upstream.passing import PassedCall, body_of
from xai_vision.testing._upstream.reading import LenientReader, readable

if TYPE_CHECKING:
    from xai_vision.proto._method import Method
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine
    from xai_vision.testing._upstream.exchange import Upstream

_Request: TypeAlias = chat_pb2.GetCompletionsRequest
_Response: TypeAlias = chat_pb2.GetChatCompletionResponse


@dataclass(frozen=True)
class CompletionStream:
    """A streamed completion.

    Attributes:
        settings: The settings of the request, as a response repeats them.
        chunks: The chunks when they are due, or bytes that are not a valid message.
        response: The whole response, if the upstream does not make it.
    """

    settings: chat_pb2.RequestSettings
    chunks: Iterator[Any]
    response: chat_pb2.GetChatCompletionResponse | None = None


def complete(engine: Engine, request: _Request, caller: ApiKey, call: ActiveCall) -> _Response:
    """Return the response to a request.

    Raises:
        ServiceError: The request is refused, or a fault ends the call.
        ClientDisconnected: The client cancelled a call of the upstream.
    """
    if engine.upstream is None:
        return completions.complete(engine, request, caller, call)
    answer = _answer(engine, engine.upstream, Chat.GetCompletion, request, caller, call)
    if isinstance(answer, _Response):
        return answer
    # If the client does not get the response, the upstream need not make one.
    response: _Response = _Response() if call.delivery.is_replaced else answer().response()
    return response


def defer(
    engine: Engine, request: _Request, caller: ApiKey, call: ActiveCall
) -> deferred_pb2.StartDeferredResponse:
    """Start a deferred completion. Raises the errors of ``complete``."""
    method = Chat.StartDeferredCompletion
    if engine.upstream is None:
        answer: _Response | _Start = completions.complete(engine, request, caller, call)
    else:
        answer = _answer(engine, engine.upstream, method, request, caller, call)
    if isinstance(answer, _Response):
        return completions.defer(engine, answer)
    started = method.response()
    return started if call.delivery.is_replaced else answer().response()


def stream(engine: Engine, request: _Request, caller: ApiKey, call: ActiveCall) -> CompletionStream:
    """Return the response to a request as a stream. Raises the errors of ``complete``."""
    method = Chat.GetCompletionChunk
    settings = request_settings(request)  # before the images leave the request
    if engine.upstream is None:
        answer: _Response | _Start = completions.complete(engine, request, caller, call)
    else:
        # Rules and faults are applied now; the upstream may only be called for the first chunk.
        answer = _answer(engine, engine.upstream, method, request, caller, call)
    if isinstance(answer, _Response):
        call.record_response(answer)
        chunks = call.delivery.stream_completion(answer)
        return CompletionStream(answer.settings, chunks, answer)
    return CompletionStream(settings, call.delivery.stream(_chunks(answer)))


_Start: TypeAlias = Callable[[], PassedCall]


def _chunks(start: _Start) -> Iterator[Any]:
    yield from start().stream()


def _answer(
    engine: Engine,
    upstream: Upstream,
    method: Method[Any, Any],
    request: _Request,
    caller: ApiKey,
    call: ActiveCall,
) -> _Response | _Start:
    """Return the response of a rule, or a function that calls the upstream."""
    body = body_of(request, call)
    start = partial(PassedCall, upstream, method, body, call)
    record = call.record
    record.request = request
    model = _model(engine, request, caller, call)
    previous = request.previous_response_id
    continues_rule = previous in engine.store
    is_first = not (
        continues_rule or engine.rules.rules or engine.faults.rules or engine.rate_limiter
    )
    # Nothing can answer instead, so the images are read while the upstream works.
    started = start() if is_first else None
    earlier = engine.store.get(previous).conversation if continues_rule else None
    summary = completions.read_messages(engine, record, LenientReader.like(engine.reader), earlier)
    record.images = readable(summary.images)
    if started is not None:
        record.unmatched = True
        return lambda: started
    engine.apply_faults(call, summary.text_tokens + summary.image_tokens)
    reply = completions.choose_reply(engine, call)
    if reply is None:
        if continues_rule:
            raise engine.test_error(
                f"A request continues the response {previous} of a rule, which the upstream "
                f"{upstream.name} does not know. Answer this request by a rule too."
            )
        return start
    call.delivery.reply = reply
    return completions.build_response(engine, request, summary, model, reply)


def _model(engine: Engine, request: _Request, caller: ApiKey, call: ActiveCall) -> Model:
    """Return the model of a request; a new one if only the upstream may have it."""
    if request.model in engine.models:
        return choose_model(engine.models, request.model, caller, call.record)
    call.record.model, call.record.model_names = request.model, (request.model,)
    return Model(request.model or "unknown")
