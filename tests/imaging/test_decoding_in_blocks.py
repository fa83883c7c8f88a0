"""A JPEG or PNG in a file is decoded without reading it into memory."""

from __future__ import annotations

import tracemalloc

import pytest

from examples.images import MIB, encode
from tests.sample_images import jpeg, jpeg_of, png_of
from xai_vision.imaging import ImageCorruptError, ImageReadError, prepare_image
from xai_vision.imaging._sources.data import FileImageData


@pytest.mark.parametrize(("name", "make"), [("a.jpg", jpeg_of), ("a.png", png_of)])
def test_a_resized_file_is_never_in_memory(tmp_path, name, make):
    path = tmp_path / name
    path.write_bytes(make(8 * MIB))
    prepare_image(path, max_side=16)  # loads the modules
    tracemalloc.start()
    try:
        prepared = prepare_image(path, max_side=16)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert max(prepared.size) == 16
    assert peak < MIB


def test_url_makes_no_third_copy(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_of(8 * MIB))
    prepared = prepare_image(path)
    tracemalloc.start()
    try:
        url = prepared.url()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.3 * len(url)


def test_a_file_that_changes_while_it_is_decoded_is_an_error(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    data = FileImageData(path)
    changed = pytest.raises(ImageReadError, match="changed after the image was prepared")
    with changed as caught, data.open_file() as file:
        assert file.read() == jpeg()
        path.write_bytes(jpeg() + b"more")
    assert "Prepare it again" in caught.value.remedy


def test_repeated_scans_of_a_baseline_jpeg_are_not_decoded():
    from PIL import Image

    data = encode(Image.effect_noise((100, 100), 50).convert("RGB"), "JPEG")
    scan = data[data.index(b"\xff\xda") : -2]
    repeated = data[:-2] + 1000 * scan + data[-2:]
    with pytest.raises(ImageCorruptError, match="the JPEG cannot be decoded"):
        prepare_image(repeated, max_side=10)
