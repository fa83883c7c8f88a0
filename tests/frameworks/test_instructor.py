"""instructor: structured output in all its modes, streams and turns; it sends no images."""

from __future__ import annotations

from collections.abc import Iterable

import instructor
import pytest
from instructor import Mode
from xai_sdk.aio.client import Client as AsyncClient
from xai_sdk.sync.client import Client

from tests.frameworks.models import CAT, Animal
from xai_vision.testing import Reply

QUESTION = [{"role": "user", "content": "Which animal?"}]
REPLIES = {
    Mode.TOOLS: Reply.tool_call("Animal", name="cat", legs=4),
    Mode.JSON_SCHEMA: CAT,
    Mode.MD_JSON: f"```json\n{CAT}\n```",
}


@pytest.fixture(params=["sync", "async"])
def ask(request, server):
    """Return a function that asks with a mode, on either client."""
    if request.param == "sync":

        def ask(mode, **options):
            with Client(api_key=server.api_key, api_host=server.target) as client:
                created = instructor.from_xai(client, mode=mode).create(model="grok-4", **options)
                return list(created) if options.get("stream") else created
    else:

        async def asked(mode, **options):
            async with AsyncClient(api_key=server.api_key, api_host=server.target) as client:
                instance = instructor.from_xai(client, mode=mode)
                created = await instance.create(model="grok-4", **options)
                return [part async for part in created] if options.get("stream") else created

        def ask(mode, **options):
            import asyncio

            return asyncio.run(asked(mode, **options))

    return ask


@pytest.mark.parametrize("mode", REPLIES)
def test_structured_output(ask, server, mode):
    server.on().reply(REPLIES[mode])
    animal = ask(mode, response_model=Animal, messages=QUESTION)
    assert isinstance(animal, Animal)
    assert animal.model_dump() == {"name": "cat", "legs": 4}
    request = server.calls.last.request
    if mode is Mode.TOOLS:
        assert request.tools[0].function.name == "Animal"
        assert request.tool_choice.function_name == "Animal"
    elif mode is Mode.JSON_SCHEMA:
        assert '"legs"' in request.response_format.schema
    assert animal._raw_response.usage.completion_tokens > 0


@pytest.mark.parametrize("mode", [Mode.TOOLS, Mode.JSON_SCHEMA])
def test_a_stream_of_partial_objects(ask, server, mode):
    # The tool has the name of the partial model.
    tool = Reply.tool_call("PartialAnimal", name="cat", legs=4)
    server.on().reply(tool if mode is Mode.TOOLS else REPLIES[mode], chunks=5)
    parts = ask(mode, response_model=instructor.Partial[Animal], messages=QUESTION, stream=True)
    assert (parts[-1].name, parts[-1].legs) == ("cat", 4)
    assert server.calls.last.stream


def test_a_stream_of_several_objects(ask, server):
    server.on().reply(f'{{"tasks": [{CAT}, {{"name": "bird", "legs": 2}}]}}', chunks=5)
    animals = ask(Mode.JSON_SCHEMA, response_model=Iterable[Animal], messages=QUESTION, stream=True)
    assert [animal.name for animal in animals] == ["cat", "bird"]


def test_turns_without_a_model(ask, server):
    messages = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "And now?"},
    ]
    server.on().reply("Bye")
    response = ask(Mode.TOOLS, response_model=None, messages=messages)
    assert response.content == "Bye"
    texts = [message.content[0].text for message in server.calls.last.messages]
    assert texts == ["Be brief", "Hi", "Hello", "And now?"]


def test_the_provider_by_name(server):
    server.on().reply(REPLIES[Mode.TOOLS])
    instance = instructor.from_provider("xai/grok-4", mode=Mode.TOOLS)
    assert instance.create(response_model=Animal, messages=QUESTION).legs == 4
    instance.client.close()
