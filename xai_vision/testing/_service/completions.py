"""The methods of the service Chat that have a model answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision.proto import chat_pb2, deferred_pb2, usage_pb2
from xai_vision.testing._errors import error_in_test, invalid_argument, permission_denied
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._service.default_reply.reply import default_reply
from xai_vision.testing._service.model_choice import choose_model
from xai_vision.testing._service.request_reader import (
    ConversationSummary,
    client_functions,
    compaction_state,
    without_image_data,
)
from xai_vision.testing._service.request_validation import validate_request
from xai_vision.testing._service.response import encrypted_content
from xai_vision.testing._service.response.builder import ResponseBuilder
from xai_vision.testing._service.response.usage import cost

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._rules.tool_calls import ServerToolCall
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine
    from xai_vision.testing._service.models import Model
    from xai_vision.testing._service.request_reader import RequestReader


def complete(
    engine: Engine, request: chat_pb2.GetCompletionsRequest, caller: ApiKey, call: ActiveCall
) -> chat_pb2.GetChatCompletionResponse:
    """Return the response to a request.

    Args:
        engine: The engine.
        request: The request. The engine may change it.
        caller: The API key of the client.
        call: The call; its record is filled in while the request is read.

    Raises:
        ServiceError: The request is refused, or a fault ends the call.
    """
    model = _resolve_model(engine, request, caller, call)
    validate_request(request, engine.settings)
    if not request.messages:
        raise invalid_argument("The request has no messages. Send at least one.")
    earlier = None
    if request.HasField("previous_response_id"):
        earlier = engine.store.get(request.previous_response_id).conversation
    summary = read_messages(engine, call.record, engine.reader, earlier)
    _check_limits(engine, summary, model, caller)
    if summary.images and request.store_messages and engine.settings.stored_images == "refuse":
        raise invalid_argument(
            "Requests with images cannot be stored. Send them with store_messages=False."
        )
    engine.apply_faults(call, summary.text_tokens + summary.image_tokens)
    reply = choose_reply(engine, call) or default_reply(request, summary, engine.image_reader)
    call.delivery.reply = reply
    return build_response(engine, request, summary, model, reply)


def build_response(
    engine: Engine,
    request: chat_pb2.GetCompletionsRequest,
    summary: ConversationSummary,
    model: Model,
    reply: Reply,
) -> chat_pb2.GetChatCompletionResponse:
    """Return the response that a reply stands for, and store it if the request says so."""
    viewed = sum(_viewed_image_tokens(engine, tool_call) for tool_call in reply.steps)
    builder = ResponseBuilder(request, summary, model, engine.new_id(), engine.clock.time(), viewed)
    response = builder.build(reply)
    if request.store_messages:
        turn = ConversationSummary(
            message_count=1,
            text_tokens=response.usage.completion_tokens,
            last_response=response.outputs[-1].message.content,
            functions={
                call_id: name
                for output in response.outputs
                for call_id, name in client_functions(output.message.tool_calls).items()
            },
            answer_count=1,
        )
        engine.store.put(response, turn.appended_to(summary))
    return response


def defer(
    engine: Engine, response: chat_pb2.GetChatCompletionResponse
) -> deferred_pb2.StartDeferredResponse:
    """Keep a response until the client polls it."""
    request_id = engine.new_id()
    engine.deferred.put(request_id, response)
    return deferred_pb2.StartDeferredResponse(request_id=request_id)


def compact(
    engine: Engine, request: chat_pb2.CompactContextRequest, caller: ApiKey, call: ActiveCall
) -> chat_pb2.CompactContextResponse:
    """Compact a conversation into encrypted content that only the service can read.

    Raises:
        ServiceError: The request is refused, or a fault ends the call.
    """
    model = _resolve_model(engine, request, caller, call)
    if not request.input:
        raise invalid_argument("There is nothing to compact: the request has no messages.")
    summary = read_messages(engine, call.record, engine.reader)
    _check_limits(engine, summary, model, caller)
    prompt_tokens = summary.text_tokens + summary.image_tokens
    engine.apply_faults(call, prompt_tokens)
    state = compaction_state(summary)
    response = chat_pb2.CompactContextResponse(
        id=engine.new_id(),
        encrypted_content=encrypted_content.encode(state),
        dropped_message_count=len(request.input),
        usage=usage_pb2.SamplingUsage(
            prompt_text_tokens=summary.text_tokens,
            prompt_image_tokens=summary.image_tokens,
            prompt_tokens=prompt_tokens,
            completion_tokens=state["tokens"],
            total_tokens=prompt_tokens + state["tokens"],
        ),
    )
    response.usage.cost_in_usd_ticks = cost(response.usage, model)
    return response


def _viewed_image_tokens(engine: Engine, tool_call: ServerToolCall) -> int:
    """Return the image tokens of a "view_image" call; 0 for other tools."""
    if tool_call.tool != "view_image" or tool_call.failed:
        return 0
    data = engine.urls.fetch(str(tool_call.arguments.get("image_url", "")))
    if data is None:
        return engine.settings.viewed_tokens
    return engine.reader.image_tokens(data)


def choose_reply(engine: Engine, call: ActiveCall) -> Reply | None:
    """Return the reply of the first rule that matches a call; None if there is none.

    A rule whose reply is a fault schedules the fault.

    Raises:
        ServiceError: No rule matches and the settings refuse that, or the rule raised it.
    """
    choice = engine.rules.choose(call.record)
    engine.calls.note_change()
    call.note("rule", choice.rule or "no rule matches")
    call.delivery.reserve_reply(choice.return_reply)
    outcome = choice.outcome(call.record)
    strict = engine.settings.unmatched == "error"
    # A fault that cuts the response needs one to cut.
    if outcome is None and strict and not call.delivery.is_interrupted:
        raise error_in_test(f"No rule matches this call. {choice.nearest}")
    if isinstance(outcome, Fault):
        call.delivery.commit_reply()
        engine.schedule_faults(call, [*call.delivery.faults, outcome])
    return outcome if isinstance(outcome, Reply) else None


def _resolve_model(
    engine: Engine,
    request: chat_pb2.GetCompletionsRequest | chat_pb2.CompactContextRequest,
    caller: ApiKey,
    call: ActiveCall,
) -> Model:
    call.record.request = request
    return choose_model(engine.models, request.model, caller, call.record)


def read_messages(
    engine: Engine,
    record: Call,
    reader: RequestReader,
    earlier: ConversationSummary | None = None,
) -> ConversationSummary:
    """Read the request in ``record``, and fill in the record's prompt and images.

    Returns:
        The summary of the whole conversation, which continues ``earlier``.
    """
    summary = reader.read(record.messages, earlier)
    record.prompt, record.images = summary.prompt, summary.images
    record.tool_results = tuple(summary.tool_results)
    new_images = [image for image in summary.images if not image.earlier]
    record.request = without_image_data(record.request, new_images)
    if earlier:
        summary = summary.appended_to(earlier)
        record.earlier_images = [image for image in summary.images if image.earlier]
    record.system, record.turn = summary.system, summary.answer_count + 1
    engine.calls.note_change()
    return summary


def _check_limits(
    engine: Engine, summary: ConversationSummary, model: Model, caller: ApiKey
) -> None:
    length = summary.text_tokens + summary.image_tokens
    if length > model.max_prompt_length:
        raise invalid_argument(
            f"This model's maximum prompt length is {model.max_prompt_length} but the request "
            f"contains {length} tokens."
        )
    if not summary.images:
        return
    if not model.vision:
        raise invalid_argument(f"Image inputs are not supported by the model {model.name}.")
    if not caller.vision:
        raise permission_denied("The API key has no access to the vision endpoint.")
