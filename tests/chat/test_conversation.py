"""Conversations: appending, changing, the proto as the truth, bad input."""

from __future__ import annotations

import copy
import pickle

import pytest

from examples import images
from tests.sample_images import data_url
from xai_vision import InvalidRequestError
from xai_vision.chat import chat_pb2, image, system, user
from xai_vision.errors import ClientClosedError

URL = "https://example.com/a.png"


def test_append_returns_the_chat(client):
    chat = client.chat.create("grok-4")
    assert chat.append(user("a")).append(user("b")) is chat
    assert [message.content[0].text for message in chat.messages] == ["a", "b"]


def test_messages_are_a_list_to_change(client):
    chat = client.chat.create("grok-4", messages=[system("s"), user("a"), user("b")])
    del chat.messages[1]
    chat.messages.insert(0, user("first"))
    chat.messages[1] = system("t")
    assert [m.content[0].text for m in chat.messages] == ["first", "t", "b"]
    assert chat.messages.pop().content[0].text == "b"
    assert chat.messages == [user("first"), system("t")]
    assert [m.content[0].text for m in chat.messages[:1]] == ["first"]
    held = chat.proto
    del chat.messages[0]
    chat.messages.insert(0, user("again"))
    chat.messages[1].content[0].text = "u"
    assert [m.content[0].text for m in held.messages] == ["again", "u"]


def test_a_taken_proto_is_the_truth(client, server):
    chat = client.chat.create("grok-4")
    chat.append(user("What?", image(data_url(images.png()))))
    chat.proto.temperature = 0.5
    chat.proto.messages[0].content[0].text = "Really?"
    chat.proto.response_format.CopyFrom(
        chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_TEXT)
    )
    chat.append(user("And?"))
    assert len(chat.proto.messages) == 2
    chat.sample()
    request = server.calls.last.request
    assert request.temperature == 0.5
    assert request.messages[0].content[0].text == "Really?"
    assert request.response_format.format_type == chat_pb2.FORMAT_TYPE_TEXT
    assert server.calls.last.images[0].format == "PNG"


@pytest.mark.parametrize("taken", [False, True])
def test_no_messages(client, server, taken):
    chat = client.chat.create("grok-4")
    if taken:
        chat.proto  # noqa: B018
    with pytest.raises(InvalidRequestError, match=r"no messages.*append"):
        chat.sample()
    with pytest.raises(InvalidRequestError, match=r"no messages.*append"):
        next(iter(chat.stream()))
    assert len(server.calls) == 0


@pytest.mark.parametrize("model", ["", "  ", None])
def test_no_model(client, model):
    with pytest.raises(InvalidRequestError, match="model is empty"):
        client.chat.create(model)


@pytest.mark.parametrize("wrong", ["hello", None, 3, b"x", ["a"], image(URL)])
def test_what_is_no_message(client, wrong):
    chat = client.chat.create("grok-4", messages=[user("a")])
    with pytest.raises(InvalidRequestError, match=r"wrap text and images in user\(...\)"):
        chat.append(wrong)
    assert chat.messages == [user("a")]


def test_messages_given_as_text(client):
    with pytest.raises(InvalidRequestError, match="messages must be a list"):
        client.chat.create("grok-4", messages="hello")


@pytest.mark.parametrize("taken", [False, True])
def test_pickle_and_deepcopy_without_the_channel(client, taken):
    chat = client.chat.create("grok-4", temperature=1.5, messages=[user("a", image(URL))])
    if taken:
        chat.proto  # noqa: B018
    twin = copy.deepcopy(chat)
    assert twin.proto == chat.proto
    twin.append(user("b"))
    assert len(chat.messages) == 1
    for again in (pickle.loads(pickle.dumps(chat)), copy.copy(chat)):
        assert again.messages == chat.messages
        assert again.proto == chat.proto
        again.append(user("c"))
        assert len(chat.messages) == 1


def test_an_unpickled_chat_needs_a_client(client):
    chat = pickle.loads(pickle.dumps(client.chat.create("grok-4", messages=[user("a")])))
    with pytest.raises(ClientClosedError, match=r"chat.attach\(client\)"):
        chat.sample()
    assert chat.attach(client).sample().content


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("make", [lambda: user("one", image(URL)), lambda: user("one").proto])
def test_messages_are_copied_when_taken_in(client, make, taken):
    message = make()
    chat = client.chat.create("grok-4")
    if taken:
        chat.proto  # noqa: B018
    chat.append(message)
    message.content[0].text = "two"
    chat.append(message)
    assert [m.content[0].text for m in chat.messages] == ["one", "two"]
    begun = client.chat.create("grok-4", messages=[message])
    message.content[0].text = "three"
    assert begun.messages[0].content[0].text == "two"


def test_one_picture_in_two_messages():
    shown = image(URL)
    first, second = user("a", shown), user("b", shown)
    first.content[1].image_url.detail = 3
    assert second.content[1].image_url.detail == 1


def test_repr_shows_no_picture_data(client):
    url = data_url(images.jpeg())
    chat = client.chat.create("grok-4", messages=[user("a", image(url))])
    assert url[100:140] not in repr(chat)
    assert "grok-4" in repr(chat)
