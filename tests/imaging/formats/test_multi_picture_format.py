"""JPEG files with several images: MPO, as written by phones and stereo cameras."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from tests.sample_images import builders, jpeg
from xai_vision.imaging import prepare_image, read_header

OTHERS = [builders.photo(40, 20, seed) for seed in (2, 3)]


def mpo(others):
    return builders.encode(
        builders.photo(40, 20), "MPO", save_all=True, append_images=others, quality=95
    )


def changes(prepared):
    return [str(change) for change in prepared.changes]


@pytest.mark.parametrize("others", [OTHERS[:1], OTHERS])
def test_an_mpo_file_is_not_changed(others):
    prepared = prepare_image(mpo(others))
    assert prepared.multi_image
    assert prepared.read() == mpo(others)
    assert (prepared.format, prepared.changes) == ("JPEG", ())
    with Image.open(io.BytesIO(mpo(others))) as image:
        assert image.is_animated == prepared.multi_image


@pytest.mark.parametrize("options", [{"max_side": 20}, {"strip_metadata": True}])
def test_removing_the_other_images_is_reported(options):
    prepared = prepare_image(mpo(OTHERS), **options)
    assert "only the first of its images is sent" in changes(prepared)
    assert not prepared.lossless
    assert not prepared.multi_image
    with Image.open(io.BytesIO(prepared.read())) as image:
        assert not getattr(image, "is_animated", False)


def test_removing_the_other_images_to_fit_is_reported():
    data = mpo(OTHERS)
    prepared = prepare_image(data, max_bytes=len(data) - 1)
    assert changes(prepared)[0] == "only the first of its images is sent"
    assert not prepared.lossless


def test_an_ordinary_jpeg_has_one_image():
    assert not prepare_image(jpeg()).animated
    assert prepare_image(builders.private_jpeg(), strip_metadata=True).lossless


@pytest.mark.parametrize("payload", [b"", b"SECRET", b"II*\0", b"II*\0\x08\0\0\0\x01\0"])
def test_an_invalid_list_of_images(payload):
    segment = b"\xff\xe2" + struct.pack(">H", len(payload) + 6) + b"MPF\0" + payload
    assert not read_header(jpeg()[:2] + segment + jpeg()[2:]).animated
