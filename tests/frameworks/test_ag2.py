"""ag2: images, files, streams, tools, structured output and turns."""

from __future__ import annotations

import pytest
from ag2 import Agent, DocumentInput, FilesAPI, ImageInput, MemoryStream
from ag2.config.xai import XAIConfig
from ag2.events import ModelMessageChunk
from ag2.tools import WebSearchTool

from tests.frameworks.models import CAT, Animal
from tests.sample_images import jpeg, png
from xai_vision.testing import Reply


@pytest.fixture
def config(server):
    return XAIConfig("grok-4", api_key=server.api_key, api_host=server.target, temperature=0.5)


async def test_images_and_turns(config, server):
    server.urls["https://e.x/chart.png"] = png()
    agent = Agent("eye", "Be brief", config=config)
    reply = await agent.ask(
        "Compare.",
        ImageInput(data=jpeg(), media_type="image/jpeg"),
        ImageInput("https://e.x/chart.png"),
    )
    assert "Image 1: JPEG, 640x480" in reply.body
    assert "Image 2: PNG, 640x400" in reply.body
    assert server.calls.last.images[0].data == jpeg()
    assert reply.response.finish_reason == "stop"
    assert reply.response.usage.total_tokens > 512
    server.on().reply("Bye")
    assert (await reply.ask("And now?")).body == "Bye"
    roles = [message.role for message in server.calls.last.messages]
    assert len(roles) == 4
    assert server.calls.last.request.temperature == 0.5
    assert len(server.calls.last.images) == 2


async def test_documents(config, server):
    server.on().reply("A note")
    reply = await Agent("reader", config=config).ask(
        "What is it?", DocumentInput(data=b"note", media_type="text/plain")
    )
    assert reply.body == "A note"
    file = server.calls.last.messages[-1].content[1].file
    assert (file.data, file.filename, file.mime_type) == (b"note", "file.plain", "text/plain")


async def test_uploaded_files(config, server):
    files = FilesAPI(config)
    uploaded = await files.upload(data=jpeg(), filename="photo.jpg")
    assert (uploaded.bytes_count, uploaded.filename) == (len(jpeg()), "photo.jpg")
    assert [file.file_id for file in await files.list()] == [uploaded.file_id]
    assert (await files.read(uploaded.file_id)).data == jpeg()
    server.on().reply("A photo")
    reply = await Agent("reader", config=config).ask("What?", ImageInput(file_id=uploaded.file_id))
    assert reply.body == "A photo"
    assert server.calls.last.messages[-1].content[1].file.file_id == uploaded.file_id
    await files.delete(uploaded.file_id)
    assert await files.list() == []


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_tool_is_called_and_answered(config, server, streaming):
    server.on().replies(Reply.tool_call("get_weather", city="Oslo"), "12 degrees.")
    cities = []

    def get_weather(city: str) -> str:
        """The weather in a city."""
        cities.append(city)
        return "12 C"

    agent = Agent("guide", config=config.copy(streaming=streaming), tools=[get_weather])
    assert (await agent.ask("The weather?")).body == "12 degrees."
    assert cities == ["Oslo"]
    _, assistant, result = server.calls.last.messages
    assert result.content[0].text == "12 C"
    assert result.tool_call_id == assistant.tool_calls[0].id != ""
    assert server.calls.last.stream is streaming


async def test_a_stream(config, server):
    server.on().reply("one two three", chunks=3)
    texts = []
    stream = MemoryStream()
    stream.where(ModelMessageChunk).subscribe(lambda event: texts.append(event.content))
    agent = Agent("speaker", config=config.copy(streaming=True))
    assert (await agent.ask("Hi", stream=stream)).body == "one two three"
    assert "".join(texts) == "one two three"
    assert len(texts) == 3


async def test_structured_output(config, server):
    server.on().reply(CAT)
    reply = await Agent("zoo", config=config, response_schema=Animal).ask("Which animal?")
    assert await reply.content() == Animal(name="cat", legs=4)
    assert '"legs"' in server.calls.last.request.response_format.schema


async def test_a_server_side_tool(config, server):
    agent = Agent("searcher", config=config, tools=[WebSearchTool(allowed_domains=["x.ai"])])
    assert (await agent.ask("Search.")).body
    [tool] = server.calls.last.request.tools
    assert list(tool.web_search.allowed_domains) == ["x.ai"]
