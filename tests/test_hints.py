"""Errors about misspelled names, and about names of other SDKs, say what to write."""

from __future__ import annotations

import copy
import pickle

import pytest

from xai_vision import AsyncClient, Client
from xai_vision.chat import Chunk, Response
from xai_vision.proto import chat_pb2

SAMPLE = "client.chat.create(model).append(user(...)).sample()"
RESPONSE = Response(chat_pb2.GetChatCompletionResponse())
CHUNK = Chunk(chat_pb2.GetChatCompletionChunk())


@pytest.fixture(params=[Client, AsyncClient])
def client(request):
    return request.param("k", api_host="localhost:1")


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("chat.completions", f"; use {SAMPLE}"),
        ("responses", f"; use {SAMPLE}"),
        ("modles", "; did you mean 'models'?"),
        ("chat.get_stored_completions", "; did you mean 'get_stored_completion'?"),
        ("zzz", ""),
    ],
)
def test_attributes_of_clients(client, path, hint):
    *parents, name = path.split(".")
    owner = client
    for parent in parents:
        owner = getattr(owner, parent)
    with pytest.raises(AttributeError) as caught:
        getattr(owner, name)
    words = f"{type(owner).__name__!r} object has no attribute {name!r}{hint}"
    assert str(caught.value) == words
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("owner", "name", "hint"),
    [
        (RESPONSE, "output_text", "; use content"),
        (RESPONSE, "choices", "; use content, tool_calls and finish_reason"),
        (RESPONSE, "finishreason", "; did you mean 'finish_reason'?"),
        (CHUNK, "delta", "; use content"),
        (CHUNK, "contents", "; did you mean 'content'?"),
    ],
)
def test_attributes_of_responses(owner, name, hint):
    with pytest.raises(AttributeError) as caught:
        getattr(owner, name)
    assert str(caught.value).endswith(f"has no attribute {name!r}{hint}")
    assert not hasattr(owner, name)


def test_attributes_of_chats(client):
    chat = client.chat.create("grok-4")
    with pytest.raises(AttributeError, match=r"'send'; use append\(user\(...\)\) and sample\(\)"):
        _ = chat.send
    with pytest.raises(AttributeError, match="; did you mean 'append'"):
        _ = chat.apend


def test_copies_and_pickles_still_work():
    assert pickle.loads(pickle.dumps(RESPONSE)) == RESPONSE
    assert copy.deepcopy(RESPONSE) == copy.copy(RESPONSE) == RESPONSE
    assert copy.deepcopy(CHUNK) == CHUNK
