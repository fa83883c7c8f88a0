"""Unary and streamed calls of both clients over gRPC."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import textwrap
from datetime import datetime, timezone

import grpc
import pytest

from tests.sample_images import MIB, SAMPLES, data_url, jpeg, jpeg_of, png, sample
from xai_vision import AsyncClient, Client
from xai_vision.chat import Chunk, Content, Response, image, user
from xai_vision.errors import (
    AuthenticationError,
    ImageFetchError,
    ImageRefusedError,
    NotFoundError,
)

PROMPT = "What's in this image?"


def create_chat(client, *content, **parameters):
    return client.chat.create("grok-4", **parameters).append(user(*content))


def assert_sent_unchanged(server, *files: bytes) -> None:
    received = [image.sha256 for image in server.calls.last.images]
    assert received == [hashlib.sha256(data).hexdigest() for data in files]


def test_a_response_has_every_property(client, server):
    response = create_chat(client, PROMPT, image(data_url(png()), detail="high")).sample()
    assert isinstance(response, Response)
    assert "PNG" in response.content
    assert str(response) == response.content
    assert response.role == "ROLE_ASSISTANT"
    assert response.finish_reason == "REASON_STOP"
    assert response.id
    assert response.model.startswith("grok-4"), "the response names the model, not its alias"
    assert response.system_fingerprint
    assert (
        abs((response.created - datetime.now(timezone.utc).replace(tzinfo=None)).total_seconds())
        < 60
    )
    usage = response.usage
    assert usage.prompt_image_tokens >= 256
    assert usage.prompt_tokens == usage.prompt_text_tokens + usage.prompt_image_tokens
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert response.cost_usd is not None
    assert response.cost_usd > 0
    assert response.service_tier == "default"
    assert response.proto is response._proto
    assert list(response.tool_calls) == list(response.citations) == []
    assert response.server_side_tool_usage == {}
    assert repr(response).startswith("<Response id=")
    assert len(repr(response)) < 300
    call = server.calls.last
    assert (call.images[0].detail, call.images[0].width) == ("high", 640)


def test_stream(client):
    chat = create_chat(client, PROMPT, image(data_url(jpeg())))
    contents, chunks, last = [], [], None
    for response, chunk in chat.stream():
        assert isinstance(chunk, Chunk)
        chunks.append(chunk.content)
        contents.append(response.content)
        last = response
    assert len(chunks) > 3
    assert contents == ["".join(chunks[: index + 1]) for index in range(len(chunks))]
    sampled = chat.sample()
    assert last.content == sampled.content
    assert last.finish_reason == "REASON_STOP"
    assert last.usage == sampled.usage
    assert last.proto.outputs == sampled.proto.outputs


async def test_both_clients_get_the_same_response(aclient, client):
    content = (PROMPT, image(data_url(jpeg())))
    sampled = await create_chat(aclient, *content).sample()
    last, chunks = None, []
    async for response, chunk in create_chat(aclient, *content).stream():
        chunks.append(str(chunk))
        last = response
    assert "".join(chunks) == last.content == sampled.content
    assert last.usage == sampled.usage
    assert (
        sampled.content == (await asyncio.to_thread(create_chat(client, *content).sample)).content
    )


def test_chaining(client, server):
    first = create_chat(client, PROMPT, image(data_url(png())), store_messages=True).sample()
    chat = create_chat(
        client, "And the colors?", previous_response_id=first.id, store_messages=True
    )
    second = chat.sample()
    assert len(chat.messages) == 1
    assert second.usage.prompt_image_tokens == first.usage.prompt_image_tokens > 0
    assert second.id != first.id
    assert server.calls.last.request.previous_response_id == first.id


def test_responses_are_not_stored_by_default(client):
    first = create_chat(client, "Hello").sample()
    with pytest.raises(NotFoundError, match="Response not found") as caught:
        create_chat(client, "And?", previous_response_id=first.id).sample()
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_conversation(client):
    chat = create_chat(client, PROMPT, image(data_url(png())))
    first = chat.sample()
    chat.append(first).append(user("Why?"))
    assert chat.messages[1].content[0].text == first.content
    assert chat.messages[1].role == 2
    assert chat.sample().usage.prompt_tokens > first.usage.prompt_tokens


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith((".jpg", ".png"))])
def test_files_arrive_unchanged(client, server, name):
    data = sample(name)
    assert create_chat(client, PROMPT, image(data_url(data))).sample().content
    assert_sent_unchanged(server, data)


def test_one_image_just_under_the_limit(client, server):
    data = jpeg_of(int(19.9 * MIB))
    create_chat(client, PROMPT, image(data_url(data))).sample()
    assert_sent_unchanged(server, data)


@pytest.mark.slow
async def test_ten_images_of_5_mib_in_one_request(aclient, client, server):
    data = jpeg_of(5 * MIB)
    images = [image(data_url(data)) for _ in range(10)]
    await asyncio.to_thread(create_chat(client, PROMPT, *images).sample)
    assert_sent_unchanged(server, *[data] * 10)
    async for _ in create_chat(aclient, *images, "and now?").stream():
        pass
    assert_sent_unchanged(server, *[data] * 10)


def test_any_order_of_text_and_images(client, server):
    server.urls["https://example.com/1.png"] = png()
    create_chat(
        client, image("https://example.com/1.png"), "a", "b", image(data_url(jpeg()))
    ).sample()
    kinds = [part.WhichOneof("content") for part in server.calls.last.request.messages[0].content]
    assert kinds == ["image_url", "text", "text", "image_url"]


NOT_AN_IMAGE = Content(image_url={"image_url": "data:image/png;base64,bm90IGE="})
CASES = [
    (
        lambda c: c.chat.create("grok-0").append(user("Hi")),
        NotFoundError,
        "NOT_FOUND",
        "Check the model.s name",
    ),
    (
        lambda c: create_chat(c, image("https://example.com/missing.png")),
        ImageFetchError,
        "DATA_LOSS",
        "URL is public",
    ),
    (
        # A proto, which is not validated; image() would reject the data.
        lambda c: create_chat(c, NOT_AN_IMAGE),
        ImageRefusedError,
        "INVALID_ARGUMENT",
        "Send a valid JPEG or PNG",
    ),
    (
        # The image is right, the model is not.
        lambda c: c.chat.create("grok-3").append(user("Hi", image(png()))),
        ImageRefusedError,
        "INVALID_ARGUMENT",
        "Choose a model that accepts images: .*list_language_models",
    ),
]


@pytest.mark.parametrize(("make", "kind", "status", "message"), CASES)
def test_errors_of_the_service(client, make, kind, status, message):
    chat = make(client)
    before = list(chat.messages)
    for call in (chat.sample, lambda: next(iter(chat.stream()))):
        with pytest.raises(kind, match=message) as caught:
            call()
        assert caught.value.code().name == status
        assert isinstance(caught.value, grpc.RpcError)
        assert caught.value.details().removesuffix(".") in str(caught.value)
        assert caught.value.method.startswith("/xai_api.Chat/")
    assert chat.messages == before


@pytest.mark.parametrize(("make", "kind", "status", "message"), CASES)
async def test_async_errors_of_the_service(aclient, make, kind, status, message):
    chat = make(aclient)
    with pytest.raises(kind, match=message) as caught:
        await chat.sample()
    assert caught.value.code().name == status
    assert isinstance(caught.value, grpc.aio.AioRpcError)
    with pytest.raises(kind, match=message):
        await anext(aiter(chat.stream()))


async def test_a_wrong_key(server):
    with Client(api_key="xai-wrong", api_host=server.target) as client:
        with pytest.raises(AuthenticationError, match="XAI_API_KEY") as caught:
            create_chat(client, "Hi").sample()
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert "xai-wrong" not in str(caught.value)
    async with AsyncClient(api_key="xai-wrong", api_host=server.target) as client:
        with pytest.raises(AuthenticationError, match="XAI_API_KEY"):
            await create_chat(client, "Hi").sample()


def test_an_async_client_used_by_several_event_loops(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)

    async def once() -> str:
        responses = await asyncio.gather(*(create_chat(client, "Hi").sample() for _ in range(5)))
        streamed = [response async for response, _ in create_chat(client, "Hi").stream()][-1]
        return {response.content for response in responses} | {streamed.content}

    assert len(asyncio.run(once()) | asyncio.run(once())) == 1
    asyncio.run(client.close())


def test_metadata_has_the_version_and_conversation(client, server):
    create_chat(client, "Hi", conversation_id="abc").sample()
    call = server.calls.last
    assert call.header("x-grok-conv-id") == "abc"
    assert call.header("xai-vision-version")
    assert str(call.header("user-agent")).startswith("xai-vision/")
    assert server.api_key not in repr(call.metadata)


def test_importing_loads_neither_pillow_nor_numpy():
    code = """
        import sys
        import xai_vision, xai_vision.chat, xai_vision.imaging
        loaded = {name.partition(".")[0] for name in sys.modules}
        heavy = loaded & {"PIL", "numpy", "pydantic", "opentelemetry"}
        assert not heavy, heavy
        client = xai_vision.Client(api_key="k")
        client.chat.create("grok-4").append(xai_vision.chat.user("hi"))
        assert "PIL" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
