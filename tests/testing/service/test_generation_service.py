"""The fake server's images and videos, over plain gRPC."""

from __future__ import annotations

import base64
import http.client
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from PIL import Image

from tests.testing.grpc_calls import data_url, image_part, open_caller
from tests.testing.service.service_calls import Stub, refused
from tests.testing.waiting import LIMIT
from xai_vision.proto import batch_pb2, deferred_pb2, image_pb2, video_pb2
from xai_vision.proto.batch_pb2_grpc import BatchMgmtStub
from xai_vision.proto.image_pb2_grpc import ImageStub
from xai_vision.proto.video_pb2_grpc import VideoStub
from xai_vision.testing import FakeServer, Fault
from xai_vision.testing._generation import downloads

MODEL = "grok-imagine-image"
VIDEO_MODEL = "grok-imagine-video"
FRAMES_MODEL = "grok-imagine-video-1.5"


def encoded(width, height, image_format):
    data = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(data, image_format)
    return data.getvalue()


def png(width, height):
    return encoded(width, height, "PNG")


@pytest.fixture
def images(server, caller):
    return Stub(ImageStub(caller.channel), server.api_key)


@pytest.fixture
def videos(server, caller):
    return Stub(VideoStub(caller.channel), server.api_key)


def image_request(prompt="a dog", **fields):
    return image_pb2.GenerateImageRequest(prompt=prompt, **{"model": MODEL, **fields})


def video_request(prompt="a dog", **fields):
    return video_pb2.GenerateVideoRequest(prompt=prompt, **{"model": VIDEO_MODEL, **fields})


def source(data=None):
    return image_pb2.ImageUrlContent(image_url=data_url(data or png(16, 16), "image/png"))


def fetch(url, method="GET"):
    with urlopen(Request(url, method=method), timeout=LIMIT) as response:
        return response.headers["Content-Type"], response.read()


def opened(url):
    return Image.open(io.BytesIO(fetch(url)[1]))


def finished(videos, request):
    request_id = videos.GenerateVideo(request).request_id
    while True:
        state = videos.GetDeferredVideo(video_pb2.GetDeferredVideoRequest(request_id=request_id))
        if state.status != deferred_pb2.PENDING:
            return state


def test_the_image_has_the_requested_shape(images):
    wide = images.GenerateImage(
        image_request(
            aspect_ratio=image_pb2.IMG_ASPECT_RATIO_16_9, resolution=image_pb2.IMG_RESOLUTION_2K
        )
    ).images[0]
    width, height = opened(wide.url).size
    assert abs(width / height - 16 / 9) < 0.02
    small = images.GenerateImage(image_request()).images[0]
    assert opened(small.url).width == opened(small.url).height < width


def test_an_edit_of_one_image_keeps_its_shape(images):
    edited = images.GenerateImage(image_request(image=source(png(300, 100))))
    width, height = opened(edited.images[0].url).size
    assert abs(width / height - 3) < 0.1
    square = images.GenerateImage(
        image_request(image=source(png(300, 100)), aspect_ratio=image_pb2.IMG_ASPECT_RATIO_1_1)
    )
    assert len(set(opened(square.images[0].url).size)) == 1
    combined = images.GenerateImage(image_request(images=[source(png(300, 100))] * 2))
    assert len(set(opened(combined.images[0].url).size)) == 1


def test_webp_is_a_source_of_images_but_not_of_chats(images, caller):
    webp = data_url(encoded(16, 16, "WEBP"), "image/webp")
    content = image_pb2.ImageUrlContent(image_url=webp)
    assert images.GenerateImage(image_request(image=content)).images
    status, words = refused(
        images.GenerateImage, image_request(image=source(b"GIF89a" + bytes(40)))
    )
    assert status == "INVALID_ARGUMENT"
    assert "WEBP" in words
    status, words = caller.expect_error("Hi", image_part(webp))
    assert status == "INVALID_ARGUMENT"
    assert "WEBP" in words


@pytest.mark.parametrize("image_format", [image_pb2.IMG_FORMAT_URL, image_pb2.IMG_FORMAT_BASE64])
def test_images_of_the_test_keep_their_type(images, server, image_format):
    files = [png(8, 8), encoded(8, 8, "JPEG")]
    server.images(data=files)
    made = images.GenerateImage(image_request(n=3, format=image_format)).images
    for image, data, kind in zip(made, [*files, files[0]], ["png", "jpeg", "png"], strict=True):
        if image_format == image_pb2.IMG_FORMAT_URL:
            assert fetch(image.url) == (f"image/{kind}", data)
        else:
            assert image.base64 == f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"n": 0}, "n must be from 1 to 10, but it is 0"),
        ({"n": 11}, "n must be from 1 to 10, but it is 11"),
        ({"prompt": " "}, "The prompt is empty"),
        ({"prompt": "word " * 9000}, "maximum prompt length is 8000"),
        ({"image": source(), "images": [source()]}, "exclude each other"),
        ({"images": [source()] * 6}, "6 source images; the maximum is 5"),
        ({"image": image_pb2.ImageUrlContent(image_url="x")}, "Invalid image URL"),
        ({"model": ""}, "does not name a model"),
    ],
)
def test_image_requests_are_checked(images, fields, words):
    status, details = refused(images.GenerateImage, image_request(**fields))
    assert status == "INVALID_ARGUMENT"
    assert words in details


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"duration": 0}, "duration must be from 1 to 15 seconds, but it is 0"),
        ({"duration": 16}, "but it is 16"),
        ({"prompt": ""}, "The prompt is empty"),
        ({"prompt": "word " * 9000}, "maximum prompt length"),
        ({"last_frame": source()}, "does not support keyframes, a last frame"),
        ({"resolution": video_pb2.VIDEO_RESOLUTION_1080P}, "does not support the resolution 1080p"),
        ({"model": FRAMES_MODEL, "reference_audios": [{"voice_id": "a"}] * 4}, "4 audio ref"),
        ({"model": FRAMES_MODEL, "at": [1, 2, 3, 4, 5]}, "5 keyframes; the maximum is 4"),
        ({"model": FRAMES_MODEL, "at": [8]}, "keyframe at 8 s is not within the video of 8 s"),
        ({"model": FRAMES_MODEL, "at": [0]}, "keyframe at 0 s is not"),
        ({"model": FRAMES_MODEL, "at": [2, 1.8]}, "1.8 s and 2 s are less than 1/3 s apart"),
    ],
)
def test_video_requests_are_checked(videos, fields, words):
    fields = dict(fields)
    frames = [
        video_pb2.VideoKeyframe(image=source(), timestamp_s=time) for time in fields.pop("at", [])
    ]
    status, details = refused(videos.GenerateVideo, video_request(keyframes=frames, **fields))
    assert status == "INVALID_ARGUMENT"
    assert words in details


def test_keyframes_a_third_of_a_second_apart_are_accepted(videos):
    frames = [
        video_pb2.VideoKeyframe(image=source(), timestamp_s=1 + index / 3) for index in range(4)
    ]
    assert videos.GenerateVideo(video_request("", model=FRAMES_MODEL, keyframes=frames)).request_id


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"video": None}, "INVALID_ARGUMENT", "no video to extend"),
        ({"video": {}}, "INVALID_ARGUMENT", "no video to extend"),
        ({"video": {"file_id": "f"}}, "NOT_FOUND", "File not found: f"),
        ({"duration": 11}, "INVALID_ARGUMENT", "from 1 to 10 seconds, but it is 11"),
        ({"model": "grok-4"}, "NOT_FOUND", "The model grok-4 does not exist"),
    ],
)
def test_extensions_are_checked(videos, fields, status, words):
    fields = {"model": VIDEO_MODEL, "video": {"url": "https://e.x/a.mp4"}, **fields}
    code, details = refused(videos.ExtendVideo, video_pb2.ExtendVideoRequest(**fields))
    assert code == status
    assert words in details


def test_generated_files_expire(images, videos, server, caller):
    image = images.GenerateImage(image_request()).images[0].url
    video = finished(videos, video_request(duration=1)).response.video.url
    batches = Stub(BatchMgmtStub(caller.channel), server.api_key)
    server.batches(ready_after=0)
    batch_id = batches.CreateBatch(batch_pb2.CreateBatchRequest()).batch_id
    batches.AddBatchRequests(
        batch_pb2.AddBatchRequestsRequest(
            batch_id=batch_id,
            batch_requests=[batch_pb2.BatchRequest(image_request=image_request())],
        )
    )
    [result] = batches.ListBatchResults(
        batch_pb2.ListBatchResultsRequest(batch_id=batch_id)
    ).results
    in_batch = result.response.image_response.images[0].url
    for url in (image, video, in_batch):
        assert fetch(url)[1]
    server.clock.skip(minutes=59)
    fetch(in_batch)
    server.clock.skip(minutes=2)
    with pytest.raises(HTTPError, match="404"):
        fetch(in_batch)
    fetch(image)
    server.clock.skip(hours=23)
    for url in (image, video):
        with pytest.raises(HTTPError, match="404"):
            fetch(url)


def test_old_files_are_removed(images, server, monkeypatch):
    monkeypatch.setattr(downloads, "_MAX_FILES", 3)
    urls = [image.url for image in images.GenerateImage(image_request(n=5)).images]
    for url in urls[:2]:
        with pytest.raises(HTTPError, match="404"):
            fetch(url)
    for url in urls[2:]:
        assert fetch(url)[1]
    server.clock.skip(days=2)
    images.GenerateImage(image_request())
    assert len(server._state.downloads._files) == 1


def test_files_are_served_to_head_and_removed_with_their_tenant(images, server):
    tenant = server.tenant()
    with open_caller(server, tenant.api_key) as caller:
        theirs = Stub(ImageStub(caller.channel), tenant.api_key)
        other = theirs.GenerateImage(image_request()).images[0].url
    mine = images.GenerateImage(image_request()).images[0].url
    assert fetch(mine, "HEAD") == ("image/jpeg", b"")
    tenant.close()
    with pytest.raises(HTTPError, match="404"):
        fetch(other)
    assert fetch(mine)[1]
    server.clear()
    with pytest.raises(HTTPError, match="404"):
        fetch(mine)


def test_a_download_that_is_interrupted_prints_nothing(images, server, capfd):
    server.images(data=[png(8, 8) + bytes(30_000_000)])
    url = images.GenerateImage(image_request()).images[0].url
    host, path = url.removeprefix("http://").split("/", 1)
    connection = http.client.HTTPConnection(host, timeout=LIMIT)
    connection.request("GET", f"/{path}")
    connection.getresponse().read(10)
    connection.close()
    server.images()
    assert fetch(images.GenerateImage(image_request()).images[0].url)[1]
    server.stop()  # waits for nothing, but the threads have seen the closed connection
    assert capfd.readouterr().err == ""


def test_moderation_withholds_the_files(images, videos, server):
    server.images(withheld=True)
    storage = image_pb2.StorageOptions(filename="a.jpg")
    [image] = images.GenerateImage(image_request(storage_options=storage)).images
    assert (image.respect_moderation, image.url, image.HasField("file_output")) == (
        False,
        "",
        False,
    )
    server.videos(withheld=True)
    video = finished(videos, video_request(duration=1)).response.video
    assert (video.respect_moderation, video.url, video.duration) == (False, "", 0)
    assert not server.files


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"filename": ""}, "The file has no name"),
        ({"filename": 'a"b'}, "which is not allowed"),
        ({"filename": "a.jpg", "expires_after": 5}, "expires_after must be from 3600 to"),
    ],
)
def test_storage_options_that_are_not_valid_are_storage_errors(images, server, options, words):
    [image] = images.GenerateImage(image_request(storage_options=options)).images
    assert words in image.storage_error
    assert image.url
    assert not server.files


def test_a_public_url_that_cannot_be_made_is_no_error_of_storage(images, server):
    options = {"filename": "a.jpg", "expires_after": 3600, "public_url": {"expires_after": 5}}
    [image] = images.GenerateImage(image_request(storage_options=options)).images
    assert "expires_after must be" in image.file_output.public_url_error
    assert image.file_output.file_id in server.files
    options["public_url"] = {}
    [image] = images.GenerateImage(image_request(storage_options=options)).images
    assert image.file_output.public_url.endswith(".jpg")
    assert image.file_output.expires_at == image.file_output.public_url_expires_at
    server.clock.skip(hours=1)
    assert server.files.fetch(image.file_output.file_id) is None


def test_keys_are_limited_to_models(images, videos, server, caller):
    key = server.create_key(models=[MODEL, VIDEO_MODEL])
    for stub, method, allowed, other in (
        (
            ImageStub,
            "GenerateImage",
            image_request(),
            image_request(model="grok-imagine-image-2.0"),
        ),
        (VideoStub, "GenerateVideo", video_request(), video_request(model=FRAMES_MODEL)),
    ):
        call = getattr(Stub(stub(caller.channel), key), method)
        assert call(allowed)
        status, words = refused(call, other)
        assert status == "PERMISSION_DENIED"
        assert f"no access to the model {other.model}" in words
    with pytest.raises(ValueError, match="create_key: models: .*no model 'grok-imagine'"):
        server.create_key(models=["grok-imagine"])


CALLS = {
    "GenerateImage": lambda images, videos: images.GenerateImage(image_request()),
    "GenerateVideo": lambda images, videos: videos.GenerateVideo(video_request()),
    "ExtendVideo": lambda images, videos: videos.ExtendVideo(
        video_pb2.ExtendVideoRequest(model=VIDEO_MODEL, video={"url": "https://e.x/a.mp4"})
    ),
    "GetDeferredVideo": lambda images, videos: videos.GetDeferredVideo(
        video_pb2.GetDeferredVideoRequest(request_id="x")
    ),
}


@pytest.mark.parametrize("method", CALLS)
def test_faults_reach_every_method(images, videos, server, method):
    server.fault(Fault.status("ABORTED", "injected"), next=1, method=method)
    assert refused(CALLS[method], images, videos) == ("ABORTED", "injected")
    server.verify()


def test_faults_select_requests_by_prompt_model_and_images(images, server):
    server.fault(Fault.status("ABORTED", "dog"), prompt="a dog", model=MODEL, images=1)
    assert images.GenerateImage(image_request()).images
    assert images.GenerateImage(image_request("a cat", image=source())).images
    assert refused(images.GenerateImage, image_request(image=source())) == ("ABORTED", "dog")
    [call] = server.calls.where(status="ABORTED")
    assert (call.prompt, call.model, len(call.images)) == ("a dog", MODEL, 1)
    server.verify()


def test_strict_rules_do_not_concern_generation():
    with FakeServer(unmatched="error") as server, open_caller(server) as caller:
        images = Stub(ImageStub(caller.channel), server.api_key)
        assert images.GenerateImage(image_request()).images
        server.verify()


def test_rules_for_methods_that_they_do_not_answer_are_refused(server):
    for method in ("GenerateImage", "GetBatch", ("UploadFile", "Search")):
        with pytest.raises(ValueError, match=r"rules answer GetCompletion.*images\(\), videos\(\)"):
            server.on(method=method)
    server.on(method=("GenerateImage", "GetCompletion")).optional()
    server.verify()


def test_many_threads_poll_one_video(videos, server):
    server.videos(ready_after_polls=4)
    request_id = videos.GenerateVideo(video_request(duration=1)).request_id
    message = video_pb2.GetDeferredVideoRequest(request_id=request_id)
    barrier = threading.Barrier(8)

    def poll(_):
        barrier.wait(LIMIT)
        return videos.GetDeferredVideo(message)

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(poll, range(8)))
    done = [state for state in states if state.status == deferred_pb2.DONE]
    assert (len(done), len(states)) == (4, 8)
    assert len({state.response.video.url for state in done}) == 1


def test_progress_grows_to_100(videos, server):
    server.videos(ready_after_polls=4)
    request_id = videos.GenerateVideo(video_request(duration=1)).request_id
    message = video_pb2.GetDeferredVideoRequest(request_id=request_id)
    progress = [videos.GetDeferredVideo(message).response.progress for _ in range(6)]
    assert progress[0] == 0
    assert progress == sorted(progress)
    assert max(progress[:4]) < 100
    assert progress[4:] == [100, 100]


@pytest.mark.parametrize(
    ("resolution", "height"),
    [
        (video_pb2.VIDEO_RESOLUTION_480P, 60),
        (video_pb2.VIDEO_RESOLUTION_720P, 90),
        (video_pb2.VIDEO_RESOLUTION_1080P, 135),
    ],
)
def test_videos_grow_with_their_resolution(videos, resolution, height):
    request = video_request(duration=1, model=FRAMES_MODEL, resolution=resolution)
    data = fetch(finished(videos, request).response.video.url)[1]
    frame = Image.open(io.BytesIO(data[data.index(b"\xff\xd8") :]))
    assert frame.height == height
    assert abs(frame.width / frame.height - 16 / 9) < 0.05


def test_fixed_ids_repeat_the_paths_of_urls():
    """Tenants with one seed share a port, but never a URL."""
    paths = []
    for fixed in (True, True, False):
        with FakeServer(fixed_ids=fixed) as server, server.tenant() as tenant:
            urls = []
            for each, prompt in ((server, "a dog"), (tenant, "a cat")):
                with open_caller(each) as caller:
                    stub = Stub(ImageStub(caller.channel), each.api_key)
                    response = stub.GenerateImage(image_request(prompt, n=2))
                urls += [image.url for image in response.images]
            assert len({fetch(url)[1] for url in urls}) == 4
            paths.append([urlsplit(url).path for url in urls[:2]])
    assert paths[0] == paths[1]
    assert len({*paths[0], *paths[2]}) == 4
