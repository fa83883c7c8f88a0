"""The checks that are more than a single request with an image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from xai_vision._cli.conformance.facts import completion_facts, facts_of, stream_facts
from xai_vision._cli.conformance.images import make_image, part
from xai_vision.proto import (
    chat_pb2,
    deferred_pb2,
    empty_pb2,
    files_pb2,
    image_pb2,
    models_pb2,
    tokenize_pb2,
)
from xai_vision.proto.auth_pb2_grpc import Auth
from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.proto.files_pb2_grpc import Files
from xai_vision.proto.models_pb2_grpc import Models
from xai_vision.proto.tokenize_pb2_grpc import Tokenize

if TYPE_CHECKING:
    from xai_vision._cli.conformance.session import Outcome, Session

Facts = dict[str, Any]
_HELLO: Final = "Say hello in one word."
_UNKNOWN_MODEL: Final = "grok-no-such-model"
_UNKNOWN_ID: Final = "00000000-0000-4000-8000-000000000000"
_POLLS: Final = 60
_POLL_SECONDS: Final = 2.0
_FUNCTION: Final = chat_pb2.Tool(
    function=chat_pb2.Function(
        name="stock",
        description="Return the number of items in stock",
        parameters=json.dumps(
            {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
        ),
    )
)
_SCHEMA: Final = json.dumps(
    {
        "type": "object",
        "properties": {"colors": {"type": "array", "items": {"type": "string"}}},
        "required": ["colors"],
        "additionalProperties": False,
    }
)


def unknown_model(session: Session) -> Facts:
    """Name a model that does not exist."""
    return completion_facts(session.complete(_HELLO, model=_UNKNOWN_MODEL))


def no_model(session: Session) -> Facts:
    """Name no model."""
    return completion_facts(session.complete(_HELLO, model=""))


def no_messages(session: Session) -> Facts:
    """Send no messages."""
    return completion_facts(session.complete(messages=[]))


def wrong_key(session: Session) -> Facts:
    """Send a key that does not exist."""
    return _with_key(session, "xai-not-a-real-key-0123456789")


def no_key(session: Session) -> Facts:
    """Send no key."""
    return _with_key(session, "")


def _with_key(session: Session, key: str) -> Facts:
    return facts_of(session.invoke(Chat.GetCompletion, session.request(_HELLO), key=key))


def five_stops(session: Session) -> Facts:
    """Send more stop strings than the official SDK documents."""
    return completion_facts(session.complete(_HELLO, stop=["a1", "b2", "c3", "d4", "e5"]))


def temperature(session: Session) -> Facts:
    """Send a temperature above the maximum."""
    return completion_facts(session.complete(_HELLO, temperature=3.0))


def two_choices(session: Session) -> Facts:
    """Request two responses."""
    return completion_facts(session.complete(_HELLO, n=2))


def one_token(session: Session) -> Facts:
    """Request a response that is cut."""
    return completion_facts(session.complete("Count to ten in words.", max_tokens=1))


def chaining(session: Session) -> Facts:
    """Store a response about an image, continue it, fetch it, delete it, and fetch it again."""
    first = session.complete("Remember the image.", part(make_image(64, 64)), store_messages=True)
    facts = {"first": first.status}
    if first.message is None:
        return {**completion_facts(first), **facts}
    response_id = first.message.id
    get = chat_pb2.GetStoredCompletionRequest(response_id=response_id)
    delete = chat_pb2.DeleteStoredCompletionRequest(response_id=response_id)
    second = session.complete("Which colors has it?", previous_response_id=response_id)
    return {
        **completion_facts(second),
        **facts,
        "stored": session.invoke(Chat.GetStoredCompletion, get).status,
        "deleted": session.invoke(Chat.DeleteStoredCompletion, delete).status,
        "after its deletion": session.invoke(Chat.GetStoredCompletion, get).status,
    }


def unknown_response(session: Session) -> Facts:
    """Continue a response that does not exist."""
    return completion_facts(session.complete(_HELLO, previous_response_id=_UNKNOWN_ID))


def stream(session: Session) -> Facts:
    """Stream a response about an image."""
    return stream_facts(session.stream("Which colors?", part(make_image(64, 64)), max_tokens=64))


def stream_error(session: Session) -> Facts:
    """Stream a response of a model that does not exist."""
    return stream_facts(session.stream(_HELLO, model=_UNKNOWN_MODEL))


def _function_fields() -> dict[str, Any]:
    choice = chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_REQUIRED)
    return {"tools": [_FUNCTION], "tool_choice": choice, "max_tokens": 200}


def function(session: Session) -> Facts:
    """Let the model call a function, and send the result."""
    question = "How many red squares are in stock?"
    first = session.complete(question, **_function_fields())
    facts = completion_facts(first)
    if first.message is None or not first.message.outputs[0].message.tool_calls:
        return facts
    answer = first.message.outputs[0].message
    call = answer.tool_calls[0]
    messages = [
        *session.request(question).messages,
        chat_pb2.Message(role=chat_pb2.ROLE_ASSISTANT, tool_calls=answer.tool_calls),
        chat_pb2.Message(
            role=chat_pb2.ROLE_TOOL,
            tool_call_id=call.id,
            content=[chat_pb2.Content(text="3")],
        ),
    ]
    second = session.complete(messages=messages, tools=[_FUNCTION])
    return {
        **facts,
        "call": [chat_pb2.ToolCallType.Name(call.type), chat_pb2.ToolCallStatus.Name(call.status)],
        "arguments": "an object with name" if _has_name(call.function.arguments) else "others",
        "after the result": second.status,
    }


def _has_name(arguments: str) -> bool:
    try:
        return "name" in json.loads(arguments)
    except (ValueError, TypeError):
        return False


def stream_function(session: Session) -> Facts:
    """Stream the call of a function."""
    return stream_facts(session.stream("How many red squares are there?", **_function_fields()))


def schema(session: Session) -> Facts:
    """Request structured output about an image."""
    response_format = chat_pb2.ResponseFormat(
        format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=_SCHEMA
    )
    outcome = session.complete(
        "List the colors.",
        part(make_image(64, 64)),
        response_format=response_format,
        max_tokens=200,
    )
    facts = completion_facts(outcome)
    if outcome.message is not None:
        try:
            value = json.loads(outcome.message.outputs[-1].message.content)
        except ValueError:
            value = None
        facts["matches the schema"] = isinstance(value, dict) and set(value) == {"colors"}
    return facts


def deferred(session: Session) -> Facts:
    """Request a deferred response, and poll it until it is done."""
    started = session.invoke(Chat.StartDeferredCompletion, session.request(_HELLO))
    facts = facts_of(started)
    if started.message is None:
        return facts
    states: list[str] = []
    poll = deferred_pb2.GetDeferredRequest(request_id=started.message.request_id)
    for _ in range(_POLLS):
        polled = session.invoke(Chat.GetDeferredCompletion, poll)
        state = polled.status
        if polled.message is not None:
            state = deferred_pb2.DeferredStatus.Name(polled.message.status)
        if state not in states[-1:]:
            states.append(state)
        if state != "PENDING":
            break
        session.pause(_POLL_SECONDS)
    unknown = deferred_pb2.GetDeferredRequest(request_id=_UNKNOWN_ID)
    # How often a response is pending depends on the time that it takes.
    return {
        **facts,
        "last state": states[-1],
        "an unknown id": session.invoke(Chat.GetDeferredCompletion, unknown).status,
    }


def image_file(session: Session) -> Facts:
    """Upload an image, send it by its id, and delete it."""
    uploaded = session.invoke(
        Files.UploadFile,
        [
            files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name="conformance.jpg")),
            files_pb2.UploadFileChunk(data=make_image(64, 64)),
        ],
    )
    if uploaded.message is None:
        return {**facts_of(uploaded), "uploaded": uploaded.status}
    file_id = uploaded.message.id
    content = chat_pb2.Content(image_url=image_pb2.ImageUrlContent(file_id=file_id))
    answer = session.complete("Which colors?", content)
    deleted = session.invoke(Files.DeleteFile, files_pb2.DeleteFileRequest(file_id=file_id))
    again = session.invoke(Files.RetrieveFile, files_pb2.RetrieveFileRequest(file_id=file_id))
    return {
        **completion_facts(answer),
        "uploaded": _fields(uploaded),
        "deleted": _fields(deleted),
        "after its deletion": again.status,
    }


def small_calls(session: Session) -> Facts:
    """Count tokens, and fetch the descriptions of the key and of the model."""
    counted = session.invoke(
        Tokenize.TokenizeText,
        tokenize_pb2.TokenizeTextRequest(text="Hello, world!", model=session.model),
    )
    key = session.invoke(Auth.get_api_key_info, empty_pb2.Empty())
    model = session.invoke(Models.GetLanguageModel, models_pb2.GetModelRequest(name=session.model))
    facts: Facts = {
        **facts_of(counted),
        "tokens": "some" if counted.message and counted.message.tokens else "none",
        # Only the names of the fields: their values belong to the account.
        "key": _fields(key),
        "model": _fields(model),
    }
    if model.message is not None:
        facts["model: inputs"] = sorted(
            models_pb2.Modality.Name(number) for number in model.message.input_modalities
        )
    return facts


def _fields(outcome: Outcome) -> list[str]:
    if outcome.message is None:
        return [outcome.status]
    return sorted(descriptor.name for descriptor, _ in outcome.message.ListFields())
