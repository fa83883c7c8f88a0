"""client.image through the wire."""

from __future__ import annotations

import base64
import inspect
import io
import pickle
from datetime import timedelta

import pytest
from PIL import Image

from xai_vision import image as public
from xai_vision import prepare_image
from xai_vision.errors import (
    BadRequestError,
    GenerationError,
    InvalidRequestError,
    NotFoundError,
)
from xai_vision.proto import batch_pb2, image_pb2
from xai_vision.services._generation.image_response import AsyncImageResponse, ImageResponse
from xai_vision.services.image import AsyncImageService, ImageService

MODEL = "grok-imagine-image"

PNG = "https://example.com/in.png"


@pytest.fixture
def red():
    data = io.BytesIO()
    Image.new("RGB", (32, 16), "red").save(data, "PNG")
    return data.getvalue()


def pixels(data):
    return Image.open(io.BytesIO(data))


def test_both_clients_have_the_same_methods_and_parameters():
    for name in ("sample", "sample_batch", "prepare"):
        ours = inspect.signature(getattr(ImageService, name))
        assert list(ours.parameters) == list(
            inspect.signature(getattr(AsyncImageService, name)).parameters
        )


@pytest.mark.parametrize("image_format", ["url", "base64"])
def test_the_image_is_read_from_either_format(driver, server, image_format):
    response = driver.image.sample("a red bicycle", MODEL, image_format=image_format)
    data = driver.run(lambda: response.image)
    assert pixels(data).size == (128, 128)
    assert pixels(data).format == "JPEG"
    assert response.model == MODEL
    assert response.cost_usd == 0.02
    assert response.respect_moderation is True
    assert type(response) is (AsyncImageResponse if driver.is_async else ImageResponse)
    present, absent = ("url", "base64") if image_format == "url" else ("base64", "url")
    assert getattr(response, present)
    with pytest.raises(GenerationError, match=f"image_format='{absent}'"):
        getattr(response, absent)
    assert server.calls.last.prompt == "a red bicycle"


def test_all_settings_arrive(driver, server, red):
    file_id = driver.files.upload(red, filename="in.png").id
    server.urls[PNG] = red
    driver.image.sample(
        "edit",
        MODEL,
        image_urls=[PNG, prepare_image(red)],
        image_file_ids=[file_id],
        user="me",
        image_format="base64",
        aspect_ratio="9:19.5",
        resolution="2k",
        quality="medium",
        storage_options={
            "filename": "a.jpg",
            "expires_after": timedelta(hours=2, milliseconds=900),
            "public_url": {"expires_after": 3600},
        },
    )
    request = server.calls.last.request
    assert [image.WhichOneof("source") for image in request.images] == [
        "file_id",
        "image_url",
        "image_url",
    ]
    assert {image.detail for image in request.images} == {image_pb2.DETAIL_AUTO}
    assert (request.n, request.user) == (1, "me")
    assert request.format == image_pb2.IMG_FORMAT_BASE64
    assert request.aspect_ratio == image_pb2.IMG_ASPECT_RATIO_9_19_5
    assert request.resolution == image_pb2.IMG_RESOLUTION_2K
    assert request.quality == image_pb2.IMG_QUALITY_MEDIUM
    assert request.storage_options.expires_after == 7200
    assert request.storage_options.public_url.expires_after == 3600
    assert [image.sha256 for image in server.calls.last.images] == 3 * [
        server.calls.last.images[0].sha256
    ]


def test_a_request_without_settings_sends_only_the_defaults(driver, server):
    driver.image.sample("x", MODEL)
    assert server.calls.last.request == image_pb2.GenerateImageRequest(
        prompt="x", model=MODEL, n=1, format=image_pb2.IMG_FORMAT_URL
    )


def test_sample_batch_returns_the_images_that_came(driver, server):
    assert len(driver.image.sample_batch("x", MODEL, 3)) == 3
    server.images(missing=2)
    images = driver.image.sample_batch("x", MODEL, 3)
    assert len(images) == 1
    assert images[0].url
    server.images(missing=5)
    assert driver.image.sample_batch("x", MODEL, 3) == []
    with pytest.raises(GenerationError, match="the response has no image"):
        driver.image.sample("x", MODEL)


def test_a_stored_image_is_a_file(driver, server):
    response = driver.image.sample(
        "x", MODEL, storage_options={"filename": "a.jpg", "public_url": True}
    )
    assert driver.files.get(response.file_output.file_id).filename == "a.jpg"
    assert response.public_url == response.file_output.public_url != ""
    assert response.storage_error is response.public_url_error is None
    assert driver.files.content(response.file_output.file_id) == driver.run(lambda: response.image)
    plain = driver.image.sample("x", MODEL)
    assert plain.file_output is plain.public_url is plain.public_url_error is None


def test_a_storage_error_does_not_end_the_call(driver, server):
    server.images(storage_error="disk full")
    response = driver.image.sample("x", MODEL, storage_options={"filename": "a.jpg"})
    assert response.storage_error == "disk full"
    assert response.file_output is None
    assert response.url
    server.images()
    response = driver.image.sample(
        "x", MODEL, storage_options={"filename": "a.txt", "public_url": True}
    )
    assert "cannot be public" in response.public_url_error
    assert response.public_url is None


def test_a_withheld_image_says_why(driver, server):
    server.images(withheld=True)
    response = driver.image.sample("x", MODEL)
    assert response.respect_moderation is False
    for name in ("url", "base64"):
        with pytest.raises(GenerationError, match="did not respect moderation"):
            getattr(response, name)
    with pytest.raises(GenerationError, match="did not respect moderation"):
        driver.run(lambda: response.image)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"image_url": PNG, "image_file_id": "f"}, "image_url and image_file_id exclude"),
        ({"image_url": PNG, "image_urls": [PNG]}, "Put all images into the lists"),
        ({"image_file_id": "f", "image_file_ids": ["f"]}, "Put all images into the lists"),
        ({"image_url": ""}, "image_url"),
        ({"image_url": b"data"}, r"image_url must be a URL or a prepared image.*prepare_image"),
        ({"image_urls": PNG}, "image_urls must be a list"),
        ({"image_urls": ""}, "image_urls must be a list"),
        ({"image_urls": {}}, "image_urls must be a list"),
        ({"image_urls": b"a.png"}, "image_urls must be a list"),
        ({"image_file_ids": 0}, "image_file_ids must be a list"),
        ({"image_url": "a.png"}, r"image_url must be an http.*not 'a.png'. Pass prepare_image"),
        ({"image_url": "ftp://e.x/a.png"}, "must be an http"),
        ({"image_urls": [PNG, "a.png"]}, r"image_urls\[1\] must be an http"),
        ({"image_file_ids": "f"}, r"Pass \['f'\]"),
        ({"aspect_ratio": "16:10"}, "did you mean '16:9'|aspect_ratio must be one of"),
        ({"aspect_ratio": "auto"}, "aspect_ratio must be one of"),
        ({"resolution": "4k"}, "resolution must be one of '1k', '2k'"),
        ({"quality": "high"}, "quality must be one of 'low', 'medium'"),
        ({"image_format": "png"}, "image_format must be one of 'base64', 'url'"),
        ({"user": 3}, "user must be a string"),
        ({"image_fromat": "url"}, "did you mean 'image_format'"),
        ({"storage_options": "a.jpg"}, "storage_options must be a dict with a filename"),
        ({"storage_options": {}}, "'filename' is missing"),
        ({"storage_options": {"filename": ""}}, "filename"),
        ({"storage_options": {"filename": "a", "expires": 3}}, "did you mean 'expires_after'"),
        ({"storage_options": {"filename": "a", "expires_after": 1.5}}, "must be an integer"),
        ({"storage_options": {"filename": "a", "expires_after": 0}}, "at least 1"),
        ({"storage_options": {"filename": "a", "public_url": 3}}, "must be True or False"),
        ({"storage_options": {"filename": "a", "public_url": {"x": 1}}}, "public_url"),
    ],
)
def test_invalid_settings_are_refused_before_sending(driver, server, settings, words):
    with pytest.raises(InvalidRequestError, match=words):
        driver.image.sample("x", MODEL, **settings)
    with pytest.raises(InvalidRequestError, match=words):
        driver.image.prepare("x", MODEL, **settings)
    assert len(server.calls) == 0


@pytest.mark.parametrize("request_id", [0, False, b"id"])
def test_the_id_of_a_prepared_request_is_a_string(driver, request_id):
    for prepare, model in (
        (driver.client.image.prepare, MODEL),
        (driver.client.video.prepare, "grok-imagine-video"),
    ):
        with pytest.raises(InvalidRequestError, match="batch_request_id must be a string"):
            prepare("x", model, batch_request_id=request_id)


@pytest.mark.parametrize("n", [0, -1, 11, 1.5, True, "3"])
def test_n_is_from_1_to_10(driver, server, n):
    with pytest.raises(InvalidRequestError, match="n must be an integer"):
        driver.image.sample_batch("x", MODEL, n)
    assert len(server.calls) == 0


def test_an_unknown_option_of_the_call_is_refused(driver):
    with pytest.raises(InvalidRequestError, match="did you mean 'user'|timeot"):
        driver.image.sample("x", MODEL, timeot=3)


def test_the_services_errors_keep_their_words(driver, server):
    with pytest.raises(NotFoundError, match="The model grok-9 does not exist"):
        driver.image.sample("x", "grok-9")
    with pytest.raises(BadRequestError, match="The prompt is empty"):
        driver.image.sample(" ", MODEL)
    with pytest.raises(BadRequestError, match="6 source images; the maximum is 5"):
        driver.image.sample("x", MODEL, image_urls=[PNG] * 6)
    with pytest.raises(NotFoundError, match="File not found: nope"):
        driver.image.sample("x", MODEL, image_file_id="nope")


def test_prepare_sends_nothing(driver, server):
    prepared = driver.client.image.prepare("x", MODEL, aspect_ratio="1:1")
    assert type(prepared) is batch_pb2.BatchRequest
    assert prepared.HasField("batch_request_id")
    assert prepared.batch_request_id == ""
    assert prepared.image_request.n == 1
    assert driver.client.image.prepare("x", MODEL, batch_request_id="a").batch_request_id == "a"
    assert len(server.calls) == 0


def test_responses_can_be_made_from_protos():
    proto = image_pb2.ImageResponse()
    data = base64.b64encode(b"image").decode()
    proto.images.add(base64=f"data:image/jpeg;base64,{data}", respect_moderation=True)
    proto.images.add(base64=data, respect_moderation=True)
    proto.images.add(base64="?", respect_moderation=True)
    assert public.ImageResponse(proto, 0).image == public.ImageResponse(proto, 1).image == b"image"
    with pytest.raises(GenerationError, match="not valid base64"):
        _ = public.ImageResponse(proto, 2).image
    with pytest.raises(IndexError):
        public.ImageResponse(proto, 3)
    assert public.ImageResponse(proto, 0).cost_usd is None
    with pytest.warns(DeprecationWarning, match="prompt is always empty"):
        assert public.ImageResponse(proto, 0).prompt == ""
    assert repr(public.ImageResponse(proto, 0)) == str(proto)


def test_responses_are_compared_by_their_content_and_index():
    proto = image_pb2.ImageResponse(
        images=[image_pb2.GeneratedImage(url=f"https://e.x/{i}.jpg") for i in range(2)]
    )
    first = ImageResponse(proto, 0)
    assert first == ImageResponse(proto, 0) == pickle.loads(pickle.dumps(first))
    assert first != ImageResponse(proto, 1)
    assert first != AsyncImageResponse(proto, 0)
