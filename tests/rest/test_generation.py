"""Images, videos and document search over REST."""

from __future__ import annotations

import base64
import io
from urllib.request import urlopen

import pytest
from PIL import Image

from tests.rest.http_client import ask
from xai_vision.proto import collections_pb2, image_pb2, video_pb2
from xai_vision.proto.collections_pb2_grpc import CollectionsStub
from xai_vision.testing import FakeServer, Fault

pytestmark = pytest.mark.peer

MODEL = "grok-imagine-image"
VIDEO_MODEL = "grok-imagine-video-1.5"
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


def test_a_video_is_polled(server):
    server.videos(ready_after_polls=2)
    body = {"prompt": "x", "model": VIDEO_MODEL, "duration": 2}
    request_id = ask(server, "POST", "/videos/generations", body).json["request_id"]
    states = [ask(server, "GET", f"/videos/{request_id}").json for _ in range(3)]
    assert [state["status"] for state in states] == ["pending", "pending", "done"]
    assert states[0]["progress"] == 0
    assert "video" not in states[0]
    video = states[2]["video"]
    assert (video["duration"], video["respect_moderation"]) == (2, True)
    with urlopen(video["url"], timeout=60) as download:
        assert download.headers["Content-Type"] == "video/quicktime"
    assert states[2]["usage"]["cost_in_usd_ticks"] == 2_000_000_000
    assert server.calls.last.request.request_id == request_id
    reply = ask(server, "GET", "/videos/x")
    assert (reply.status, reply.json["error"]) == (404, "Deferred video not found: x")


def test_a_video_that_fails_or_expires(server):
    body = {"prompt": "x", "model": VIDEO_MODEL}
    for plan, expected in (
        ({"failed": ("internal_error", "broken")}, {"code": "internal_error", "message": "broken"}),
        ({"expired": True}, None),
    ):
        server.videos(ready_after_polls=0, **plan)
        request_id = ask(server, "POST", "/videos/generations", body).json["request_id"]
        state = ask(server, "GET", f"/videos/{request_id}").json
        assert state["status"] == ("failed" if expected else "expired")
        assert state.get("error") == expected


def test_all_keys_of_a_video(filled):
    filled.files["v"] = b"a video"
    image = {"url": WEB_IMAGE["url"]}
    body = {
        "prompt": "x",
        "model": VIDEO_MODEL,
        "duration": 3,
        "generate_audio": False,
        "aspect_ratio": "9:16",
        "resolution": "1080p",
        "image": image,
        "last_frame": image,
        "keyframes": [{"image": image, "timestamp": 1.5}],
        "video": {"file_id": "v"},
        "reference_images": [image],
        "reference_audios": [{"voice_id": "ara"}],
        "storage_options": {"filename": "a.mov"},
    }
    reply = ask(filled, "POST", "/videos/generations", body)
    assert reply.status == 200, reply.json
    content = image_pb2.ImageUrlContent(image_url=image["url"], detail=image_pb2.DETAIL_AUTO)
    expected = video_pb2.GenerateVideoRequest(
        prompt="x",
        model=VIDEO_MODEL,
        duration=3,
        generate_audio=False,
        aspect_ratio=video_pb2.VIDEO_ASPECT_RATIO_9_16,
        resolution=video_pb2.VIDEO_RESOLUTION_1080P,
        image=content,
        last_frame=content,
        keyframes=[{"image": content, "timestamp_s": 1.5}],
        video={"file_id": "v"},
        reference_images=[content],
        reference_audios=[{"voice_id": "ara"}],
        storage_options={"filename": "a.mov"},
    )
    assert filled.calls.last.request == expected
    del body["image"], body["video"]
    body |= {"image_url": image["url"], "video_url": "https://example.com/a.mp4"}
    assert ask(filled, "POST", "/videos/generations", body).status == 200
    expected.video.url = "https://example.com/a.mp4"
    expected.image.ClearField("detail")
    assert filled.calls.last.request == expected


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"prompt": "x"}, "model must be a string, not left out"),
        ({"model": "m", "image": {"url": "a"}, "image_url": "a"}, "image and image_url exclude"),
        ({"model": "m", "video": {"url": "a"}, "video_url": "a"}, "video and video_url exclude"),
        ({"model": "m", "keyframes": [{"timestamp": 1}]}, "keyframes[0].image must be an object"),
        ({"model": "m", "keyframes": [{"image": {"url": "a"}}]}, "keyframes[0].timestamp must"),
        ({"model": "m", "reference_audios": [{}]}, "reference_audios[0].voice_id must"),
        ({"model": "m", "generate_audio": 1}, "generate_audio must be true or false"),
        ({"model": "m", "resolution": "4k"}, "resolution must be one of '480p'"),
        ({"model": "m", "seconds": 4}, "has no key 'seconds'"),
    ],
)
def test_requests_for_videos_are_checked(server, body, words):
    reply = ask(server, "POST", "/videos/generations", body)
    assert reply.status in (400, 422)
    assert words in reply.json["error"]


def test_documents_are_searched(server):
    import grpc

    server.indexing(ready_after=0)
    with grpc.insecure_channel(server.target) as channel:
        stub = CollectionsStub(channel)
        key = (("authorization", f"Bearer {server.management_key}"),)
        created = stub.CreateCollection(
            collections_pb2.CreateCollectionRequest(collection_name="x"), metadata=key
        )
        server.files["f"] = b"The pump has 5 bar."
        stub.AddDocumentToCollection(
            collections_pb2.AddDocumentToCollectionRequest(
                collection_id=created.collection_id, file_id="f"
            ),
            metadata=key,
        )
        stub.ListDocuments(
            collections_pb2.ListDocumentsRequest(collection_id=created.collection_id), metadata=key
        )
    body = {"query": "pump", "collection_ids": [created.collection_id], "max_num_results": 5}
    for mode in ({}, {"mode": "keyword"}, {"mode": "semantic"}, {"mode": "hybrid"}):
        [match] = ask(server, "POST", "/documents/search", {**body, **mode}).json["results"]
        assert (match["file_id"], match["content"]) == ("f", "The pump has 5 bar.")
        assert match["score"] > 0
    for change, status, words in (
        ({"query": ""}, 400, "The query is empty"),
        ({"collection_ids": "c"}, 422, "collection_ids must be a list"),
        ({"collection_ids": ["c"]}, 404, "Collection not found: c"),
        ({"mode": "fuzzy"}, 422, "mode must be one of 'hybrid'"),
        ({"max_num_results": 0}, 400, "limit must be at least 1"),
        ({"limit": 3}, 400, "has no key 'limit'"),
    ):
        reply = ask(server, "POST", "/documents/search", {**body, **change})
        assert reply.status == status
        assert words in reply.json["error"]


@pytest.mark.parametrize(
    ("verb", "path", "method"),
    [
        ("POST", "/images/generations", "POST /v1/images/generations"),
        ("POST", "/videos/generations", "POST /v1/videos/generations"),
        ("GET", "/videos/x", "GET /v1/videos/{id}"),
        ("POST", "/documents/search", "POST /v1/documents/search"),
    ],
)
def test_faults_reach_every_endpoint(server, verb, path, method):
    server.fault(Fault.status("ABORTED", "injected"), next=1, method=method)
    body = {"prompt": "x", "model": MODEL if "images" in path else VIDEO_MODEL}
    reply = ask(server, verb, path, body if verb == "POST" else None)
    assert (reply.status, reply.json["error"]) == (409, "injected")
    server.verify()
