"""Our messages can be read, compared and changed like protobuf messages."""

from __future__ import annotations

import copy
import io
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


def image_proto() -> chat_pb2.Message:
    message = chat_pb2.Message(role=chat_pb2.ROLE_USER)
    message.content.add().text = "What?"
    part = message.content.add().image_url
    part.image_url, part.detail = URL, image_pb2.DETAIL_HIGH
    return message


def image_message() -> Message:
    return user("What?", image(URL, detail="high"))


def test_reading_does_not_build_the_proto():
    message = image_message()
    assert message.role == chat_pb2.ROLE_USER
    assert len(message.content) == 2
    assert message.content[0].text == "What?"
    assert message.content[1].image_url.image_url == URL
    assert message.content[1].image_url.detail == image_pb2.DETAIL_HIGH
    assert message.content[-1].image_url.file_id == ""
    assert list(message.tool_calls) == []
    assert message.images, "reading must not convert the image into protobuf"


def test_other_attributes_of_the_proto_are_available():
    message = image_message()
    assert message.content[1].WhichOneof("content") == "image_url"
    assert message.content[1].HasField("image_url")
    assert message.name == ""
    assert message.SerializeToString() == image_proto().SerializeToString()
    assert json_format.MessageToDict(message) == json_format.MessageToDict(image_proto())


def test_a_misspelled_attribute_is_an_error():
    with pytest.raises(AttributeError, match="contents"):
        image_message().contents  # noqa: B018


def test_a_message_equals_its_proto():
    assert image_message() == image_proto()
    assert image_proto() == image_message()
    assert image_message() == image_message()
    assert image_message() != user("What?")
    assert image_message() != "What?"
    assert image_message().content == image_proto().content
    assert image_message().content[1] == image_proto().content[1]
    assert image_message().content[1].image_url == image_proto().content[1].image_url


@pytest.mark.peer
def test_a_message_equals_that_of_xai_sdk():
    from xai_sdk import chat as peer

    assert image_message() == peer.user("What?", peer.image(URL, detail="high"))


def test_changes_are_kept():
    message = image_message()
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


def test_content_can_be_built_from_a_dict():
    part = Content(image_url={"image_url": URL, "detail": image_pb2.DETAIL_HIGH})
    assert user("What?", part) == image_message()


@pytest.mark.peer
def test_parts_and_messages_of_xai_sdk_are_accepted(client, server):
    from xai_sdk import chat as peer

    from examples import images

    server.urls[URL] = images.png()
    mixed = user("What?", peer.image(URL, detail="high"))
    assert mixed == image_message()
    chat = client.chat.create("grok-4", messages=[peer.system("Be brief")])
    chat.append(peer.user("What?", peer.image(URL)))
    assert "PNG" in chat.sample().content
    converted = peer.chat_pb2.Message.FromString(image_message().proto.SerializeToString())
    assert converted == peer.user("What?", peer.image(URL, detail="high"))


@pytest.mark.parametrize(
    "make", [image_message, lambda: user("plain"), lambda: tool_result("r", "id")]
)
def test_pickle_and_copies(make):
    message = make()
    for copied in (
        pickle.loads(pickle.dumps(message)),
        copy.deepcopy(message),
        copy.copy(message),
    ):
        assert copied == message
        copied.content[0].text = "other"
        assert copied != message
        assert message == make()


def test_a_copy_shares_the_image():
    message = user("What?", image(DATA))
    assert copy.deepcopy(message).images[0].source is message.images[0].source


def test_repr_is_short_and_has_no_image_data():
    message = user("What is this, in detail? " * 9, image(DATA))
    assert len(repr(message)) < 200
    assert DATA[5000:5040] not in repr(message)
    assert "data URL (JPEG, " in repr(message)
    message.proto  # noqa: B018
    assert DATA[5000:5040] not in repr(message)
    assert DATA[5000:5040] not in repr(user(text("x"), message.proto.content[1]))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("photo.jpg", "Path"),
        ("/home/me/photo.jpg", "Path"),
        ("file:///etc/passwd", "Path"),
        ("", "empty"),
        ("ftp://example.com/a.png", "http"),
        ("data:image/png;base64,@@@@", "base64"),
        (3, "int"),
        (None, "needs an image, file_id= or file="),
    ],
)
def test_an_invalid_image_source(source, message):
    with pytest.raises(InvalidRequestError, match=message) as caught:
        image(source)
    assert isinstance(caught.value, ValueError)
    if isinstance(caught.value, ImageError):
        assert caught.value.remedy
        assert caught.value.remedy in str(caught.value)


@pytest.mark.parametrize("detail", ["ultra", "", "HIGH", 3, ["high"]])
def test_an_invalid_detail(detail):
    with pytest.raises(InvalidRequestError, match="detail must be one of 'auto', 'low', 'high'"):
        image(URL, detail=detail)


def test_detail_defaults_to_auto():
    assert image(URL).detail == image(URL, detail=None).detail == image_pb2.DETAIL_AUTO


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: user(), r"user\(\) needs at least one"),
        (lambda: system(3), r"system\(\) argument 1 is a int"),
        (lambda: user("a", None), r"user\(\) argument 2 is a NoneType"),
        (lambda: user(b"x"), r"user\(\) argument 1: image: unrecognized image data"),
        (lambda: user(Path("a.jpg")), r"user\(\) argument 1: a.jpg: file not found"),
        (lambda: user(io.BytesIO(b"")), r"user\(\) argument 1: .*no data left"),
        (lambda: user("\ud800"), "lone surrogate"),
        (lambda: text(b"x"), "text must be a string, not bytes"),
    ],
)
def test_an_invalid_part(make, message):
    with pytest.raises(InvalidRequestError, match=message):
        make()


def test_tool_result_accepts_text_and_images():
    plain = tool_result("22 C", "call-1")
    assert plain.proto.tool_call_id == "call-1"
    assert not tool_result("22 C").proto.HasField("tool_call_id")
    result = tool_result(["see", image(URL)], "call-2")
    assert result.role == chat_pb2.ROLE_TOOL
    assert result.images
    assert result.proto.tool_call_id == "call-2"
