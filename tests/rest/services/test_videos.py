"""Generated videos over REST."""

from __future__ import annotations

from urllib.request import urlopen

import pytest

from tests.rest.http_client import ask
from xai_vision.proto import image_pb2, video_pb2

MODEL = "grok-imagine-video-1.5"
WEB_IMAGE = {"type": "image_url", "url": "https://example.com/image.jpg"}


def test_a_video_is_polled(server):
    server.videos(ready_after_polls=2)
    body = {"prompt": "x", "model": MODEL, "duration": 2}
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
    body = {"prompt": "x", "model": MODEL}
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
        "model": MODEL,
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
        model=MODEL,
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
