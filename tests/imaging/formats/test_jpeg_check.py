"""verify=True finds missing data in a JPEG, which decoders fill with gray."""

from __future__ import annotations

import io
import itertools
import re

import pytest
from PIL import Image

from tests.sample_images import builders, jpeg, sample
from xai_vision.chat import image, user
from xai_vision.imaging import ImageCorruptError, ImageError, ImageTruncatedError, prepare_image

EOI = b"\xff\xd9"
NOISE = Image.effect_noise((640, 480), 60).convert("RGB")
PLAIN = Image.new("RGB", (640, 480), "teal")
OPTIONS = {
    "baseline": {"quality": 90},
    "full-color": {"quality": 95, "subsampling": 0},
    "optimized": {"quality": 30, "optimize": True},
    "restarts-by-row": {"restart_marker_rows": 1},
    "restarts-by-block": {"restart_marker_blocks": 3},
    "progressive": {"progressive": True},
    "progressive-restarts": {"progressive": True, "restart_marker_blocks": 5},
}
parametrize_options = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


def encode(source, **options):
    out = io.BytesIO()
    source.save(out, "JPEG", **options)
    return out.getvalue()


def scan_start(data):
    return data.index(b"\xff\xda")


def cut(data, part):
    """Return the JPEG with a part of its compressed data, and an end marker."""
    start = scan_start(data) + 20
    return data[: start + int((len(data) - 2 - start) * part)] + EOI


@parametrize_options
@pytest.mark.parametrize("size", [(640, 480), (1, 1), (8, 8), (37, 53), (1000, 17), (33, 1025)])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_complete_data_is_accepted(options, size, mode):
    for source in (NOISE, PLAIN):
        options = {
            key: value for key, value in options.items() if mode != "L" or key != "subsampling"
        }
        data = encode(source.resize(size).convert(mode), **options)
        prepared = prepare_image(data, verify=True)
        assert prepared.read() == data
        assert prepared.size == size
        assert prepared.changes == ()


@parametrize_options
@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.9, 0.98])
def test_data_that_ends_early_is_rejected(options, part):
    for source in (NOISE, PLAIN):
        data = cut(encode(source, **options), part)
        assert prepare_image(data).changes == ()  # Only the end marker is checked.
        with pytest.raises((ImageTruncatedError, ImageCorruptError)) as caught:
            prepare_image(data, verify=True)
        assert re.search(
            "truncated|compressed data are missing|cannot be decoded", str(caught.value)
        )
        assert re.search("Get the (complete )?file again", caught.value.remedy)


def test_a_sequential_jpeg_that_ends_early_is_truncated():
    with pytest.raises(ImageTruncatedError, match="truncated"):
        prepare_image(cut(encode(NOISE, quality=90), 0.5), verify=True)


@parametrize_options
def test_a_third_of_zeros_is_rejected(options):
    data = encode(NOISE, **options)
    start = scan_start(data)
    third = (len(data) - start) // 3
    data = data[: start + third] + bytes(third) + data[start + 2 * third :]
    assert prepare_image(data).changes == ()
    with pytest.raises((ImageTruncatedError, ImageCorruptError)):
        prepare_image(data, verify=True)


@parametrize_options
def test_a_lost_third_is_rejected(options):
    data = encode(NOISE, **options)
    start = scan_start(data)
    third = (len(data) - start) // 3
    with pytest.raises((ImageTruncatedError, ImageCorruptError)):
        prepare_image(data[: start + third] + data[start + 2 * third :], verify=True)


def test_too_much_data_is_corrupt():
    tall, short = encode(NOISE), encode(NOISE.resize((640, 240)))
    header = short[: scan_start(short)]
    with pytest.raises(ImageCorruptError, match="more compressed data than pixels") as caught:
        prepare_image(header + tall[scan_start(tall) :], verify=True)
    assert "Get the file again" in caught.value.remedy


@pytest.mark.parametrize("name", ["baseline", "restarts-by-row"])
def test_a_few_bits_less_are_tolerated(name):
    """Adobe's programs write such files, and the loss is not visible."""
    data = encode(NOISE, **OPTIONS[name])
    end = data.index(b"\xff\xd0") if name == "restarts-by-row" else len(data) - 2
    shorter = data[: end - 1] + data[end:]
    assert prepare_image(shorter, verify=True).read() == shorter


def test_a_lost_scan_of_a_progressive_jpeg_is_rejected():
    data = encode(NOISE, progressive=True)
    starts = [match.start() for match in re.finditer(b"\xff\xda", data)]
    assert len(starts) > 4
    for before, after in itertools.pairwise(starts):
        lossy = data[:before] + data[after:]
        with pytest.raises(ImageCorruptError, match="parts of its compressed data are missing"):
            prepare_image(lossy, verify=True)


@pytest.mark.parametrize("filler", [b"\0" * 2000, b"\xff" * 50, b"junk of a camera"])
def test_a_little_data_before_the_end_marker_is_accepted(filler):
    for data in (jpeg(), sample("photo-progressive.jpg")):
        padded = data[:-2] + filler + data[-2:]
        assert prepare_image(padded, verify=True).read() == padded


@pytest.mark.parametrize("tail", [b"\0" * 100, b"trailer", jpeg()])
def test_data_after_the_end_marker_is_accepted(tail):
    for data in (jpeg(), sample("photo-progressive.jpg"), builders.rotated_jpeg(6)):
        assert prepare_image(data + tail, verify=True).read() == data + tail


def test_a_missing_end_marker_is_still_truncated():
    for data in (jpeg(), sample("photo-progressive.jpg")):
        with pytest.raises(ImageTruncatedError, match="truncated"):
            prepare_image(data[:-2], verify=True)


def test_half_a_jpeg_is_rejected_before_it_is_sent(server, client):
    half = cut(encode(NOISE, quality=90), 0.5)
    conversation = client.chat.create("grok-4.5")
    with pytest.raises(ImageError, match="truncated"):
        conversation.append(user("What is this?", image(half, verify=True))).sample()
    assert not server.calls
