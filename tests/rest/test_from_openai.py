"""client.chat.from_openai: a program in OpenAI's form moves to gRPC."""

from __future__ import annotations

import inspect

import pytest

from tests.pictures import data_url, jpeg
from xai_vision.chat import image, user
from xai_vision.chat.service import AsyncChatService, ChatService
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
    assert chat.messages[1].pictures  # kept out of protobuf
    assert chat.messages[1] == user("What?", image(jpeg(), detail="high"))
    assert chat.sample().content
    sent = server.calls.last.request
    assert (sent.max_tokens, sent.tools[0].function.name) == (20, "f")
    assert not sent.store_messages
    chat.append(user("And?"))
    assert chat.sample().content


def test_the_responses_api(client, server):
    chat = client.chat.from_openai(
        model="grok-4",
        instructions="Brief.",
        input=[{"type": "input_image", "image_url": URL}, {"type": "input_text", "text": "What?"}],
        tools=[{"type": "web_search", "filters": {"allowed_domains": ["a.com"]}}],
    )
    response = chat.sample()
    assert response.id in server.store
    again = client.chat.from_openai(
        model="grok-4", input="And?", previous_response_id=response.id, store=False
    )
    assert again.sample().id not in server.store
    assert server.calls.last.earlier_images


async def test_async(aclient):
    assert (await aclient.chat.from_openai(model="grok-4", messages=MESSAGES).sample()).content


def test_the_twins_agree():
    one, other = (
        inspect.signature(cls.from_openai).parameters for cls in (ChatService, AsyncChatService)
    )
    assert one == other


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": MESSAGES, "stream": True}, r"stream: .*chat\.stream\(\)"),
        ({"messages": MESSAGES, "deferred": True}, r"chat\.defer\(\)"),
        ({"messages": MESSAGES, "n": 2}, r"n: .*sample_batch"),
        ({"messages": MESSAGES, "logit_bias": {}}, "logit_bias: this has no place over gRPC"),
        ({"messages": MESSAGES, "temperature": 7}, "temperature must be a number from 0 to 2"),
        ({"messages": MESSAGES, "input": "a"}, "either messages .* or input"),
        ({}, "either messages .* or input"),
        ({"messages": MESSAGES, "model": None}, "model is missing"),
        (
            {"messages": MESSAGES, "tools": [{"type": "web_search", "allowed_domains": ["a"] * 6}]},
            "the service takes 5",
        ),
        ({"messages": [{"role": "user"}]}, r"messages\[0\] has no content"),
    ],
)
def test_what_has_no_place(client, body, words):
    with pytest.raises(InvalidRequestError, match=words):
        client.chat.from_openai(**{"model": "grok-4", **body})


def test_a_bad_picture_is_found_before_sending(client):
    part = {"type": "image_url", "image_url": {"url": "photo.jpg"}}
    with pytest.raises(ImageError, match=r"messages\[0\], part 1: .*Path"):
        client.chat.from_openai(model="grok-4", messages=[{"role": "user", "content": [part]}])
