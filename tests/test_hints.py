"""Errors about misspelled names, and about names of other SDKs, say what to write."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

import xai_vision
from xai_vision import AsyncClient, Client, InvalidRequestError
from xai_vision.chat import Chunk, Response
from xai_vision.proto import chat_pb2
from xai_vision.testing import match

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


class Base(Client):
    @property
    def broken(self):
        return self.missing_inside


class Fallback:
    def __getattr__(self, name):
        return f"fallback {name}"


class WithFallback(Client, Fallback):
    """A user's client with a mixin that answers for any attribute."""


def test_an_error_within_a_property_is_kept():
    with pytest.raises(AttributeError, match="no attribute 'missing_inside'"):
        _ = Base("k").broken


def test_another_getattr_of_a_subclass_is_used():
    assert WithFallback("k").anything == "fallback anything"


def test_an_attribute_of_the_instance_is_suggested(client):
    with pytest.raises(AttributeError, match="no attribute 'chatt'; did you mean 'chat'"):
        _ = client.chatt


def test_copies_and_pickles_still_work():
    assert pickle.loads(pickle.dumps(RESPONSE)) == RESPONSE
    assert copy.deepcopy(RESPONSE) == copy.copy(RESPONSE) == RESPONSE
    assert copy.deepcopy(CHUNK) == CHUNK


@pytest.mark.parametrize(
    ("name", "meant"), [("Clinet", "Client"), ("chat.usr", "user"), ("zzz", None)]
)
def test_names_of_packages(name, meant):
    """Python itself suggests a name in the traceback, from the names that completion lists."""
    result = subprocess.run(
        [sys.executable, "-c", f"import xai_vision.chat\nxai_vision.{name}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    last = result.stderr.splitlines()[-1]
    assert f"has no attribute {name.rpartition('.')[2]!r}" in last
    assert last.endswith(f"Did you mean: {meant!r}?") == bool(meant)


@pytest.mark.parametrize(
    ("name", "hint"), [("contain", "; did you mean 'contains'?"), ("zzz", ""), ("_x", "")]
)
def test_names_of_matchers(name, hint):
    with pytest.raises(AttributeError) as caught:
        getattr(match, name)
    assert str(caught.value) == f"match has no matcher {name!r}{hint}"
    assert not hasattr(match, name)


@pytest.mark.parametrize("module", [xai_vision, xai_vision.chat, xai_vision.imaging])
def test_completion_lists_no_helpers(module):
    listed = {name for name in dir(module) if not name.startswith("_")}
    assert set(module.__all__) - {"__version__"} <= listed
    assert listed.isdisjoint({"TYPE_CHECKING", "annotations", "lazy_exports", "import_module"})


def test_parse_of_a_schema_names_the_parameter(client):
    chat = client.chat.create("grok-4")
    with pytest.raises(
        InvalidRequestError, match=r"not a dict.*create\(response_format="
    ) as caught:
        if isinstance(client, Client):
            chat.parse({"type": "object"})
        else:
            chat.parse({"type": "object"}).send(None)
    assert "sample()" in str(caught.value)
