"""The official SDK against the fake: in this process and in another."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import timedelta

import grpc
import pydantic
import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import data_url

pytestmark = pytest.mark.peer


@pytest.fixture
def client(server):
    from xai_sdk import Client

    client = Client(api_key=server.api_key, api_host=server.target)
    yield client
    client.close()


@pytest.fixture
async def aclient(server):
    from xai_sdk import AsyncClient

    client = AsyncClient(api_key=server.api_key, api_host=server.target)
    yield client
    await client.close()


def image_question(text="What's in it?"):
    from xai_sdk.chat import image, user

    return user(text, image(data_url(jpeg()), detail="high"))


def test_sample_stream_and_chained_responses(server, client):
    chat = client.chat.create("grok-4", messages=[image_question()], store_messages=True)
    sampled = chat.sample()
    assert "JPEG, 640x480" in sampled.content
    assert sampled.usage.prompt_image_tokens == 1280
    assert server.calls.last.images[0].data == jpeg()
    *_, (response, chunk) = chat.stream()
    assert chunk.content == ""
    assert response.content == sampled.content
    assert response.finish_reason == "REASON_STOP"
    assert response.usage == sampled.usage
    from xai_sdk.chat import user

    chained = client.chat.create("grok-4", previous_response_id=sampled.id)
    chained.append(user("Its colors?"))
    assert "from an earlier turn" in chained.sample().content


async def test_asyncio(server, aclient):
    chat = aclient.chat.create("grok-4", messages=[image_question()], store_messages=True)
    sampled = await chat.sample()
    *_, (response, _) = [pair async for pair in chat.stream()]
    assert response.content == sampled.content
    assert server.calls.last.stream
    chained = aclient.chat.create(
        "grok-4", previous_response_id=sampled.id, messages=[image_question()]
    )
    assert "Image 2" in (await chained.sample()).content


def test_a_wrong_key(server):
    from xai_sdk import Client
    from xai_sdk.chat import user

    client = Client(api_key="xai-not-a-key", api_host=server.target)
    with pytest.raises(grpc.RpcError) as caught:
        client.chat.create("grok-4", messages=[user("Hi")]).sample()
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "Incorrect API key" in caught.value.details()
    client.close()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_other_methods_of_a_chat(client):
    from xai_sdk.chat import tool, tool_result, user

    class Animal(pydantic.BaseModel):
        name: str
        legs: int

    chat = client.chat.create("grok-4", messages=[user("Which animal?")])
    assert isinstance(chat.parse(Animal)[1], Animal)
    chat = client.chat.create("grok-4", messages=[user("Which animal?")])
    assert len({r.content for r in chat.sample_batch(3)}) == 3
    assert "animal" in chat.defer(interval=timedelta(milliseconds=5)).content
    weather = tool("get_weather", "The weather.", {"type": "object", "properties": {}})
    chat = client.chat.create("grok-4", messages=[user("The weather?")], tools=[weather])
    response = chat.sample()
    assert response.tool_calls[0].function.name == "get_weather"
    assert response.finish_reason == "REASON_TOOL_CALLS"
    chat.append(response).append(tool_result("12 C"))
    assert "12 C" in chat.sample().content


def test_an_agent(client):
    from xai_sdk.chat import user
    from xai_sdk.tools import image_generation, web_search, x_search

    chat = client.chat.create(
        "grok-4",
        messages=[user("Where?")],
        tools=[web_search(enable_image_understanding=True), x_search(), image_generation()],
        include=["web_search_call_output", "inline_citations"],
    )
    sampled = chat.sample()
    assert sampled.content.startswith("You asked")
    assert sampled.server_side_tool_usage["SERVER_SIDE_TOOL_VIEW_IMAGE"] == 1
    assert len(sampled.image_outputs) == 1
    assert len(sampled.inline_citations) == len(sampled.citations) == 2
    assert len(sampled.tool_outputs) == 3
    *_, (response, _) = chat.stream()
    assert response.content == sampled.content
    assert len(response.tool_calls) == len(sampled.tool_calls)


def test_other_services(client):
    assert client.models.get_language_model("grok-4").name == "grok-4-0709"
    assert len(client.models.list_language_models()) > 5
    assert client.auth.get_api_key_info().team_id
    assert client.tokenize.tokenize_text("Hello world", "grok-4")


def test_a_client_in_another_process(server):
    program = textwrap.dedent("""
        import sys
        from xai_sdk import Client
        from xai_sdk.chat import image, user
        client = Client(api_key=sys.argv[2], api_host=sys.argv[1])
        chat = client.chat.create("grok-4", messages=[user("What?", image(sys.stdin.read()))])
        print(chat.sample().content)
        *_, (response, chunk) = chat.stream()
        print(response.content)
    """)
    result = subprocess.run(
        [sys.executable, "-c", program, server.target, server.api_key],
        input=data_url(jpeg()),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout.count("JPEG, 640x480 pixels") == 2
    assert server.calls[0].images[0].sha256 == server.calls[1].images[0].sha256
