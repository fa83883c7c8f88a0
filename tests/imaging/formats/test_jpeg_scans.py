"""JPEGs with very many scans, and with arithmetic coding."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageChops

from tests.sample_images import jpeg, sample
from xai_vision.chat import image, user
from xai_vision.errors import XaiVisionError
from xai_vision.imaging import DecompressionBombError, decode, prepare_image

START_OF_SCAN = b"\xff\xda"


def with_scans(count, size=(64, 48)):
    """Return a progressive JPEG whose last scan is repeated."""
    out = io.BytesIO()
    Image.effect_noise(size, 60).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    existing = data.count(START_OF_SCAN)
    last = data[data.rindex(START_OF_SCAN) : -2]
    return data[:-2] + last * (count - existing) + data[-2:]


@pytest.mark.parametrize("options", [{"max_side": 10}, {"verify": True}, {"max_bytes": 1000}])
def test_very_many_scans_are_rejected_where_pixels_are_decoded(options):
    assert prepare_image(with_scans(200), **options).format == "JPEG"
    with pytest.raises(DecompressionBombError, match="201 scans") as caught:
        prepare_image(with_scans(201), **options)
    assert "the limit is 200" in caught.value.reason
    assert "baseline JPEG" in caught.value.remedy
    with pytest.raises(DecompressionBombError, match="1,000 scans of 64x48 pixels"):
        prepare_image(with_scans(1000), **options)


def test_decode_rejects_very_many_scans():
    with pytest.raises(DecompressionBombError, match="1,000 scans"):
        decode(with_scans(1000))


def test_fewer_scans_of_large_images_are_accepted(monkeypatch):
    monkeypatch.setattr("xai_vision.imaging._formats.jpeg_scans._MAX_SCANNED_PIXELS", 100 * 64 * 48)
    assert prepare_image(with_scans(100), max_side=10).width == 10
    with pytest.raises(DecompressionBombError, match="101 scans of 64x48 pixels; the limit is 100"):
        prepare_image(with_scans(101), max_side=10)
    monkeypatch.setattr("xai_vision.imaging._formats.jpeg_scans._MAX_SCANNED_PIXELS", 1)
    assert prepare_image(with_scans(30), max_side=10).width == 10


def test_scans_elsewhere_in_the_file_do_not_count():
    comment = b"\xff\xfe\x27\x10" + START_OF_SCAN * 4999
    data = jpeg()[:2] + comment + jpeg()[2:] + START_OF_SCAN * 300
    assert prepare_image(data, max_side=100).size == (100, 75)
    assert decode(sample("photo-progressive.jpg")).size == (640, 480)


def arithmetic(comment_size=0):
    """Return an arithmetic-coded JPEG; any data is valid for its decoder."""
    segments = [b"\xff\xd8", b"\xff\xdb\0\x43\0" + bytes([8] * 64)]
    while comment_size > 0:
        part = min(comment_size, 60_000)
        segments.append(b"\xff\xfe" + (part + 2).to_bytes(2, "big") + b"c" * part)
        comment_size -= part
    segments.append(b"\xff\xc9\0\x0b\x08\0\x40\0\x40\1\1\x11\0")
    segments.append(b"\xff\xda\0\x08\1\1\0\0\x3f\0")
    rng = random.Random(3)
    segments.append(bytes(rng.randrange(255) for _ in range(3000)))
    return b"".join(segments) + b"\xff\xd9"


def test_arithmetic_coding_is_decoded_whatever_the_file_size():
    """Its decoder needs all data at once, but Pillow passes 64 KiB at a time."""
    small = Image.open(io.BytesIO(arithmetic()))
    assert len(set(small.tobytes())) > 10
    for size in (0, 63_000, 64_500, 200_000):
        data = arithmetic(size)
        assert ImageChops.difference(decode(data), small).getbbox() is None
        for options in ({}, {"verify": True}):
            assert prepare_image(data, **options).read() == data
        assert prepare_image(data, max_side=32).size == (32, 32)


def test_the_server_decodes_arithmetic_coding(server, client):
    client.chat.create("grok-4.5").append(
        user("What is this?", image(arithmetic(200_000)))
    ).sample()
    assert server.calls.last.images[0].width == 64


def test_the_server_rejects_very_many_scans(client):
    """It decodes each image it receives."""
    conversation = client.chat.create("grok-4.5").append(user("Hi", image(with_scans(1000))))
    with pytest.raises(XaiVisionError, match="1,000 scans") as caught:
        conversation.sample()
    assert "INVALID_ARGUMENT" in str(caught.value)
