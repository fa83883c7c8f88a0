"""Pillow images as sources: of every mode, closed, broken, shared by threads."""

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


def test_an_opened_pillow_image_is_turned_as_its_exif_says():
    image = Image.open(io.BytesIO(builders.rotated_jpeg(6)))
    prepared = prepare_image(image)
    assert prepared.size == (48, 32)
    assert "applied EXIF orientation" in str(prepared.changes[0])


def closed_by_its_block(name):
    with Image.open(io.BytesIO(sample(name))) as image:
        pass
    return image


def closed_itself(name):
    image = Image.open(io.BytesIO(sample(name)))
    image.close()
    return image


def with_its_file_closed(name):
    with io.BytesIO(sample(name)) as file:
        return Image.open(file)


READ_LATER = ["photo.jpg", "chart.png", "animated.gif", "photo.tiff", "photo.bmp"]


@pytest.mark.parametrize("close", [closed_by_its_block, closed_itself, with_its_file_closed])
@pytest.mark.parametrize("name", READ_LATER)
def test_a_closed_pillow_image(name, close):
    with pytest.raises(ImageReadError, match="closed before its pixels") as caught:
        prepare_image(close(name))
    assert "with block" in caught.value.remedy
    assert caught.value.source == "Pillow image"


@pytest.mark.parametrize("name", [*READ_LATER, "photo.webp"])
def test_a_pillow_image_loaded_before_its_block_ended(name):
    with Image.open(io.BytesIO(sample(name))) as image:
        image.load()
    prepared = prepare_image(image)
    assert prepared.size == image.size
    if name == "animated.gif":
        assert not prepared.lossless
        assert "frame" in str(prepared.changes[0])


def test_a_pillow_image_made_here_and_closed():
    image = Image.new("RGB", (3, 3))
    image.close()
    with pytest.raises(ImageReadError, match="closed"):
        prepare_image(image)


def test_a_broken_pillow_image_is_not_called_closed():
    image = Image.open(io.BytesIO(sample("photo.jpg")[:9000]))
    with pytest.raises(ImageTruncatedError, match="truncated"):
        prepare_image(image)


@pytest.mark.parametrize("name", ["noise.png", "animated.gif"])
def test_one_lazily_opened_pillow_image_for_many_threads(name):
    data = builders.encode(builders.noise(600, 600), "PNG") if name == "noise.png" else sample(name)
    for _ in range(4):
        image = Image.open(io.BytesIO(data))
        start = threading.Barrier(8)

        def prepare(image=image, start=start):
            start.wait()
            return prepare_image(image).sha256()

        with ThreadPoolExecutor(8) as pool:
            found = {future.result() for future in [pool.submit(prepare) for _ in range(8)]}
        assert len(found) == 1
