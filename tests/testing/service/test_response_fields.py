"""The fake fills every field that the official SDK shows.

Every property of the SDK's response objects, and every field of their messages, must be set in at
least one scenario. A test fails when a new version of the SDK adds a field that the fake lacks.
"""

from __future__ import annotations

import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import data_url
from xai_vision.testing import FunctionCall, Reply, ServerToolCall

pytestmark = pytest.mark.peer

DEBUG = {
    "attempts": 1,
    "request": "r",
    "prompt": "p",
    "engine_request": "e",
    "responses": ["a"],
    "chunks": ["c"],
    "cache_read_count": 1,
    "cache_read_input_bytes": 2,
    "cache_write_count": 3,
    "cache_write_input_bytes": 4,
    "lb_address": "l",
    "sampler_tag": "s",
}
# Settings are copied from the request: it is enough that the response has each of them.
ECHOED = ("settings.",)


def properties(obj):
    names = {
        name
        for cls in type(obj).__mro__
        for name, value in vars(cls).items()
        if isinstance(value, property) and not name.startswith("_")
    }
    return sorted(names)


def filled(obj):
    names = set()
    for name in properties(obj):
        value = getattr(obj, name)
        if value is not None and value not in ("", (), [], {}) and str(value) != "":
            names.add(name)
    return names


def service_message(field):
    """Return the message type of a field, or None if the service does not define it."""
    message_type = field.message_type
    return (
        message_type if message_type and not message_type.full_name.startswith("google.") else None
    )


def fields_of(descriptor, above=()):
    """Yield the fields of a message and of its submessages, as dotted names."""
    for field in descriptor.fields:
        yield field.name
        message_type = service_message(field)
        if message_type and message_type.full_name not in above:
            for name in fields_of(message_type, (*above, message_type.full_name)):
                yield f"{field.name}.{name}"


def filled_fields(message):
    for field, value in message.ListFields():
        yield field.name
        if service_message(field):
            repeated = hasattr(value, "extend") or hasattr(value, "add")
            for item in value if repeated else [value]:
                for name in filled_fields(item):
                    yield f"{field.name}.{name}"


def missing(messages, ignored=()):
    """Return the fields that none of these messages sets."""
    present = set().union(*map(filled_fields, messages))
    names = set(fields_of(messages[0].DESCRIPTOR)) - present
    return sorted(name for name in names if not (ignored and name.startswith(ignored)))


def missing_properties(objects):
    return sorted(set(properties(objects[0])).difference(*map(filled, objects)))


@pytest.fixture
def sdk(server):
    from xai_sdk import Client

    with Client(api_key=server.api_key, api_host=server.target) as client:
        yield client


@pytest.fixture
def chats(server, sdk):
    """Conversations whose responses together have every field."""
    from xai_sdk.chat import image, tool, user
    from xai_sdk.tools import image_generation, web_search

    server.on(prompt="Hi").reply(
        Reply(
            "x",
            # The SDK shows the first output of a deferred response.
            reasoning="r",
            encrypted="e",
            debug=DEBUG,
            tool_calls=[FunctionCall("f", {"a": 1})],
            files=[("file-1", "a.txt")],
            usage={"cached_prompt_text_tokens": 1},
            unchecked=True,
        )
    )
    server.on(prompt="Cite").reply(
        Reply(
            "x",
            citations=["https://x.com/a/status/1", "collections://col-1/file-1", "https://e.x"],
            steps=[ServerToolCall("web_search", {"query": "q"}, failed=True)],
            unchecked=True,
        )
    )
    stored = sdk.chat.create("grok-4", messages=[user("First")], store_messages=True).sample()
    return [
        sdk.chat.create(
            "grok-4",
            messages=[user("What?", image(data_url(jpeg())))],
            tools=[web_search(enable_image_understanding=True), image_generation()],
            include=["web_search_call_output", "inline_citations"],
            reasoning_effort="high",
            use_encrypted_content=True,
        ),
        sdk.chat.create(
            "grok-4",
            messages=[user("Hi")],
            logprobs=True,
            top_logprobs=2,
            tools=[tool("f", "Does it.", {"type": "object"})],
            tool_choice="required",
            max_tokens=50,
            temperature=0.5,
            top_p=0.5,
            user="u",
            store_messages=True,
            previous_response_id=stored.id,
            response_format="json_object",
            parallel_tool_calls=True,
        ),
        sdk.chat.create("grok-4", messages=[user("Cite")], include=["inline_citations"]),
        sdk.chat.create("grok-4", messages=[user("Hello")], search_parameters=searched()),
    ]


def searched():
    from xai_sdk.search import SearchParameters

    return SearchParameters(mode="on")


def test_a_response(chats):
    responses = [chat.sample() for chat in chats]
    assert missing_properties(responses) == []
    assert missing([response.proto for response in responses], ECHOED) == []
    settings = [response.proto.settings for response in responses]
    assert {name for name in missing(settings) if "." not in name} == set()


def test_a_chunk(chats):
    chunks = [chunk for chat in chats for _, chunk in chat.stream()]
    assert missing_properties(chunks) == []
    assert missing([chunk.proto for chunk in chunks], ECHOED) == []
    outputs = [choice for chunk in chunks for choice in chunk.choices]
    assert missing_properties(outputs) == []


def test_a_deferred_and_a_stored_response(server, sdk, chats):
    from xai_vision.proto import chat_pb2

    server.deferred(ready_after_polls=0)
    deferred = [chat.defer() for chat in chats]
    assert missing_properties(deferred) == []
    assert missing([response.proto for response in deferred], ECHOED) == []
    stored = sdk.chat.get_stored_completion(chats[1].sample().id)
    assert stored
    expected = filled(chats[1].sample())
    for response in stored:
        assert filled(response) == expected
    # The SDK never shows the enclosing messages.
    polled = [call.response for call in server.calls.where(method="GetDeferredCompletion")]
    started = [call.response for call in server.calls.where(method="StartDeferredCompletion")]
    assert missing(polled, ("response.",)) == []
    assert missing(started) == []
    assert isinstance(polled[0], chat_pb2.GetDeferredCompletionResponse)
    assert sdk.chat.delete_stored_completion(stored[0].id) == stored[0].id
    assert missing([server.calls.last.response]) == []


def test_a_compaction(sdk):
    from xai_sdk.chat import image, user

    messages = [user("What is it?", image(data_url(jpeg())))]
    compacted = sdk.chat.compact_context("grok-4", messages)
    assert missing_properties([compacted]) == []
    assert missing([compacted.proto], ("usage.",)) == []
    counted = {"prompt_tokens", "completion_tokens", "total_tokens", "cost_in_usd_ticks"}
    assert counted <= set(filled_fields(compacted.proto.usage))


@pytest.mark.parametrize("kind", ["language", "embedding", "image_generation"])
def test_models(sdk, kind):
    listed = getattr(sdk.models, f"list_{kind}_models")()
    assert missing(listed) == []
    single = getattr(sdk.models, f"get_{kind}_model")(listed[0].name)
    assert single == listed[0]


def test_a_key(server):
    from xai_sdk import Client

    infos = []
    for options in ({}, {"blocked": True}, {"team_blocked": True}, {"disabled": True}):
        key = server.create_key(name="a key", **options)
        with Client(api_key=key, api_host=server.target) as client:
            infos.append(client.auth.get_api_key_info())
    assert missing(infos) == []


def test_tokens(sdk):
    tokens = sdk.tokenize.tokenize_text("A red square, one of many.", "grok-4")
    for token in tokens:
        assert missing([token]) == []
    assert len(tokens) > 5


def test_every_method_of_the_service_is_implemented():
    from xai_vision.proto.auth_pb2_grpc import Auth
    from xai_vision.proto.chat_pb2_grpc import Chat
    from xai_vision.proto.models_pb2_grpc import Models
    from xai_vision.proto.tokenize_pb2_grpc import Tokenize
    from xai_vision.testing._service.methods import UNARY_METHODS

    methods = {method for service in (Auth, Chat, Models, Tokenize) for method in service.METHODS}
    assert methods - set(UNARY_METHODS) == {Chat.GetCompletionChunk}
