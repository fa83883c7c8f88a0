"""client.chat.from_openai: requests in OpenAI's formats, sent over gRPC."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from tests.sample_images import data_url, jpeg
from xai_vision.chat import image, user
from xai_vision.chat._service import AsyncChatService, ChatService
from xai_vision.errors import ImageError, InvalidRequestError

URL = data_url(jpeg())
MESSAGES = [
    {"role": "system", "content": "Brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What?"},
            {"type": "image_url", "image_url": {"url": URL, "detail": "high"}},
        ],
    },
]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]


def test_chat_completions(client, server):
    chat = client.chat.from_openai(
        model="grok-4",
        messages=MESSAGES,
        tools=TOOLS,
        max_completion_tokens=20,
        response_format={"type": "json_object"},
        tool_choice="none",
        reasoning_effort="low",
        n=1,
        stream=False,
        stop=None,
        extra_body={"search_parameters": {"mode": "auto"}},
    )
    assert chat.messages[1].images  # stored outside the proto
    assert chat.messages[1] == user("What?", image(jpeg(), detail="high"))
    assert chat.sample().content
    request = server.calls.last.request
    assert (request.max_tokens, request.tools[0].function.name) == (20, "f")
    assert not request.store_messages
    chat.append(user("And?"))
    assert chat.sample().content


def test_responses_api(client, server):
    chat = client.chat.from_openai(
        model="grok-4",
        instructions="Brief.",
        input=[{"type": "input_image", "image_url": URL}, {"type": "input_text", "text": "What?"}],
        tools=[{"type": "web_search", "filters": {"allowed_domains": ["a.com"]}}],
    )
    response = chat.sample()
    assert response.id in server.store
    continued = client.chat.from_openai(
        model="grok-4", input="And?", previous_response_id=response.id, store=False
    )
    assert continued.sample().id not in server.store
    assert server.calls.last.earlier_images


async def test_async(aclient):
    assert (await aclient.chat.from_openai(model="grok-4", messages=MESSAGES).sample()).content


def test_sync_and_async_signatures_agree():
    one, other = (
        inspect.signature(cls.from_openai).parameters for cls in (ChatService, AsyncChatService)
    )
    assert one == other


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"messages": MESSAGES, "stream": True}, r"stream: .*chat\.stream\(\)"),
        ({"messages": MESSAGES, "deferred": True}, r"chat\.defer\(\)"),
        ({"messages": MESSAGES, "extra_body": {"stream": True}}, r"stream: .*chat\.stream\(\)"),
        ({"messages": MESSAGES, "timeout": 3}, r"timeout: .*chat\.sample\(timeout=\.\.\.\)"),
        ({"messages": MESSAGES, "extra_headers": {"a": "b"}}, r"Client\(metadata=\.\.\.\)"),
        ({"messages": MESSAGES, "extra_query": {"a": "b"}}, "extra_query: gRPC has no query"),
        (
            {"messages": MESSAGES, "metadata": {"a": "b"}},
            "metadata: .*yourself under",
        ),
        (
            {"input": "a", "reasoning": {"summary": "auto"}},
            "reasoning.summary: not supported",
        ),
        ({"messages": MESSAGES, "n": 2}, r"n: .*sample_batch"),
        ({"messages": MESSAGES, "logit_bias": {}}, "logit_bias: not supported by the service"),
        ({"messages": MESSAGES, "temperature": 7}, "temperature must be a number from 0 to 2"),
        ({"messages": MESSAGES, "input": "a"}, "either messages .* or input"),
        ({}, "either messages .* or input"),
        ({"messages": MESSAGES, "model": None}, "model is missing"),
        (
            {"messages": MESSAGES, "tools": [{"type": "web_search", "allowed_domains": ["a"] * 6}]},
            "the service accepts at most 5",
        ),
        ({"messages": [{"role": "user"}]}, r"messages\[0\] has no content"),
    ],
)
def test_unsupported_argument(client, body, message):
    with pytest.raises(InvalidRequestError, match=message):
        client.chat.from_openai(**{"model": "grok-4", **body})


def test_invalid_image_is_found_before_sending(client):
    part = {"type": "image_url", "image_url": {"url": "photo.jpg"}}
    with pytest.raises(ImageError, match=r"messages\[0\], part 1: .*Path"):
        client.chat.from_openai(model="grok-4", messages=[{"role": "user", "content": [part]}])


@pytest.mark.peer
def test_openai_objects_are_accepted(client, server):
    """Accept openai's objects, their dicts, and its markers for omitted arguments."""
    openai = pytest.importorskip("openai")
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}}
    messages: list[Any] = [{"role": "user", "content": "Hi"}]
    with openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as rest:
        completion = rest.chat.completions.create(
            model="grok-4", messages=messages, tools=TOOLS, tool_choice="required"
        )
        response = rest.responses.create(
            model="grok-4", input=messages, tools=[tool], tool_choice="required"
        )
    message = completion.choices[0].message
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "42"}
    omitted: dict[str, Any] = {"temperature": openai.NOT_GIVEN, "tools": openai.omit}
    for form in (message, message.model_dump(), message.to_dict()):
        chat = client.chat.from_openai(
            model="grok-4", messages=[*messages, form, result], **omitted
        )
        assert "42" in chat.sample().content
        assert server.calls.last.request.messages[1].tool_calls[0].id == message.tool_calls[0].id
    chat = client.chat.create("grok-4", messages=messages)
    assert "42" in chat.append(message).append(result).sample().content
    (call,) = response.output
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "42"}
    for item in (call, call.model_dump(), call.to_dict()):
        chat = client.chat.from_openai(model="grok-4", input=[*messages, item, output])
        assert "42" in chat.sample().content


@pytest.mark.peer
@pytest.mark.filterwarnings("error")
def test_parsed_openai_objects_are_accepted(client, server):
    openai = pytest.importorskip("openai")
    pydantic = pytest.importorskip("pydantic")

    class Animal(pydantic.BaseModel):
        name: str

    messages: list[Any] = [{"role": "user", "content": "Hi"}]
    with openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as rest:
        message = (
            rest.chat.completions.parse(model="grok-4", messages=messages, response_format=Animal)
            .choices[0]
            .message
        )
        items = rest.responses.parse(model="grok-4", input="Hi", text_format=Animal).output
    for body in (
        {"messages": [*messages, message, *messages]},
        {"input": [*messages, *items, *messages]},
    ):
        assert client.chat.from_openai(model="grok-4", **body).sample().content
        assert server.calls.last.request.messages[1].content[0].text == message.content
    for form in (
        {"messages": messages, "response_format": Animal},
        {"input": "Hi", "text_format": Animal, "text": {"format": None}},
    ):
        chat = client.chat.from_openai(model="grok-4", **form)
        assert isinstance(chat.parse(Animal)[1], Animal)
    with pytest.raises(InvalidRequestError, match="text_format and text both define the"):
        client.chat.from_openai(
            model="grok-4", input="Hi", text_format=Animal, text={"format": {"type": "text"}}
        )


@pytest.mark.parametrize("levels", [201, 5000])
def test_deep_nesting_is_rejected(client, levels):
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"properties": schema}
    tools = [{"type": "function", "function": {"name": "f", "parameters": schema}}]
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        client.chat.from_openai(model="grok-4", messages=MESSAGES, tools=tools)
