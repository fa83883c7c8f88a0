"""pydantic-ai's own xAI model against the fake: an image, a tool, typed output, a stream.

Collected only where pydantic-ai is installed; CI does that in an environment of its own.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pydantic
import pytest
from pydantic_ai import Agent, BinaryContent, ImageUrl
from pydantic_ai.models.xai import XaiModel
from pydantic_ai.providers.xai import XaiProvider
from xai_sdk import AsyncClient

from tests.blocks import blocks
from tests.sample_images import jpeg, png
from xai_vision.testing import FakeServer, Reply, match

pytestmark = pytest.mark.peer


def run_conversation(conversation):
    """Run a conversation against a fresh server, on a loop of its own."""

    async def run():
        with FakeServer() as server:
            client = AsyncClient(api_key=server.api_key, api_host=server.target)
            model = XaiModel("grok-4", provider=XaiProvider(xai_client=client))
            try:
                await conversation(server, model)
            finally:
                await client.close()

    asyncio.run(run())


def test_images_of_both_kinds():
    async def conversation(server, model):
        server.urls["https://e.x/chart.png"] = png()
        photo = BinaryContent(data=jpeg(), media_type="image/jpeg")
        result = await Agent(model).run(["Compare.", photo, ImageUrl("https://e.x/chart.png")])
        assert "Image 1: JPEG, 640x480" in result.output
        assert "Image 2: PNG, 640x400" in result.output
        assert server.calls.last.images[0].data == jpeg()
        assert result.usage.input_tokens > 512

    run_conversation(conversation)


def test_a_tool_is_called_and_answered():
    async def conversation(server, model):
        server.on(prompt=match.contains("weather")).replies(
            Reply.tool_call("get_weather", city="Oslo"), "12 degrees in Oslo."
        )
        agent = Agent(model)
        cities = []

        @agent.tool_plain
        def get_weather(city: str) -> str:
            """The weather in a city."""
            cities.append(city)
            return "12 C"

        result = await agent.run("How's the weather?")
        assert result.output == "12 degrees in Oslo."
        assert cities == ["Oslo"]
        assert len(server.calls) == 2
        assert server.calls.last.messages[-1].content[0].text == "12 C"

    run_conversation(conversation)


def test_the_default_reply_calls_a_tool():
    async def conversation(server, model):
        agent = Agent(model)

        @agent.tool_plain
        def get_weather(city: str) -> str:
            """The weather in a city."""
            return f"12 C in {city}"

        result = await agent.run("How's the weather?")
        assert "12 C in city" in result.output

    run_conversation(conversation)


class Animal(pydantic.BaseModel):
    name: str
    legs: int


def test_typed_output():
    async def conversation(server, model):
        result = await Agent(model, output_type=Animal).run("Which animal?")
        assert isinstance(result.output, Animal)
        called = server.calls.last.response.outputs[0].message.tool_calls
        assert not called or json.loads(called[0].function.arguments)

    run_conversation(conversation)


def test_a_stream():
    async def conversation(server, model):
        server.on().reply("one two three", chunks=3)
        async with Agent(model).run_stream("Hi") as result:
            texts = [text async for text in result.stream_text(delta=True, debounce_by=None)]
        assert "".join(texts) == "one two three"
        assert len(texts) == 3
        assert server.calls.last.stream

    run_conversation(conversation)


def test_the_recipe_of_the_documentation(pytester):
    page = Path(__file__).resolve().parents[3] / "docs" / "testing.md"
    [recipe] = [block.code for block in blocks(page, "py") if "pydantic_ai" in block.code]
    pytester.makepyfile(test_recipe=recipe)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
