"""Conversations: appending, changing, reading the proto, and invalid messages."""

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


def test_messages_are_a_mutable_list(client):
    chat = client.chat.create("grok-4", messages=[system("s"), user("a"), user("b")])
    del chat.messages[1]
    chat.messages.insert(0, user("first"))
    chat.messages[1] = system("t")
    assert [m.content[0].text for m in chat.messages] == ["first", "t", "b"]
    assert chat.messages.pop().content[0].text == "b"
    assert chat.messages == [user("first"), system("t")]
    assert [m.content[0].text for m in chat.messages[:1]] == ["first"]
    proto = chat.proto
    del chat.messages[0]
    chat.messages.insert(0, user("again"))
    chat.messages[1].content[0].text = "u"
    assert [m.content[0].text for m in proto.messages] == ["again", "u"]


def test_changes_of_the_proto_are_sent(client, server):
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


@pytest.mark.parametrize("proto_read", [False, True])
def test_no_messages(client, server, proto_read):
    chat = client.chat.create("grok-4")
    if proto_read:
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
def test_a_wrong_message_is_rejected(client, wrong):
    chat = client.chat.create("grok-4", messages=[user("a")])
    with pytest.raises(InvalidRequestError, match=r"wrap text and images in user\(...\)"):
        chat.append(wrong)
    assert chat.messages == [user("a")]


def test_messages_must_be_a_list(client):
    with pytest.raises(InvalidRequestError, match="messages must be a list"):
        client.chat.create("grok-4", messages="hello")


@pytest.mark.parametrize("proto_read", [False, True])
def test_pickle_and_deepcopy_without_the_channel(client, proto_read):
    chat = client.chat.create("grok-4", temperature=1.5, messages=[user("a", image(URL))])
    if proto_read:
        chat.proto  # noqa: B018
    copied = copy.deepcopy(chat)
    assert copied.proto == chat.proto
    copied.append(user("b"))
    assert len(chat.messages) == 1
    for copied in (pickle.loads(pickle.dumps(chat)), copy.copy(chat)):
        assert copied.messages == chat.messages
        assert copied.proto == chat.proto
        copied.append(user("c"))
        assert len(chat.messages) == 1


def test_an_unpickled_chat_needs_a_client(client):
    chat = pickle.loads(pickle.dumps(client.chat.create("grok-4", messages=[user("a")])))
    with pytest.raises(ClientClosedError, match=r"chat.attach\(client\)"):
        chat.sample()
    assert chat.attach(client).sample().content


@pytest.mark.parametrize("proto_read", [False, True])
@pytest.mark.parametrize("make", [lambda: user("one", image(URL)), lambda: user("one").proto])
def test_append_and_create_copy_messages(client, make, proto_read):
    message = make()
    chat = client.chat.create("grok-4")
    if proto_read:
        chat.proto  # noqa: B018
    chat.append(message)
    message.content[0].text = "two"
    chat.append(message)
    assert [m.content[0].text for m in chat.messages] == ["one", "two"]
    created = client.chat.create("grok-4", messages=[message])
    message.content[0].text = "three"
    assert created.messages[0].content[0].text == "two"


def test_one_image_in_two_messages():
    part = image(URL)
    first, second = user("a", part), user("b", part)
    first.content[1].image_url.detail = 3
    assert second.content[1].image_url.detail == 1


def test_repr_has_no_image_data(client):
    url = data_url(images.jpeg())
    chat = client.chat.create("grok-4", messages=[user("a", image(url))])
    assert url[100:140] not in repr(chat)
    assert "grok-4" in repr(chat)
