"""Messages as dicts in OpenAI's formats."""

from __future__ import annotations

import pytest

from tests.sample_images import data_url, jpeg, png
from xai_vision import InvalidRequestError
from xai_vision.chat import (
    image,
    user,
)


def test_openai_dicts(client, server):
    chat = client.chat.create("grok-4")
    chat.append({"role": "system", "content": "Be brief"})
    chat.append(
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "a"},
                {"type": "input_image", "image_url": data_url(png()), "detail": "high"},
                {"type": "image_url", "image_url": {"url": data_url(jpeg()), "detail": "low"}},
                {"type": "text", "text": "b"},
            ],
        }
    )
    assert chat.messages[1] == user(
        "a", image(png(), detail="high"), image(jpeg(), detail="low"), "b"
    )
    chat.append(
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
            ],
        }
    )
    chat.append({"role": "tool", "tool_call_id": "1", "content": "done"})
    chat.append({"role": "user", "content": "Go on", "name": "Ann"})
    assert chat.sample().content
    request = server.calls.last.request
    assert request.messages[2].tool_calls[0].function.name == "f"
    assert request.messages[3].tool_call_id == "1"
    assert request.messages[4].name == "Ann"
    assert [sent.detail for sent in server.calls.last.images] == ["high", "low"]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"content": "a"}, "role must be one of 'user'"),
        ({"role": "bot", "content": "a"}, "not 'bot'"),
        ({"role": "user"}, "the user message has no content"),
        ({"role": "user", "contents": "a"}, "has no key 'contents'; did you mean 'content'"),
        ({"role": "user", "content": 3}, "content must be a string or a list"),
        ({"role": "user", "content": [3]}, "part 1 must be a dict"),
        ({"role": "user", "content": [{"type": "img"}]}, "part 1 has type 'img'"),
        ({"role": "user", "content": [{"type": "text"}]}, "part 1: text must be a string"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "part 1 has no image_url"),
        (
            {"role": "user", "content": [{"type": "text", "text": "a", "txet": 1}]},
            "part 1 has no key 'txet'; did you mean 'text'",
        ),
        (
            {"role": "user", "content": ["a", {"type": "input_image", "image_url": "a.jpg"}]},
            "part 2",
        ),
    ],
)
def test_invalid_message_dicts(client, wrong, expected):
    chat = client.chat.create("grok-4", messages=[user("a")])
    with pytest.raises(InvalidRequestError, match=expected):
        chat.append(wrong)
    assert len(chat.messages) == 1
