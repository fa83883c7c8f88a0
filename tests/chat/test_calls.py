"""The calls of a chat against the fake server, sync and async."""

from __future__ import annotations

import inspect

import pytest

from tests.sample_images import jpeg, png
from xai_vision import AsyncClient, Client, InvalidRequestError
from xai_vision.chat import (
    AsyncChat,
    Chat,
    CompactContextResponse,
    Content,
    Response,
    assistant,
    image,
    system,
    user,
)
from xai_vision.chat._service import AsyncChatService, ChatService
from xai_vision.errors import (
    ImageRefusedError,
    NotFoundError,
)
from xai_vision.proto import chat_pb2
from xai_vision.testing import Fault
from xai_vision.tools import web_search

PROMPT = "What's in this image?"
BAD = Content(image_url={"image_url": "data:image/png;base64,bm90IGE="})


def public(cls: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(method)
        for name, method in vars(cls).items()
        if not name.startswith("_") and inspect.isfunction(method)
    }


@pytest.mark.parametrize(
    ("sync_class", "async_class"),
    [(Chat, AsyncChat), (ChatService, AsyncChatService), (Client, AsyncClient)],
)
def test_sync_and_async_signatures_agree(sync_class, async_class):
    sync_methods, async_methods = public(sync_class), public(async_class)
    assert sync_methods.keys() == async_methods.keys()
    for name, signature in sync_methods.items():
        expected = str(list(signature.parameters.values()))
        actual = str(list(async_methods[name].parameters.values()))
        assert actual.replace("AsyncClient", "Client") == expected, name


# --- several choices ---


def test_sample_batch(client, server):
    responses = client.chat.create("grok-4").append(user("Hi")).sample_batch(3)
    assert [response.finish_reason for response in responses] == ["REASON_STOP"] * 3
    assert [output.index for output in responses[0].proto.outputs] == [0, 1, 2]
    assert all(response.content for response in responses)
    assert len({response.id for response in responses}) == 1
    assert server.calls.last.request.n == 3


async def test_stream_batch(client, aclient):
    def texts(responses):
        return [response.content for response in responses]

    batch = client.chat.create("grok-4").append(user("Hi")).sample_batch(2)
    received = ["", ""]
    for responses, chunks in client.chat.create("grok-4").append(user("Hi")).stream_batch(2):
        received = [text + chunk.content for text, chunk in zip(received, chunks, strict=True)]
        assert received == texts(responses)
    assert received == texts(batch)
    chat = aclient.chat.create("grok-4").append(user("Hi"))
    async for responses, _ in chat.stream_batch(2):
        pass
    assert texts(responses) == texts(batch) == texts(await chat.sample_batch(2))


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", True, 129])
@pytest.mark.parametrize("name", ["sample_batch", "stream_batch", "defer_batch"])
def test_an_invalid_number_of_choices(client, server, name, n):
    chat = client.chat.create("grok-4").append(user("Hi"))
    with pytest.raises(InvalidRequestError, match="n must be an integer from 1 to 128"):
        getattr(chat, name)(n)
    assert len(server.calls) == 0


# --- ask ---


def test_ask_appends_prompt_and_response(client):
    chat = client.chat.create("grok-4", messages=[system("Be brief")])
    response = chat.ask(PROMPT, image(png()))
    assert isinstance(response, Response)
    assert [m.role for m in chat.messages] == [3, 1, 2]
    assert chat.messages[-1].content[0].text == response.content
    second = chat.ask(user("Why?"))
    assert len(chat.messages) == 5
    assert second.usage.prompt_image_tokens == response.usage.prompt_image_tokens


@pytest.mark.parametrize("proto_read", [False, True])
def test_a_failed_ask_appends_nothing(client, proto_read):
    chat = client.chat.create("grok-4", messages=[user("a"), assistant("b")])
    if proto_read:
        chat.proto  # noqa: B018
    with pytest.raises(ImageRefusedError):
        chat.ask(PROMPT, BAD)
    with pytest.raises(ImageRefusedError):
        list(chat.ask_stream(PROMPT, BAD))
    with pytest.raises(InvalidRequestError):
        chat.ask()
    assert len(chat.messages) == 2
    assert chat.ask("Still there?").content
    assert len(chat.messages) == 4


async def test_async_ask(aclient):
    chat = aclient.chat.create("grok-4")
    with pytest.raises(ImageRefusedError):
        await chat.ask(PROMPT, BAD)
    assert len(chat.messages) == 0
    response = await chat.ask(PROMPT, image(jpeg()))
    assert len(chat.messages) == 2
    streamed = [r async for r, _ in chat.ask_stream("And?")][-1]
    assert chat.messages[-1].content[0].text == streamed.content != response.content
    async for _ in chat.ask_stream("Never mind"):
        break
    await chat.ask("Something else")
    prompts = [m.content[0].text for m in chat.messages if m.role == chat_pb2.ROLE_USER]
    assert prompts == [PROMPT, "And?", "Something else"]


def test_an_abandoned_ask_stream_appends_nothing(client, server):
    chat = client.chat.create("grok-4")
    abandoned = chat.ask_stream("Abandoned")
    next(abandoned)
    chat.ask("Answered")
    assert [len(call.request.messages) for call in server.calls] == [1, 1]
    abandoned.close()
    assert chat.messages[0].content[0].text == "Answered"
    assert len(chat.messages) == 2


def test_ask_during_ask_stream(client):
    chat = client.chat.create("grok-4")
    for number, _ in enumerate(chat.ask_stream("Outer")):
        if number == 0:
            chat.ask("Inner")
    texts = [m.content[0].text for m in chat.messages]
    assert (texts[0], texts[2]) == ("Inner", "Outer")
    assert [m.role for m in chat.messages] == [1, 2, 1, 2]


def test_ask_stream_appends_at_the_end(client, server):
    chat = client.chat.create("grok-4")
    for response, _ in chat.ask_stream("Hi"):
        assert len(chat.messages) == 0
    assert chat.messages[-1].content[0].text == response.content
    server.fault(Fault.after_chunks(2), next=1)
    with pytest.raises(Exception, match="INTERNAL"):
        list(chat.ask_stream("And?"))
    assert len(chat.messages) == 2


def test_fork(client):
    chat = client.chat.create("grok-4", temperature=0.5)
    chat.ask(PROMPT, image(png()))
    branch = chat.fork()
    branch.ask("One way")
    chat.ask("Another")
    assert len(chat.messages) == len(branch.messages) == 4
    assert chat.messages[:2] == branch.messages[:2]
    assert chat.messages[2] != branch.messages[2]
    shared = chat.messages[0].images[0].source
    assert branch.messages[0].images[0].source is shared
    assert branch.proto.temperature == 0.5


# --- stored responses, compaction ---


async def test_stored_completions(client, aclient):
    chat = client.chat.create("grok-4", store_messages=True).append(user(PROMPT, image(png())))
    response = chat.sample()
    (stored,) = client.chat.get_stored_completion(response.id)
    assert stored.content == response.content
    assert (await aclient.chat.get_stored_completion(response.id))[0].id == response.id
    assert client.chat.delete_stored_completion(response.id) == response.id
    with pytest.raises(NotFoundError, match="Stored responses expire"):
        client.chat.get_stored_completion(response.id)
    with pytest.raises(NotFoundError):
        await aclient.chat.delete_stored_completion(response.id)
    for method in (client.chat.get_stored_completion, client.chat.delete_stored_completion):
        with pytest.raises(InvalidRequestError, match="response_id is empty"):
            method("")


def test_a_stored_batch_is_several_and_a_tool_turn_one_response(client):
    chat = client.chat.create("grok-4", store_messages=True).append(user("Hi"))
    batch = chat.sample_batch(2)
    assert len(client.chat.get_stored_completion(batch[0].id)) == 2
    searched = chat.sample(tools=[web_search()])
    assert len(searched.proto.outputs) > 1
    (stored,) = client.chat.get_stored_completion(searched.id)
    assert stored.content == searched.content


async def test_compaction(client, aclient, server):
    chat = client.chat.create("grok-4", messages=[user("a"), assistant("b"), user("c")])
    compacted = chat.compact()
    assert isinstance(compacted, CompactContextResponse)
    assert compacted.id
    assert compacted.encrypted_content
    assert compacted.usage.total_tokens >= 0
    assert len(chat.messages) == 1, "the compacted context replaces all messages"
    assert chat.append(user("And now?")).sample().content
    fresh = client.chat.create("grok-4", messages=[user("old")])
    fresh.append(compacted).append(user("And now?"))
    assert len(fresh.messages) == 2
    assert fresh.messages[0].proto.encrypted_content == compacted.encrypted_content
    assert fresh.sample().content
    other = client.chat.compact_context("grok-4", [user("a", image(png()))])
    assert other.encrypted_content
    assert (await aclient.chat.compact_context("grok-4", [user("a")])).id
    assert (await aclient.chat.create("grok-4", messages=[user("a")]).compact()).id
    with pytest.raises(InvalidRequestError, match="no messages to compact"):
        client.chat.create("grok-4").compact()


# --- finish reasons, logprobs ---


def test_max_tokens(client):
    response = client.chat.create("grok-4", max_tokens=3).append(user("Hi")).sample()
    assert response.finish_reason == "REASON_MAX_LEN"
    assert response.usage.completion_tokens == 3


def test_logprobs_of_a_stream(client):
    chat = client.chat.create("grok-4", logprobs=True, top_logprobs=2).append(user("Hi"))
    sampled = chat.sample()
    streamed = [response for response, _ in chat.stream()][-1]
    assert sampled.logprobs.content
    assert len(sampled.logprobs.content[0].top_logprobs) == 2
    assert streamed.logprobs == sampled.logprobs


# --- estimates ---


def test_estimate(client):
    chat = client.chat.create("grok-4").append(user("What is this? " * 50, image(png())))
    before = chat.estimate()
    assert before.low < before.likely < before.high
    usage = chat.sample().usage
    assert before.low <= usage.prompt_tokens <= before.high
    chat.append(user(image("https://example.com/a.png", detail="low")))
    assert chat.estimate().likely > before.likely
    estimate = chat.estimate()
    chat.proto  # noqa: B018
    assert chat.estimate().likely == estimate.likely
