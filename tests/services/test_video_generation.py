"""client.video through the wire."""

from __future__ import annotations

import pickle
import time
from datetime import timedelta

import pytest

from xai_vision import video as public
from xai_vision._transport import polling
from xai_vision.errors import (
    BadRequestError,
    GenerationError,
    InvalidRequestError,
    NotFoundError,
    RequestTimeoutError,
    VideoGenerationError,
)
from xai_vision.proto import batch_pb2, deferred_pb2, image_pb2, video_pb2
from xai_vision.services._generation.download import download
from xai_vision.testing import Fault

MODEL = "grok-imagine-video"
FRAMES = "grok-imagine-video-1.5"
VIDEO = "https://example.com/in.mp4"
IMAGE = "https://example.com/in.png"
FAST = {"interval": 0.001}


def methods(server):
    return [call.method for call in server.calls]


def test_a_video_is_polled_until_it_is_done(driver, server):
    server.videos(ready_after_polls=3)
    video = driver.video.generate("a dog", MODEL, duration=2, **FAST)
    assert methods(server) == ["GenerateVideo", *["GetDeferredVideo"] * 4]
    assert type(video) is public.VideoResponse
    assert (video.duration, video.model, video.cost_usd) == (2, MODEL, 0.1)
    assert b"ftypqt" in download(video.url)[:12]
    assert video.respect_moderation is True
    assert video.file_output is video.storage_error is None


def test_start_and_get_are_the_steps_of_generate(driver):
    started = driver.video.start("a dog", MODEL)
    assert type(started) is deferred_pb2.StartDeferredResponse
    state = driver.video.get(started.request_id)
    assert state.status == deferred_pb2.PENDING
    assert not state.response.video.url
    state = driver.video.get(started.request_id)
    assert state.status == deferred_pb2.DONE
    assert state.response.video.duration == 8
    with pytest.raises(NotFoundError, match="Deferred video not found: x"):
        driver.video.get("x")


def test_all_settings_arrive(driver, server):
    png = _png()
    server.urls["https://example.com/a.png"] = png
    file_id = driver.files.upload(png, filename="a.png").id
    url = "https://example.com/a.png"
    driver.video.start(
        "a dog",
        FRAMES,
        image_url=url,
        last_frame_file_id=file_id,
        keyframes=[
            {"image_url": url, "timestamp": 1},
            {"image_file_id": file_id, "timestamp": 2.5},
        ],
        duration=10,
        aspect_ratio="9:16",
        resolution="1080p",
        reference_image_urls=[url],
        reference_image_file_ids=[file_id],
        reference_audios=[{"voice_id": " eve "}],
        generate_audio=False,
        storage_options={"filename": "a.mov"},
    )
    request = server.calls.last.request
    assert request.image.image_url == url
    assert request.last_frame.file_id == file_id
    assert [frame.timestamp_s for frame in request.keyframes] == [1.0, 2.5]
    assert (request.duration, request.generate_audio) == (10, False)
    assert request.aspect_ratio == video_pb2.VIDEO_ASPECT_RATIO_9_16
    assert request.resolution == video_pb2.VIDEO_RESOLUTION_1080P
    assert [image.WhichOneof("source") for image in request.reference_images] == [
        "file_id",
        "image_url",
    ]
    assert request.reference_audios[0].voice_id == "eve"
    assert request.image.detail == image_pb2.DETAIL_AUTO
    driver.video.start("edit", MODEL, video_url=VIDEO)
    assert server.calls.last.request == video_pb2.GenerateVideoRequest(
        prompt="edit", model=MODEL, video={"url": VIDEO}
    )


def test_a_video_is_extended(driver, server):
    video = driver.video.extend("more", MODEL, VIDEO, duration=3, **FAST)
    assert video.duration == 3
    assert server.calls[0].request == video_pb2.ExtendVideoRequest(
        prompt="more", model=MODEL, video={"url": VIDEO}, duration=3
    )
    assert driver.video.extend_start("more", MODEL, VIDEO).request_id


@pytest.mark.parametrize(
    ("plan", "code", "words"),
    [
        ({"failed": ("invalid_argument", "bad frame")}, "invalid_argument", "bad frame"),
        ({"expired": True}, "EXPIRED", "the request has expired"),
    ],
)
def test_a_failure_has_the_services_code_and_words(driver, server, plan, code, words):
    server.videos(**plan)
    for call in (
        lambda: driver.video.generate("x", MODEL, **FAST),
        lambda: driver.video.extend("x", MODEL, VIDEO, **FAST),
    ):
        with pytest.raises(VideoGenerationError, match=words) as error:
            call()
        assert error.value.code == code
        assert isinstance(error.value, RuntimeError)
        copy = pickle.loads(pickle.dumps(error.value))
        assert (copy.code, copy.message, str(copy)) == (
            error.value.code,
            error.value.message,
            str(error.value),
        )


class Clock:
    """The clock of polls; it adds seconds that a function returns to the real time."""

    def __init__(self, ahead):
        self.ahead = ahead

    def monotonic(self):
        return time.monotonic() + self.ahead()


def test_a_timeout_keeps_the_request(driver, server, monkeypatch):
    server.videos(ready_after_polls=10**6)
    # The start and two polls fit into the time, and a third poll does not.
    monkeypatch.setattr(polling, "time", Clock(lambda: 1000 * len(server.calls)))
    with pytest.raises(RequestTimeoutError, match="was not done after 2900 seconds") as error:
        driver.video.generate("x", MODEL, timeout=timedelta(seconds=2900), **FAST)
    assert methods(server) == ["GenerateVideo", *["GetDeferredVideo"] * 2]
    assert isinstance(error.value, TimeoutError)
    assert error.value.deferred_id in str(error.value)
    assert driver.video.get(error.value.deferred_id).status == deferred_pb2.PENDING


def test_a_poll_that_hangs_is_bounded_by_the_timeout(driver, server, monkeypatch):
    server.fault(Fault.hang(), method="GetDeferredVideo")
    # The start has the whole time, and the poll its last second.
    monkeypatch.setattr(polling, "time", Clock(lambda: 599 if len(server.calls) else 0))
    with pytest.raises(RequestTimeoutError, match="was not done after 600 seconds") as error:
        driver.video.generate("x", MODEL, timeout=600, **FAST)
    assert error.value.deferred_id


def test_a_timeout_of_zero_is_the_default_as_in_xai_sdk(driver):
    assert driver.video.generate("x", MODEL, timeout=timedelta(0), **FAST).url


def test_a_withheld_video_says_why(driver, server):
    server.videos(withheld=True)
    video = driver.video.generate("x", MODEL, **FAST)
    with pytest.raises(GenerationError, match="the video was withheld"):
        _ = video.url


def test_a_stored_video_is_a_file(driver):
    options = {"filename": "a.mov", "expires_after": 3600, "public_url": True}
    video = driver.video.generate("x", MODEL, storage_options=options, **FAST)
    assert driver.files.get(video.file_output.file_id).filename == "a.mov"
    assert video.public_url


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"image_url": IMAGE, "image_file_id": "f"}, "image_url and image_file_id exclude"),
        ({"video_url": VIDEO, "video_file_id": "f"}, "video_url and video_file_id exclude"),
        (
            {"last_frame_url": "u", "last_frame_file_id": "f"},
            "last_frame_url and last_frame_file_id exclude",
        ),
        ({"duration": 0}, "duration must be an integer from 1 to 15"),
        ({"duration": 16}, "duration must be an integer from 1 to 15"),
        ({"aspect_ratio": "2:1"}, "aspect_ratio must be one of"),
        ({"resolution": "4k"}, "resolution must be one of"),
        ({"generate_audio": 1}, "generate_audio must be True or False"),
        ({"keyframes": {"image_url": IMAGE}}, "keyframes must be a list of dicts"),
        ({"keyframes": [{"timestamp": 1.0}]}, r"keyframes\[0\] has no image"),
        ({"keyframes": [{"image_url": IMAGE}]}, "'timestamp' is missing"),
        (
            {"keyframes": [{"image_url": IMAGE, "image_file_id": "f", "timestamp": 1}]},
            r"keyframes\[0\]: image_url and keyframes\[0\]: image_file_id exclude",
        ),
        ({"keyframes": [{"image_url": " ", "timestamp": 1}]}, "image_url"),
        ({"keyframes": [{"image_url": IMAGE, "timestamp": 0}]}, "greater than 0"),
        (
            {"keyframes": [{"image_url": IMAGE, "timestamp": 5}], "duration": 5},
            "before the end of the video at 5 seconds",
        ),
        ({"keyframes": [{"image_url": IMAGE, "time": 1}]}, "did you mean 'timestamp'"),
        ({"keyframes": [{"image_url": IMAGE, "timestamp": 1}] * 5}, "has 5 entries"),
        ({"reference_audios": [{"voice": "v"}]}, "did you mean 'voice_id'"),
        ({"reference_audios": [{"voice_id": " "}]}, "voice_id"),
        ({"reference_audios": [{"voice_id": "v"}] * 4}, "at most 3"),
        ({"reference_image_urls": "u"}, "reference_image_urls must be a list"),
        ({"duraton": 3}, "did you mean 'duration'"),
        ({"image_url": "a.png"}, r"image_url must be an http.*not 'a.png'. Pass prepare_image"),
        ({"video_url": "a.mp4"}, r"video_url must be an http.*Upload a file with client.files"),
        ({"reference_image_urls": {}}, "reference_image_urls must be a list"),
        ({"reference_image_file_ids": ""}, "reference_image_file_ids must be a list"),
    ],
)
def test_invalid_settings_are_refused_before_sending(driver, server, settings, words):
    for call in (
        lambda: driver.video.generate("x", FRAMES, **settings),
        lambda: driver.video.start("x", FRAMES, **settings),
        lambda: driver.client.video.prepare("x", FRAMES, **settings),
    ):
        with pytest.raises(InvalidRequestError, match=words):
            call()
    assert len(server.calls) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "there is no video to extend"),
        ({"video_url": VIDEO, "video_file_id": "f"}, "exclude each other"),
        ({"video_url": VIDEO, "duration": 11}, "from 1 to 10"),
        ({"video_url": "file:///a.mp4"}, "must be an http"),
    ],
)
def test_invalid_extensions_are_refused_before_sending(driver, server, arguments, words):
    with pytest.raises(InvalidRequestError, match=words):
        driver.video.extend("x", MODEL, **arguments)
    with pytest.raises(InvalidRequestError, match=words):
        driver.client.video.prepare_extension("x", MODEL, **arguments)
    assert len(server.calls) == 0


@pytest.mark.parametrize("method", ["extend", "extend_start"])
@pytest.mark.parametrize("name", ["aspect_ratio", "intervall"])
def test_an_extension_has_no_other_settings(driver, server, method, name):
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
        getattr(driver.video, method)("x", MODEL, VIDEO, **{name: "16:9"})
    assert len(server.calls) == 0


def test_the_services_errors_keep_their_words(driver):
    with pytest.raises(NotFoundError, match="The model grok-9 does not exist"):
        driver.video.generate("x", "grok-9")
    with pytest.raises(BadRequestError, match="does not support keyframes"):
        driver.video.generate("x", MODEL, last_frame_url="https://example.com/a.png")


def test_prepared_requests_are_for_batches(driver, server):
    video = driver.client.video.prepare("x", MODEL, duration=3)
    extension = driver.client.video.prepare_extension("x", MODEL, VIDEO, batch_request_id="e")
    assert type(video) is type(extension) is batch_pb2.BatchRequest
    assert video.video_request.duration == 3
    assert (video.HasField("batch_request_id"), video.batch_request_id) == (True, "")
    assert extension.batch_request_id == "e"
    assert extension.video_extension_request.video.url == VIDEO
    assert len(server.calls) == 0


def _png():
    import io

    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (32, 16), "red").save(data, "PNG")
    return data.getvalue()
