"""Uploaded files in messages: by id, by the result of an upload, and sent only once."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.sample_images import png
from tests.services.files.driver import KINDS
from xai_vision.chat import assistant, file, image, user
from xai_vision.errors import ImageReadError, InvalidRequestError, NotFoundError
from xai_vision.imaging import prepare_image
from xai_vision.proto import chat_pb2, files_pb2, image_pb2

UPLOADED = files_pb2.File(id="file_1", filename="a.png")
CONTENT = chat_pb2.Content(
    image_url=image_pb2.ImageUrlContent(file_id="file_1", detail=image_pb2.DETAIL_LOW)
)


@pytest.fixture(params=KINDS)
def files(request, server):
    driver = KINDS[request.param](api_key=server.api_key, api_host=server.target)
    yield driver
    driver.close()


def test_a_file_is_its_id():
    assert image(file=UPLOADED, detail="low") == image(file_id="file_1", detail="low") == CONTENT
    assert file(UPLOADED) == file("file_1")


@pytest.mark.peer
def test_a_file_of_xai_sdk_is_its_id():
    from xai_sdk.proto import files_pb2 as theirs

    uploaded = theirs.File(id="file_1")
    assert image(file=uploaded, detail="low") == CONTENT
    assert file(uploaded) == file("file_1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"file": "file_1"}, "file must be the result of client.files.upload(), not 'file_1'"),
        ({"file": "file_1"}, "Pass an id as file_id="),
        ({"file": files_pb2.File()}, "file_id is empty"),
        ({"file": UPLOADED, "file_id": "file_1"}, "one of an image, file_id= and file="),
        ({"file": UPLOADED, "image_url": b"x"}, "one of an image, file_id= and file="),
        ({"file": UPLOADED, "fit": True}, "one of an image, file_id= and file="),
        ({"image_url": UPLOADED}, "pass an uploaded file as image(file=...)"),
    ],
)
def test_invalid_combinations_are_refused(arguments, words):
    with pytest.raises(InvalidRequestError, match=re.escape(words)):
        image(**arguments)


def test_a_file_part_needs_no_name():
    assert file(data=b"abc").file == chat_pb2.FileContent(data=b"abc")
    named = file(url="https://e.x/a.pdf", filename="b.pdf", mime_type="application/pdf").file
    assert (named.url, named.filename, named.mime_type) == (
        "https://e.x/a.pdf",
        "b.pdf",
        "application/pdf",
    )


def test_an_empty_file_result_is_refused():
    with pytest.raises(InvalidRequestError, match=r"file\(\): file_id is empty"):
        file(files_pb2.File())


def test_image_uploads_once_and_is_seen_like_any_other(files, server):
    photo = files.image(prepare_image(png(), name="tall photo.heic"), detail="high")
    assert photo.image_url.detail == image_pb2.DETAIL_HIGH
    upload = server.calls.last
    assert upload.request.init.name == "tall photo.png"  # the extension of what is sent
    files.run(lambda client: client.chat.create("grok-4").append(user("?", photo)).sample())
    (seen,) = server.calls.last.images
    assert seen.facts.sha256 == upload.upload.sha256
    assert seen.detail == "high"
    assert seen.source == photo.image_url.file_id


def test_an_image_without_a_name_gets_one(files, server):
    files.image(png())
    assert server.calls.last.request.init.name == "image.png"
    files.image(png(), filename="b.png", expires_after=3600)
    assert server.calls.last.request.init.name == "b.png"
    assert server.calls.last.request.init.expires_after == 3600


def test_an_invalid_image_is_not_uploaded(files, server):
    with pytest.raises(ImageReadError, match="the image is a URL"):
        files.image("https://example.com/a.png")
    with pytest.raises(InvalidRequestError, match="detail must be one of"):
        files.image(png(), detail="hi")
    with pytest.raises(InvalidRequestError, match="not an image|unrecognized|unrecognised"):
        files.image(b"plain text")
    assert not server.calls


def test_turn_20_sends_no_bytes_of_the_image_of_turn_1(files, server):
    from PIL import Image

    noise = Image.effect_noise((400, 400), 90).convert("RGB")
    prepared = prepare_image(noise)
    photo = files.image(prepared)

    def converse(client):
        return client.chat.create("grok-4").append(user("What is this?", photo))

    chat = files.run(converse)
    sizes = []
    for turn in range(20):
        response = files.run(lambda client: chat.sample())
        sizes.append(server.calls.last.request.ByteSize())
        assert [seen.facts.sha256 for seen in server.calls.last.images] == [prepared.sha256()]
        chat.append(assistant(response.content)).append(user(f"And {turn}?"))
    uploads = server.calls.where(method="UploadFile")
    assert [call.upload.size for call in uploads] == [prepared.size_bytes]
    assert prepared.size_bytes > 100_000
    assert max(sizes) < 10_000
    # Each turn adds its own texts only.
    assert all(later - earlier < 1_000 for earlier, later in pairwise(sizes))


@pytest.mark.parametrize("way", ["delete", "expire"])
def test_a_file_that_is_gone_is_not_found(files, server, way):
    photo = files.image(png(), expires_after=3600)
    file_id = photo.image_url.file_id
    if way == "delete":
        files.delete(file_id)
    else:
        server.clock.skip(seconds=3600)
    for part in (photo, file(file_id)):
        chat = files.run(lambda client: client.chat.create("grok-4")).append(user("?", part))
        with pytest.raises(NotFoundError, match=file_id):
            files.run(lambda _, chat=chat: chat.sample())
