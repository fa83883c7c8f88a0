"""Pillow images as sources: every mode, closed, broken, and shared by threads."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from tests.sample_images import builders, sample
from xai_vision.imaging import ImageReadError, ImageTruncatedError, prepare_image


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"])
def test_pillow_images_of_every_mode(mode):
    image = builders.corners().convert(mode)
    before = image.tobytes()
    prepared = prepare_image(image)
    assert prepared.format == "PNG"
    assert prepared.size == image.size
    assert prepared.pil().size == image.size
    assert image.tobytes() == before
    if mode not in ("CMYK", "YCbCr", "F"):
        assert prepared.lossless
        assert prepared.pil().convert("RGB").tobytes() == image.convert("RGB").tobytes()


def test_the_orientation_of_an_opened_pillow_image_is_applied():
    image = Image.open(io.BytesIO(builders.rotated_jpeg(6)))
    prepared = prepare_image(image)
    assert prepared.size == (48, 32)
    assert [str(change) for change in prepared.changes] == [
        "metadata removed",
        "applied EXIF orientation 6",
        "encoded as PNG",
    ]


def closed_by_with(name):
    with Image.open(io.BytesIO(sample(name))) as image:
        pass
    return image


def closed_explicitly(name):
    image = Image.open(io.BytesIO(sample(name)))
    image.close()
    return image


def with_closed_file(name):
    with io.BytesIO(sample(name)) as file:
        return Image.open(file)


LAZY = ["photo.jpg", "chart.png", "animated.gif", "photo.tiff", "photo.bmp"]


@pytest.mark.parametrize("close", [closed_by_with, closed_explicitly, with_closed_file])
@pytest.mark.parametrize("name", LAZY)
def test_a_closed_pillow_image(name, close):
    with pytest.raises(ImageReadError, match="closed before its pixels") as caught:
        prepare_image(close(name))
    assert "with block" in caught.value.remedy
    assert caught.value.source == "Pillow image"


@pytest.mark.parametrize("name", [*LAZY, "photo.webp"])
def test_a_pillow_image_loaded_before_closing(name):
    with Image.open(io.BytesIO(sample(name))) as image:
        image.load()
    prepared = prepare_image(image)
    assert prepared.size == image.size
    if name == "animated.gif":
        assert not prepared.lossless
        assert "frame" in str(prepared.changes[0])


def test_a_new_pillow_image_that_is_closed():
    image = Image.new("RGB", (3, 3))
    image.close()
    with pytest.raises(ImageReadError, match="closed"):
        prepare_image(image)


def test_the_error_for_a_truncated_pillow_image():
    image = Image.open(io.BytesIO(sample("photo.jpg")[:9000]))
    with pytest.raises(ImageTruncatedError, match="truncated"):
        prepare_image(image)


@pytest.mark.parametrize("name", ["noise.png", "animated.gif"])
def test_a_lazy_pillow_image_shared_by_threads(name):
    data = builders.encode(builders.noise(600, 600), "PNG") if name == "noise.png" else sample(name)
    for _ in range(4):
        image = Image.open(io.BytesIO(data))
        start = threading.Barrier(8)

        def prepare(image=image, start=start):
            start.wait(60)
            return prepare_image(image).sha256()

        with ThreadPoolExecutor(8) as pool:
            hashes = {future.result() for future in [pool.submit(prepare) for _ in range(8)]}
        assert len(hashes) == 1
