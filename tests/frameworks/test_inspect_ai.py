"""inspect_ai: images, streams, tools, structured output, turns and batches."""

from __future__ import annotations

import asyncio
import base64

import grpc
import pytest
from inspect_ai.model import (
    BatchConfig,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentImage,
    ContentText,
    GenerateConfig,
    ResponseSchema,
    get_model,
)
from inspect_ai.tool import ToolFunction, ToolInfo, ToolParams
from inspect_ai.util import json_schema

from tests.frameworks.models import CAT, Animal
from tests.sample_images import jpeg
from xai_vision.testing import Fault, Reply, match

WEATHER = ToolInfo(
    name="get_weather",
    description="The weather in a city.",
    parameters=ToolParams(properties={"city": json_schema(str)}, required=["city"]),
)


@pytest.fixture
async def model(server):
    model = get_model("grok/grok-4", base_url=server.target, api_key=server.api_key, memoize=False)
    async with model:
        yield model


async def test_an_image(model, server):
    url = "data:image/jpeg;base64," + base64.b64encode(jpeg()).decode()
    question = ChatMessageUser(content=[ContentText(text="What?"), ContentImage(image=url)])
    output = await model.generate([ChatMessageSystem(content="Be brief"), question])
    assert "JPEG, 640x480" in output.completion
    assert output.stop_reason == "stop"
    assert output.usage.total_tokens > 512
    assert server.calls.last.images[0].data == jpeg()


async def test_tools_and_turns(model, server):
    server.on().replies(Reply.tool_call("get_weather", city="Oslo"), "12 degrees.")
    turns = [ChatMessageUser(content="The weather?")]
    asked = await model.generate(turns, tools=[WEATHER], tool_choice=ToolFunction("get_weather"))
    [call] = asked.message.tool_calls
    assert asked.stop_reason == "tool_calls"
    assert (call.function, call.arguments) == ("get_weather", {"city": "Oslo"})
    assert server.calls.last.request.tool_choice.function_name == "get_weather"
    turns += [asked.message, ChatMessageTool(content="12 C", tool_call_id=call.id)]
    answered = await model.generate(turns, tools=[WEATHER])
    assert answered.completion == "12 degrees."
    _, assistant, result = server.calls.last.messages
    assert assistant.tool_calls[0].id == call.id
    assert result.content[0].text == "12 C"


async def test_a_stream(model, server):
    server.on().reply("one two three", chunks=3)
    texts = []

    async def take(event):
        texts.append(event)

    output = await model.generate([ChatMessageUser(content="Hi")], on_stream=take)
    assert output.completion == "one two three"
    assert len(texts) >= 3
    assert server.calls.last.stream


async def test_structured_output(model, server):
    server.on().reply(CAT)
    schema = ResponseSchema(name="animal", json_schema=json_schema(Animal))
    config = GenerateConfig(response_schema=schema)
    output = await model.generate([ChatMessageUser(content="Which animal?")], config=config)
    assert Animal.model_validate_json(output.completion) == Animal(name="cat", legs=4)
    assert '"legs"' in server.calls.last.request.response_format.schema


async def test_tokens(model):
    assert await model.count_tokens("Hello world") > 1


async def test_a_batch(model, server):
    server.on(prompt=match.contains("two")).reply(Fault.status("INVALID_ARGUMENT", "Too even"))
    config = GenerateConfig(batch=BatchConfig(size=3, send_delay=30, tick=0.01))
    questions = ["one", "two", "three"]
    one, two, three = await asyncio.gather(
        *(model.generate([ChatMessageUser(content=text)], config=config) for text in questions),
        return_exceptions=True,
    )
    assert "one" in one.completion
    assert "three" in three.completion
    assert two.__cause__.details() == "Too even"
    assert two.__cause__.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert [call.method for call in server.calls].count("AddBatchRequests") == 3
