"""The keywords of create(): declared for editors, documented, checked and sent."""

from __future__ import annotations

import inspect
import re

import pytest
from pydantic import BaseModel

from xai_vision.chat import AsyncChat, Chat, system, tool, user
from xai_vision.chat._request.parameters import CreateParameters
from xai_vision.chat._service import AsyncChatService, ChatService
from xai_vision.proto import chat_pb2, usage_pb2
from xai_vision.search import SearchParameters

SERVICES = pytest.mark.parametrize("service", [ChatService, AsyncChatService])


class Animal(BaseModel):
    legs: int


# A value of each keyword that the request itself has.
IN_REQUEST: CreateParameters = {
    "messages": [system("Be brief"), {"role": "user", "content": "Hi"}],
    "user": "u-1",
    "safety_identifier": "s-1",
    "max_tokens": 50,
    "seed": 7,
    "stop": ["END"],
    "temperature": 0.5,
    "top_p": 0.25,
    "logprobs": True,
    "top_logprobs": 2,
    "tools": [tool("f", "A function", {"type": "object"})],
    "tool_choice": "none",
    "parallel_tool_calls": False,
    "response_format": Animal,
    "frequency_penalty": 0.5,
    "presence_penalty": 0.25,
    "reasoning_effort": "low",
    "search_parameters": SearchParameters(mode="off"),
    "store_messages": True,
    "previous_response_id": "r-1",
    "use_encrypted_content": True,
    "max_turns": 3,
    "include": ["inline_citations"],
    "agent_count": 4,
    "service_tier": "priority",
    "guidelines": [{"type": "policy", "category": "violence", "behavior": "decline"}],
}
KEYWORDS: CreateParameters = {
    **IN_REQUEST,
    "conversation_id": "c-1",
    "batch_request_id": "b-1",
}


@SERVICES
def test_the_signature_has_every_parameter_with_its_type(service):
    signature = inspect.signature(service.create).parameters
    keywords = {
        name: parameter.annotation
        for name, parameter in signature.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    types = CreateParameters.__annotations__
    assert keywords == {name: forward.__forward_arg__ for name, forward in types.items()}
    assert all(signature[name].default is None for name in keywords)
    assert list(signature) == ["self", "model", *keywords]


@SERVICES
def test_every_parameter_is_documented(service):
    documentation = inspect.getdoc(service.create)
    arguments = documentation.split("Args:\n")[1].split("\n\n")[0]
    documented = re.findall(r"^    (\w+): ", arguments, re.MULTILINE)
    assert documented == ["model", *CreateParameters.__annotations__]


def test_every_parameter_arrives(client, server):
    assert KEYWORDS.keys() == CreateParameters.__annotations__.keys()
    chat = client.chat.create("grok-4", **KEYWORDS)
    assert (chat._conversation_id, chat._batch_request_id) == ("c-1", "b-1")
    request = chat.proto
    assert {field.name for field, _ in request.ListFields()} >= IN_REQUEST.keys()
    server.on().reply_json({"legs": 4})
    # A stored response with this id does not exist.
    chat = client.chat.create("grok-4", **{**KEYWORDS, "previous_response_id": None})
    assert chat.append(user("Which?")).sample().content == '{"legs": 4}'
    call = server.calls.last
    sent = {field.name for field, _ in call.request.ListFields()}
    assert sent >= IN_REQUEST.keys() - {"previous_response_id"}
    assert call.header("x-grok-conv-id") == "c-1"
    assert call.request.reasoning_effort == chat_pb2.EFFORT_LOW
    assert call.request.service_tier == usage_pb2.SERVICE_TIER_PRIORITY


async def test_keywords_that_are_none_are_the_same_as_omitted(client, aclient):
    for service, kind in ((client.chat, Chat), (aclient.chat, AsyncChat)):
        chat = service.create(model="grok-4", **dict.fromkeys(KEYWORDS))
        assert type(chat) is kind
        assert chat.proto == service.create("grok-4").proto
        assert chat.proto == chat_pb2.GetCompletionsRequest(model="grok-4")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("temprature", "; did you mean 'temperature'?"),
        ("message", "; did you mean 'messages'?"),
        ("max_completion_tokens", "; use max_tokens="),
        ("max_output_tokens", "; use max_tokens="),
        ("stop_sequences", "; use stop="),
        ("instructions", "; use messages=[system(...)]"),
        ("functions", "; use tools="),
        ("store", "; use store_messages="),
        ("n", "; use chat.sample_batch(n)"),
        ("stream", "; use chat.stream()"),
        ("timeout", "; use timeout= of the client, or of the call, such as chat.sample(timeout=5)"),
        ("zzz", ""),
    ],
)
async def test_unknown_keywords(client, aclient, name, hint):
    for service in (client.chat, aclient.chat):
        with pytest.raises(TypeError) as caught:
            service.create("grok-4", **{name: 1})
        message = f"create() got an unexpected keyword argument {name!r}{hint}"
        assert str(caught.value) == message


async def test_the_model_is_required(client, aclient):
    for service in (client.chat, aclient.chat):
        with pytest.raises(TypeError, match=r"create\(\) missing 1 .* argument: 'model'"):
            service.create(temperature=1)
