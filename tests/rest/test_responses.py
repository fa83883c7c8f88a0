"""The Responses API, with the openai package."""

from __future__ import annotations

import json

import pytest

from xai_vision.testing import match

pydantic = pytest.importorskip("pydantic")
pytestmark = pytest.mark.peer

IMAGE = {"type": "input_image", "image_url": "https://example.com/image.jpg", "detail": "low"}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


class Animal(pydantic.BaseModel):
    name: str
    legs: int


def test_text(rest, server):
    server.on(prompt="ping").reply("pong")
    response = rest.responses.create(
        model="grok-4", input="ping", instructions="Brief.", temperature=0.7, max_output_tokens=9
    )
    assert response.output_text == "pong"
    assert (response.status, response.temperature, response.max_output_tokens) == (
        "completed",
        0.7,
        9,
    )
    assert response.tools == []
    assert response.usage.total_tokens == (
        response.usage.input_tokens + response.usage.output_tokens
    )
    request = server.calls.last.request
    assert [message.content[0].text for message in request.messages] == ["Brief.", "ping"]
    assert request.store_messages


def test_images(rest, server):
    messages = [{"role": "user", "content": [{"type": "input_text", "text": "What?"}, IMAGE]}]
    response = rest.responses.create(model="grok-4", input=messages)
    assert "640x480" in response.output_text
    assert response.usage.input_tokens > 256
    assert server.calls.last.images[0].detail == "low"


@pytest.mark.parametrize("parts", [[IMAGE], [{"type": "input_text", "text": "a"}, IMAGE, IMAGE]])
def test_parts_without_a_message(rest, server, parts):
    rest.responses.create(model="grok-4", input=parts)
    (message,) = server.calls.last.request.messages
    assert len(message.content) == len(parts)


def test_stored_and_continued(rest, server):
    first = rest.responses.create(model="grok-4", input=[IMAGE])
    second = rest.responses.create(
        model="grok-4", input="And its colors?", previous_response_id=first.id
    )
    assert second.previous_response_id == first.id
    assert "earlier turn" in second.output_text
    assert rest.responses.retrieve(first.id) == first
    included = rest.responses.retrieve(first.id, include=["reasoning.encrypted_content"])
    assert included == first
    rest.responses.delete(first.id)
    assert first.id not in server.store
    stored = rest.responses.create(model="grok-4", input="Hi", store=False)
    assert stored.id not in server.store


@pytest.mark.parametrize("tool", ["web_search", "x_search"])
def test_search_with_images(rest, server, tool):
    response = rest.responses.create(
        model="grok-4",
        input="What is on it?",
        tools=[{"type": tool, "enable_image_understanding": True}],
    )
    kinds = [item.type for item in response.output]
    assert kinds[0] == ("web_search_call" if tool == "web_search" else "custom_tool_call")
    assert response.output[1].name == "view_image"
    assert kinds[-1] == "message"
    assert response.output_text
    assert response.usage.model_extra["num_server_side_tools_used"] == 2
    # The output can be sent back.
    continued = rest.responses.create(
        model="grok-4", input=[*response.output, {"role": "user", "content": "Sure?"}]
    )
    assert continued.output_text
    request = server.calls.last.request.messages
    assert [call.function.name for call in request[0].tool_calls][1] == "view_image"
    assert request[1].content[0].text == response.output_text


def test_function(rest, server):
    messages = [{"role": "user", "content": "The weather?"}]
    first = rest.responses.create(model="grok-4", input=messages, tools=[WEATHER])
    (call,) = first.output
    assert (call.type, call.name) == ("function_call", "get_weather")
    assert json.loads(call.arguments) == {"city": "city"}
    second = rest.responses.create(
        model="grok-4",
        input=[
            *messages,
            *first.output,
            {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"},
        ],
        tools=[WEATHER],
    )
    assert "sunny" in second.output_text
    assert server.calls.last.request.messages[2].tool_call_id == call.call_id


def test_parse(rest, server):
    response = rest.responses.parse(model="grok-4", input=[IMAGE], text_format=Animal)
    assert isinstance(response.output_parsed, Animal)
    server.on(schema=match.any).reply_json({"name": "cat", "legs": 4})
    continued = rest.responses.parse(model="grok-4", input="?", text_format=Animal)
    assert continued.output_parsed == Animal(name="cat", legs=4)


def test_stream_in_the_documented_order(rest, server):
    events = list(rest.responses.create(model="grok-4", input="Hi", stream=True))
    kinds = [event.type.removeprefix("response.") for event in events]
    deltas = [kind for kind in kinds if kind == "output_text.delta"]
    assert kinds == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        *deltas,
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    final = events[-1].response
    assert final.output_text == text
    assert final == rest.responses.retrieve(final.id)
    assert server.calls[0].stream


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"tools": [WEATHER], "tool_choice": "required"},
        {"tools": [{"type": "web_search", "enable_image_understanding": True}]},
        {"tools": [{"type": "code_interpreter"}, {"type": "image_generation"}]},
        {"reasoning": {"effort": "high"}, "include": ["reasoning.encrypted_content"]},
    ],
    ids=["text", "function", "search", "code", "reasoning"],
)
def test_stream_helper(rest, more):
    with rest.responses.stream(model="grok-4", input="What weather?", **more) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert kinds[0] == "response.created"
    stored = rest.responses.retrieve(final.id)
    assert [(item.type, item.id) for item in final.output] == [
        (item.type, item.id) for item in stored.output
    ]
    assert (final.output_text, final.usage) == (stored.output_text, stored.usage)


def test_truncated_stream(rest):
    events = list(
        rest.responses.create(model="grok-4", input="Hi", max_output_tokens=2, stream=True)
    )
    # openai's helper only supports "completed", so this test reads the raw stream.
    assert events[-1].type == "response.incomplete"
    assert events[-1].response.incomplete_details.reason == "max_output_tokens"


async def test_async(arest, server):
    response = await arest.responses.create(model="grok-4", input=[IMAGE])
    assert "640x480" in response.output_text
    stream = await arest.responses.create(model="grok-4", input="Hi", stream=True)
    kinds = [event.type async for event in stream]
    assert kinds[-1] == "response.completed"
    parsed = await arest.responses.parse(model="grok-4", input="Hi", text_format=Animal)
    assert isinstance(parsed.output_parsed, Animal)
    assert (await arest.responses.retrieve(response.id)).id == response.id
    assert server.calls.last.header("user-agent").startswith("AsyncOpenAI/Python")
