"""Values that image, video, batch and collections refuse, here and in xai_sdk."""

from __future__ import annotations

import pytest

from xai_vision.errors import InvalidRequestError

pytestmark = pytest.mark.peer


def image(**options):
    return lambda sdk, client: client.image.sample("a", "grok-imagine-image", **options)


def video(**options):
    return lambda sdk, client: client.video.start("a", "grok-imagine-video", **options)


def extension(*source, **options):
    return lambda sdk, client: client.video.extend_start("a", "grok", *source, **options)


def named_requests(*names):
    def add(sdk, client):
        chats = [
            client.chat.create("grok-4", messages=[sdk.chat.user("Hi")], batch_request_id=name)
            for name in names
        ]
        client.batch.add("b", chats)

    return add


URL, FRAME = "https://e.x/a", {"image_url": "https://e.x/a", "timestamp": 1.0}
CHARS = {"max_chunk_size_chars": 9, "chunk_overlap_chars": 1}
REFUSED_BY_BOTH = {
    "two sources of an image": image(image_url=URL, image_file_id="f"),
    "one and several images": image(image_url=URL, image_urls=[URL]),
    "an image's format": image(image_format="gif"),
    "an image's ratio": image(aspect_ratio="1:7"),
    "an image's resolution": image(resolution="9k"),
    "an image's quality": image(quality="best"),
    "storage without a name": image(storage_options={"public_url": True}),
    "two sources of a video": video(video_url=URL, video_file_id="f"),
    "two last frames": video(last_frame_url=URL, last_frame_file_id="f"),
    "a video's ratio": video(aspect_ratio="1:7"),
    "a video's resolution": video(resolution="9k"),
    "a keyframe with two sources": video(keyframes=[{**FRAME, "image_file_id": "f"}]),
    "a keyframe without a time": video(keyframes=[{"image_url": URL}]),
    "a blank voice": video(reference_audios=[{"voice_id": " "}]),
    "an extension of nothing": extension(),
    "an extension of two videos": extension(URL, video_file_id="f"),
    "another object in a batch": lambda sdk, client: client.batch.add("b", ["Hi"]),
    "no change of a collection": lambda sdk, client: client.collections.update("c"),
    "two kinds of chunks": lambda sdk, client: client.collections.create(
        "c", chunk_configuration={"chars_configuration": CHARS, "bytes_configuration": {}}
    ),
    "an incomplete field": lambda sdk, client: client.collections.create(
        "c", field_definitions=[{"key": "k"}]
    ),
    "an operation on fields": lambda sdk, client: client.collections.update(
        "c", field_definitions=[{"key": "k", "operation": "rename"}]
    ),
    "a retrieval mode": lambda sdk, client: client.collections.search(
        "q", ["c"], retrieval_mode="best"
    ),
}


@pytest.mark.parametrize("name", REFUSED_BY_BOTH)
def test_values_that_both_refuse(pair, name):
    for sdk, client in pair.clients:
        with pytest.raises(ValueError):
            REFUSED_BY_BOTH[name](sdk, client)
        assert pair.recorder.take() == []


# xai_sdk sends these, some as another value; docs/moving.md says that they are refused here.
REFUSED_HERE = {
    "an empty image": (image(image_url=""), "image_url"),
    "no images": (lambda sdk, client: client.image.sample_batch("a", "grok", 0), "n must"),
    "an unknown storage key": (image(storage_options={"filename": "a", "public": 1}), "'public'"),
    "a long video": (video(duration=16), "duration"),
    "a long extension": (extension(URL, duration=11), "duration"),
    "five keyframes": (video(keyframes=[FRAME] * 5), "keyframes"),
    "four voices": (video(reference_audios=[{"voice_id": "v"}] * 4), "reference_audios"),
    "an empty batch": (lambda sdk, client: client.batch.add("b", []), "batch_requests"),
    "an id twice": (named_requests("a", "a"), "'a'"),
    "an order": (lambda sdk, client: client.collections.list(order="up"), "order"),
    "a sort key": (lambda sdk, client: client.collections.list(sort_by="color"), "sort_by"),
    "a metric": (
        lambda sdk, client: client.collections.create("c", metric_space="l1"),
        "metric_space",
    ),
    "an overlap of the chunk's size": (
        lambda sdk, client: client.collections.create(
            "c", chunk_configuration={"chars_configuration": CHARS | {"chunk_overlap_chars": 9}}
        ),
        "overlap",
    ),
}


@pytest.mark.parametrize("name", REFUSED_HERE)
def test_values_that_are_refused_here_only(pair, name):
    call, word = REFUSED_HERE[name]
    call(*pair.clients[0])
    assert len(pair.recorder.take()) == 1
    with pytest.raises(InvalidRequestError, match=word):
        call(*pair.clients[1])
    assert pair.recorder.take() == []
