"""Chat Completions, with the openai package."""

from __future__ import annotations

import json

import pytest

from xai_vision.testing import FunctionCall, Reply

pydantic = pytest.importorskip("pydantic")
pytestmark = pytest.mark.peer

IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/image.jpg"}}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


class Animal(pydantic.BaseModel):
    name: str
    legs: int


def user(*content):
    return [{"role": "user", "content": list(content) if len(content) > 1 else content[0]}]


def test_image_tokens(rest, server):
    completion = rest.chat.completions.create(
        model="grok-4", messages=user({"type": "text", "text": "What?"}, IMAGE)
    )
    assert completion.object == "chat.completion"
    (choice,) = completion.choices
    assert (choice.finish_reason, choice.message.role) == ("stop", "assistant")
    details = completion.usage.prompt_tokens_details
    assert details.image_tokens == server.calls.last.images[0].tokens > 0
    assert completion.usage.prompt_tokens == details.image_tokens + details.text_tokens
    assert not server.calls.last.request.store_messages


def test_settings(rest, server):
    server.on().reply("one two three four")
    completion = rest.chat.completions.create(
        model="grok-4",
        messages=user("Hi"),
        n=2,
        max_completion_tokens=3,
        stop=["three"],
        seed=7,
        temperature=0.1,
        logprobs=True,
        top_logprobs=2,
        user="u",
        metadata={"a": "b"},
    )
    assert [choice.index for choice in completion.choices] == [0, 1]
    assert completion.choices[0].message.content == "one two "
    token = completion.choices[0].logprobs.content[0]
    assert (token.token, len(token.top_logprobs)) == ("one", 2)
    request = server.calls.last.request
    assert (request.n, request.max_tokens, request.seed, list(request.stop)) == (2, 3, 7, ["three"])
    assert server.calls.last.body["metadata"] == {"a": "b"}


def test_function(rest, server):
    messages = user("The weather in Oslo?")
    first = rest.chat.completions.create(model="grok-4", messages=messages, tools=[WEATHER])
    (choice,) = first.choices
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    assert choice.message.content is None
    assert json.loads(call.function.arguments) == {"city": "city"}
    messages += [choice.message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    second = rest.chat.completions.create(model="grok-4", messages=messages, tools=[WEATHER])
    assert "sunny" in second.choices[0].message.content


def test_parse(rest):
    parsed = rest.chat.completions.parse(
        model="grok-4", messages=user("An animal"), response_format=Animal
    )
    assert isinstance(parsed.choices[0].message.parsed, Animal)


def test_stream(rest, server):
    chunks = list(rest.chat.completions.create(model="grok-4", messages=user("Hi"), stream=True))
    assert all(len(chunk.choices) == 1 for chunk in chunks)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == server.calls.last.response.outputs[0].message.content
    with_usage = list(
        rest.chat.completions.create(
            model="grok-4",
            messages=user("Hi"),
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert with_usage[-1].choices == []
    assert with_usage[-1].usage.total_tokens > 0


def test_stream_helper(rest):
    with rest.chat.completions.stream(
        model="grok-4", messages=user("The weather?"), tools=[WEATHER]
    ) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    (call,) = final.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "city"}


def test_stream_of_parallel_tool_calls(rest, server):
    """The id and the name of a call come once; its arguments come in pieces, as raw JSON text."""
    cities = ["Oslo", "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"]
    calls = [FunctionCall("get_weather", {"city": city}) for city in cities]
    server.on().reply(Reply(tool_calls=calls))
    stream = rest.chat.completions.create(
        model="grok-4", messages=user("The weather?"), tools=[WEATHER], stream=True
    )
    deltas = [
        delta
        for chunk in stream
        for choice in chunk.choices
        for delta in choice.delta.tool_calls or ()
    ]
    for index, city in enumerate(cities):
        parts = [delta for delta in deltas if delta.index == index]
        assert [part.function.name for part in parts if part.function.name] == ["get_weather"]
        assert len([part.id for part in parts if part.id]) == 1
        assert len({part.id for part in deltas if part.id}) == 2
        text = "".join(part.function.arguments or "" for part in parts)
        assert json.loads(text) == {"city": city}
        assert sum(bool(part.function.arguments) for part in parts) > 1


def test_stream_with_several_choices(rest, server):
    server.on().reply("a b", choices=["a b", "c d"])
    texts = {0: "", 1: ""}
    for chunk in rest.chat.completions.create(
        model="grok-4", messages=user("Hi"), n=2, stream=True
    ):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == {0: "a b", 1: "c d"}


async def test_async(arest):
    completion = await arest.chat.completions.create(model="grok-4", messages=user(IMAGE, IMAGE))
    assert completion.usage.prompt_tokens_details.image_tokens > 256
    stream = await arest.chat.completions.create(model="grok-4", messages=user("Hi"), stream=True)
    assert [chunk async for chunk in stream]


def test_models(rest):
    assert "grok-4-0709" in [model.id for model in rest.models.list()]
    assert rest.models.retrieve("grok-4").id == "grok-4-0709"
