"""Generated images over REST."""

from __future__ import annotations

import base64
import io
from urllib.request import urlopen

import pytest
from PIL import Image

from tests.rest.http_client import ask
from xai_vision.proto import image_pb2
from xai_vision.testing import FakeServer

pytestmark = pytest.mark.peer

MODEL = "grok-imagine-image"
WEB_IMAGE = {"type": "image_url", "url": "https://example.com/image.jpg"}


def decoded(data):
    return Image.open(io.BytesIO(data)).size


def test_the_openai_package_generates_images(rest, server):
    response = rest.images.generate(model=MODEL, prompt="a dog", n=2)
    assert type(response).__name__ == "ImagesResponse"
    assert [image.revised_prompt for image in response.data] == ["", ""]
    assert all(image.b64_json is None for image in response.data)
    with urlopen(response.data[0].url, timeout=60) as download:
        assert decoded(download.read()) == (128, 128)
    assert response.created > 1_700_000_000
    assert response.usage.model_extra["cost_in_usd_ticks"] == 400_000_000
    call = server.calls.last
    assert (call.method, call.prompt, call.model) == ("POST /v1/images/generations", "a dog", MODEL)
    assert call.request == image_pb2.GenerateImageRequest(
        prompt="a dog", model=MODEL, n=2, format=image_pb2.IMG_FORMAT_URL
    )
    assert call.body == {"model": MODEL, "prompt": "a dog", "n": 2}
    assert len(call.response.images) == 2


async def test_the_async_client_gets_the_image_itself(arest, server):
    server.images(data=[image_bytes("PNG")])
    response = await arest.images.generate(
        model=MODEL, prompt="a dog", response_format="b64_json", quality="low", user="u"
    )
    [image] = response.data
    assert image.url is None
    assert base64.b64decode(image.b64_json, validate=True) == image_bytes("PNG")
    assert image.model_extra["mime_type"] == "image/png"
    request = server.calls.last.request
    assert (request.quality, request.user) == (image_pb2.IMG_QUALITY_LOW, "u")


def image_bytes(image_format):
    data = io.BytesIO()
    Image.new("RGB", (9, 9)).save(data, image_format)
    return data.getvalue()


def test_all_keys_of_an_edit(filled):
    body = {
        "prompt": "x",
        "model": MODEL,
        "n": 1,
        "response_format": "url",
        "aspect_ratio": "19.5:9",
        "resolution": "2k",
        "quality": "medium",
        "user": "u",
        "images": [WEB_IMAGE, {"url": WEB_IMAGE["url"]}],
        "storage_options": {
            "filename": "a.jpg",
            "expires_after": 3600,
            "public_url": {"expires_after": 3600},
        },
    }
    reply = ask(filled, "POST", "/images/edits", body)
    assert reply.status == 200, reply.json
    source = image_pb2.ImageUrlContent(image_url=WEB_IMAGE["url"], detail=image_pb2.DETAIL_AUTO)
    assert filled.calls.last.request == image_pb2.GenerateImageRequest(
        prompt="x",
        model=MODEL,
        n=1,
        format=image_pb2.IMG_FORMAT_URL,
        aspect_ratio=image_pb2.IMG_ASPECT_RATIO_19_5_9,
        resolution=image_pb2.IMG_RESOLUTION_2K,
        quality=image_pb2.IMG_QUALITY_MEDIUM,
        user="u",
        images=[source, source],
        storage_options={
            "filename": "a.jpg",
            "expires_after": 3600,
            "public_url": {"expires_after": 3600},
        },
    )
    [image] = reply.json["data"]
    output = image["file_output"]
    assert output["filename"] == "a.jpg"
    assert output["public_url"].startswith("https://")
    assert output["file_id"] in filled.files
    assert len(filled.calls.last.images) == 2


def test_an_image_by_its_file_and_public_url_without_expiry(filled):
    filled.files["f"] = image_bytes("PNG")
    body = {
        "prompt": "x",
        "model": MODEL,
        "aspect_ratio": "auto",
        "quality": "auto",
        "image": {"file_id": "f"},
        "storage_options": {"filename": "a.jpg", "public_url": True},
    }
    assert ask(filled, "POST", "/images/edits", body).status == 200
    request = filled.calls.last.request
    assert request.image.file_id == "f"
    assert request.storage_options.HasField("public_url")
    assert not request.HasField("aspect_ratio")
    assert not request.HasField("quality")


def test_withheld_images_and_storage_errors(server):
    body = {"prompt": "x", "model": MODEL, "storage_options": {"filename": "a.jpg"}}
    server.images(storage_error="the disk is full")
    reply = ask(server, "POST", "/images/generations", body).json
    assert reply["data"][0]["storage_error"] == "the disk is full"
    assert "block_reason" not in reply
    server.images(withheld=True)
    reply = ask(server, "POST", "/images/generations", body).json
    assert reply["block_reason"]
    assert reply["data"] == [{"revised_prompt": ""}]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("generations", {"model": MODEL}, 422, "prompt must be a string, not left out"),
        ("generations", {"prompt": "x"}, 400, "does not name a model"),
        ("generations", {"prompt": "x", "model": 5}, 422, "model must be"),
        ("generations", {"prompt": "x", "model": "m"}, 404, "The model m does not exist"),
        ("generations", {"prompt": "x", "size": "1024x1024"}, 400, "use aspect_ratio and resolu"),
        ("generations", {"prompt": "x", "style": "vivid"}, 400, "describe the style"),
        ("generations", {"prompt": "x", "promt": "x"}, 400, "did you mean 'prompt'"),
        ("generations", {"prompt": "x", "image": WEB_IMAGE}, 400, "has no key 'image'"),
        ("generations", {"prompt": "x", "n": "2"}, 422, "n must be a 32-bit integer"),
        ("generations", {"prompt": "x", "model": MODEL, "n": 11}, 400, "from 1 to 10"),
        ("generations", {"prompt": "x", "quality": "hd"}, 422, "quality must be one of 'low'"),
        ("generations", {"prompt": "x", "response_format": "png"}, 422, "one of 'url', 'b64_json'"),
        ("generations", {"prompt": "x", "aspect_ratio": "5:2"}, 422, "aspect_ratio must be one of"),
        ("generations", {"prompt": "x", "storage_options": {}}, 422, "storage_options.filename"),
        ("generations", {"prompt": "x", "storage_options": 1}, 422, "must be an object"),
        (
            "generations",
            {"prompt": "x", "storage_options": {"filename": "a", "public_url": 1}},
            422,
            "public_url must be true or false",
        ),
        ("edits", {"prompt": "x", "model": MODEL}, 422, "image is missing"),
        ("edits", {"prompt": "x", "image": {}}, 422, "image must have one of url, file_id"),
        ("edits", {"prompt": "x", "image": {"url": "a", "file_id": "b"}}, 422, "one of url"),
        ("edits", {"prompt": "x", "images": WEB_IMAGE}, 422, "images must be a list"),
        ("edits", {"prompt": "x", "image": {"type": "image", "url": "a"}}, 400, "image.type"),
    ],
)
def test_requests_for_images_are_checked(server, path, body, status, words):
    reply = ask(server, "POST", f"/images/{path}", body)
    assert reply.status == status
    assert words in reply.json["error"]


def test_the_form_of_the_openai_package_is_refused(rest):
    openai = pytest.importorskip("openai")
    with pytest.raises(openai.APIStatusError) as error:
        rest.images.edit(model=MODEL, prompt="x", image=("a.png", image_bytes("PNG")))
    assert error.value.status_code == 415
    assert "application/json" in error.value.body


def test_unknown_keys_can_be_ignored():
    with FakeServer(unknown_keys="ignore", http=True) as server:
        body = {"prompt": "x", "model": MODEL, "size": "1024x1024"}
        assert ask(server, "POST", "/images/generations", body).status == 200
