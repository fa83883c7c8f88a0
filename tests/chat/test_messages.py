"""Messages are objects of ours that read, compare and change like protobuf's."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from google.protobuf import json_format

from tests.sample_images import data_url, jpeg_of
from xai_vision import ImageError, InvalidRequestError
from xai_vision.chat import Content, Message, image, system, text, tool_result, user
from xai_vision.proto import chat_pb2, image_pb2

URL = "https://example.com/a.png"
DATA = data_url(jpeg_of(60_000))


def proto_of_question() -> chat_pb2.Message:
    message = chat_pb2.Message(role=chat_pb2.ROLE_USER)
    message.content.add().text = "What?"
    part = message.content.add().image_url
    part.image_url, part.detail = URL, image_pb2.DETAIL_HIGH
    return message


def question() -> Message:
    return user("What?", image(URL, detail="high"))


def test_reads_like_the_proto_without_building_it():
    message = question()
    assert message.role == chat_pb2.ROLE_USER
    assert len(message.content) == 2
    assert message.content[0].text == "What?"
    assert message.content[1].image_url.image_url == URL
    assert message.content[1].image_url.detail == image_pb2.DETAIL_HIGH
    assert message.content[-1].image_url.file_id == ""
    assert list(message.tool_calls) == []
    assert message.images, "reading has not turned the picture into protobuf"


def test_everything_else_the_proto_has_is_there():
    message = question()
    assert message.content[1].WhichOneof("content") == "image_url"
    assert message.content[1].HasField("image_url")
    assert message.name == ""
    assert message.SerializeToString() == proto_of_question().SerializeToString()
    assert json_format.MessageToDict(message) == json_format.MessageToDict(proto_of_question())


def test_a_misspelt_attribute_is_an_error():
    with pytest.raises(AttributeError, match="contents"):
        question().contents  # noqa: B018


def test_equals_what_it_stands_for():
    assert question() == proto_of_question()
    assert proto_of_question() == question()
    assert question() == question()
    assert question() != user("What?")
    assert question() != "What?"
    assert question().content == proto_of_question().content
    assert question().content[1] == proto_of_question().content[1]
    assert question().content[1].image_url == proto_of_question().content[1].image_url


@pytest.mark.peer
def test_equals_the_same_message_of_xai_sdk():
    from xai_sdk import chat as peer

    assert question() == peer.user("What?", peer.image(URL, detail="high"))


def test_changes_are_kept():
    message = question()
    message.content[0].text = "changed"
    assert message.content[0].text == "changed"
    message.content[1].image_url.detail = image_pb2.DETAIL_LOW
    message.content.add().text = "added"
    message.role = chat_pb2.ROLE_SYSTEM
    proto = chat_pb2.Message.FromString(message.SerializeToString())
    assert [part.text for part in proto.content] == ["changed", "", "added"]
    assert proto.content[1].image_url.detail == image_pb2.DETAIL_LOW
    assert proto.role == chat_pb2.ROLE_SYSTEM
    message.proto.name = "n"
    assert message.name == "n"
    del message.content[0]
    assert len(message.content) == 2


def test_content_may_be_built_from_a_dict():
    part = Content(image_url={"image_url": URL, "detail": image_pb2.DETAIL_HIGH})
    assert user("What?", part) == question()


@pytest.mark.peer
def test_parts_and_messages_of_xai_sdk_are_taken(client, server):
    from xai_sdk import chat as peer

    from examples import images

    server.urls[URL] = images.png()
    mixed = user("What?", peer.image(URL, detail="high"))
    assert mixed == question()
    chat = client.chat.create("grok-4", messages=[peer.system("Be brief")])
    chat.append(peer.user("What?", peer.image(URL)))
    assert "PNG" in chat.sample().content
    back = peer.chat_pb2.Message.FromString(question().proto.SerializeToString())
    assert back == peer.user("What?", peer.image(URL, detail="high"))


@pytest.mark.parametrize("make", [question, lambda: user("plain"), lambda: tool_result("r", "id")])
def test_pickle_and_copies(make):
    message = make()
    for twin in (
        pickle.loads(pickle.dumps(message)),
        copy.deepcopy(message),
        copy.copy(message),
    ):
        assert twin == message
        twin.content[0].text = "other"
        assert twin != message
        assert message == make()


def test_a_copy_shares_the_picture():
    message = user("What?", image(DATA))
    assert copy.deepcopy(message).images[0].source is message.images[0].source


def test_repr_is_short_and_without_the_picture():
    message = user("What is this, in detail? " * 9, image(DATA))
    assert len(repr(message)) < 200
    assert DATA[5000:5040] not in repr(message)
    assert "data URL (JPEG, " in repr(message)
    message.proto  # noqa: B018
    assert DATA[5000:5040] not in repr(message)
    assert DATA[5000:5040] not in repr(user(text("x"), message.proto.content[1]))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("photo.jpg", "Path"),
        ("/home/me/photo.jpg", "Path"),
        ("file:///etc/passwd", "Path"),
        ("", "empty"),
        ("ftp://example.com/a.png", "http"),
        ("data:image/png;base64,@@@@", "base64"),
        (3, "int"),
        (None, "needs an image, or file_id="),
    ],
)
def test_what_is_no_picture(given, words):
    with pytest.raises(InvalidRequestError, match=words) as caught:
        image(given)
    assert isinstance(caught.value, ValueError)
    if isinstance(caught.value, ImageError):
        assert caught.value.remedy
        assert caught.value.remedy in str(caught.value)


@pytest.mark.parametrize("detail", ["ultra", "", "HIGH", 3, ["high"]])
def test_detail_is_one_of_three(detail):
    with pytest.raises(InvalidRequestError, match="detail must be one of 'auto', 'low', 'high'"):
        image(URL, detail=detail)


def test_no_detail_is_auto():
    assert image(URL).detail == image(URL, detail=None).detail == image_pb2.DETAIL_AUTO


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: user(), r"user\(\) needs at least one"),
        (lambda: system(3), r"system\(\) argument 1 is a int"),
        (lambda: user("a", None), r"user\(\) argument 2 is a NoneType"),
        (lambda: user(b"x"), r"user\(\) argument 1 is a bytes; pass image\(...\) around it"),
        (lambda: user(Path("a.jpg")), r"argument 1 is a PosixPath; pass image\(...\) around it"),
        (lambda: user("\ud800"), "lone surrogate"),
        (lambda: text(b"x"), "text must be a string, not bytes"),
    ],
)
def test_what_is_no_part(make, words):
    with pytest.raises(InvalidRequestError, match=words):
        make()


def test_tool_result_takes_text_and_pictures():
    plain = tool_result("22 C", "call-1")
    assert plain.proto.tool_call_id == "call-1"
    assert not tool_result("22 C").proto.HasField("tool_call_id")
    shown = tool_result(["see", image(URL)], "call-2")
    assert shown.role == chat_pb2.ROLE_TOOL
    assert shown.images
    assert shown.proto.tool_call_id == "call-2"
