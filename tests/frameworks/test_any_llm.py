"""any-llm: streams, tools, structured output and turns.

It sends no images: it passes their parts to ``user`` as a list, which xai_sdk refuses too.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest
from any_llm import AnyLLM

from tests.frameworks.models import CAT, Animal
from xai_vision.testing import Reply

QUESTION = [{"role": "user", "content": "Which animal?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@pytest.fixture
def llm(server):
    return AnyLLM.create("xai", api_key=server.api_key, api_host=server.target)


async def close(llm):
    await llm.client.close()


async def test_tools_and_turns(llm, server):
    server.on().replies(Reply.tool_call("get_weather", city="Oslo"), "12 degrees.")
    turns = [{"role": "user", "content": "The weather?"}]
    asked = await llm.acompletion(model="grok-4", messages=turns, tools=[WEATHER])
    [choice] = asked.choices
    [call] = choice.message.tool_calls
    assert choice.finish_reason == "tool_calls"
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    turns += [
        {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]},
        {"role": "tool", "content": "12 C", "tool_call_id": call.id},
    ]
    answered = await llm.acompletion(model="grok-4", messages=turns, tools=[WEATHER])
    assert answered.choices[0].message.content == "12 degrees."
    assert answered.choices[0].finish_reason == "stop"
    assert answered.usage.total_tokens > 0
    _, assistant, result = server.calls.last.messages
    assert assistant.tool_calls[0].id == result.tool_call_id == call.id
    await close(llm)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [("one two three", "stop"), (Reply("one two three", finish="length"), "length")],
)
async def test_a_stream(llm, server, reply, reason):
    server.on().reply(reply, chunks=3)
    stream = await llm.acompletion(model="grok-4", messages=QUESTION, stream=True)
    choices = [chunk.choices[0] async for chunk in stream]
    assert "".join(choice.delta.content or "" for choice in choices) == "one two three"
    assert [c.finish_reason for c in choices if c.finish_reason] == [reason]
    assert len(choices) >= 3
    await close(llm)


async def test_a_streamed_tool_call(llm, server):
    server.on().reply(Reply.tool_call("get_weather", city="Oslo"))
    stream = await llm.acompletion(model="grok-4", messages=QUESTION, tools=[WEATHER], stream=True)
    choices = [chunk.choices[0] async for chunk in stream]
    calls = [call for choice in choices for call in choice.delta.tool_calls or []]
    assert [call.function.name for call in calls] == ["get_weather"]
    assert choices[-1].finish_reason == "tool_calls"
    await close(llm)


@dataclass
class Bird:
    name: str
    legs: int


FORMATS = {
    "model": Animal,
    "dataclass": Bird,
    "schema": {
        "type": "json_schema",
        "json_schema": {"name": "Animal", "schema": Animal.model_json_schema()},
    },
    "json": {"type": "json_object"},
}


@pytest.mark.parametrize("kind", FORMATS)
async def test_structured_output(llm, server, kind):
    server.on().reply(CAT)
    completion = await llm.acompletion(
        model="grok-4", messages=QUESTION, response_format=FORMATS[kind]
    )
    assert json.loads(completion.choices[0].message.content) == json.loads(CAT)
    sent = server.calls.last.request.response_format
    assert ("legs" in sent.schema) == (kind != "json")
    await close(llm)


async def test_models(llm):
    assert "grok-4-0709" in [model.id for model in await llm.alist_models()]
    await close(llm)


def test_one_provider_on_several_event_loops(llm, server):
    server.on().replies("one", "two")

    async def ask():
        completion = await llm.acompletion(model="grok-4", messages=QUESTION)
        return completion.choices[0].message.content

    # The provider closes the client of a loop that has ended, through attributes of xai_sdk's.
    assert [asyncio.run(ask()), asyncio.run(ask())] == ["one", "two"]
    assert len(llm._clients_by_loop) == 1


def test_without_an_event_loop(llm, server):
    server.on().reply("one")
    completion = llm.completion(model="grok-4", messages=QUESTION)
    assert completion.choices[0].message.content == "one"
