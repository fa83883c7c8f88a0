"""Truncated and corrupt images are rejected; unusual ones that every decoder opens are not."""

from __future__ import annotations

import os
import struct
import zlib

import pytest

from tests.sample_images import builders, jpeg, png, sample
from xai_vision.imaging import (
    ImageCorruptError,
    ImageEmptyError,
    ImageError,
    ImageTruncatedError,
    NotAnImageError,
    decode,
    prepare_image,
)

SMALL = [n for n in builders.SAMPLES if "mib" not in n and not n.startswith(("rotated", "wide"))]


@pytest.mark.parametrize("part", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(
    "name", ["photo.jpg", "photo-progressive.jpg", "chart.png", "photo.webp", "photo.bmp"]
)
def test_truncated_files_are_rejected_by_default(name, part, tmp_path):
    data = sample(name)[: int(len(sample(name)) * part)]
    path = tmp_path / name
    path.write_bytes(data)
    for source in (data, path):
        with pytest.raises((ImageTruncatedError, ImageCorruptError)) as caught:
            prepare_image(source)
        assert caught.value.remedy
    if not name.endswith("webp"):  # Pillow does not say what is wrong with a WebP file.
        assert isinstance(caught.value, ImageTruncatedError)
        assert "complete file" in caught.value.remedy


@pytest.mark.parametrize(
    "tail",
    [
        b"\0" * 100,
        b"\r\n",
        b"SEFH trailer of a phone",
        b"\0\0\0\x18ftypmp42" + bytes(2_000_000),
    ],
)
def test_data_after_an_image_is_accepted(tail):
    for data in (jpeg(), png(), sample("photo-progressive.jpg")):
        prepared = prepare_image(data + tail)
        assert prepared.read() == data + tail
        assert prepared.changes == ()


@pytest.mark.parametrize("cut", [1, 4, 5, 11, 12, 13, 16, 20, 40])
@pytest.mark.parametrize("name", ["chart.png", "animated.png", "palette-alpha.png"])
def test_a_png_without_its_complete_end_is_rejected(name, cut, tmp_path):
    data = sample(name)[:-cut]
    path = tmp_path / "cut.png"
    path.write_bytes(data)
    for source in (data, path):
        for options in ({}, {"strip_metadata": True}, {"max_side": 8}, {"verify": True}):
            with pytest.raises(ImageTruncatedError, match="truncated") as caught:
                prepare_image(source, **options)
            assert "complete file" in caught.value.remedy


def test_decode_accepts_a_png_without_its_end():
    assert decode(png()[:-12]).size == (640, 400)


def test_a_png_with_a_broken_chunk_is_left_to_the_decoder():
    middle = len(png()) // 2
    with pytest.raises(ImageCorruptError) as caught:
        prepare_image(png()[:middle] + png()[middle + 100 :])
    assert caught.value.__cause__ is not None  # The decoder's error.


def test_the_end_marker_across_two_reads():
    from xai_vision.imaging._formats import jpeg as jpeg_format

    header_end = prepare_image(jpeg())._header.data_offset
    filler = bytes(jpeg_format._SCAN_STEP - 1)
    data = jpeg()[:header_end] + filler + b"\xff\xd9" + b"trailer"
    from xai_vision.imaging._sources.data import BytesImageData

    with BytesImageData(data).open() as reader:
        assert jpeg_format.has_end_marker(reader, prepare_image(jpeg())._header)


def test_garbage_and_fill_bytes_between_segments():
    data = jpeg()
    filled = data[:2] + b"\xff\xff\xff" + data[2:]
    assert prepare_image(filled, verify=True).size == (640, 480)
    dirty = data[:20] + b"\0\0\0" + data[20:]
    assert prepare_image(dirty).size == (640, 480)


def test_only_verify_finds_corrupt_pixels():
    data = bytearray(png())
    data[len(data) // 2] ^= 0xFF
    assert prepare_image(bytes(data)).size == (640, 400)
    with pytest.raises(ImageCorruptError) as caught:
        prepare_image(bytes(data), verify=True, name="chart")
    assert caught.value.source == "chart"
    assert caught.value.__cause__ is not None


def test_verify_finds_a_wrong_checksum():
    data = png()
    broken = data[:-16] + bytes(4) + data[-12:]
    with pytest.raises(ImageCorruptError):
        prepare_image(broken, verify=True)


def test_an_animation_with_missing_chunks_is_rejected():
    broken = sample("animated.png").replace(b"fcTL", b"xcTL")
    with pytest.raises(ImageCorruptError):
        prepare_image(broken)


def prepared_or_error(source, **options):
    try:
        return prepare_image(source, **options)
    except ImageError as error:
        return error


@pytest.mark.parametrize("name", SMALL)
def test_every_sample_truncated_anywhere(name):
    data = sample(name)
    for part in range(20):
        result = prepared_or_error(data[: len(data) * part // 20])
        if isinstance(result, ImageError):
            assert result.reason.endswith(".")
            assert result.source == "image"


def test_empty_data_and_zeros():
    for data in (b"", bytearray(), memoryview(b"")):
        with pytest.raises(ImageEmptyError):
            prepare_image(data)
    with pytest.raises(NotAnImageError, match="zeros"):
        prepare_image(bytes(5000))


def test_noise_is_not_an_image():
    with pytest.raises(NotAnImageError, match="unrecognized image data") as caught:
        prepare_image(b"\x99" + os.urandom(5000))
    assert "Pillow" in caught.value.remedy


def test_the_error_does_not_quote_pillow():
    with pytest.raises(ImageError) as caught:
        prepare_image(b"BM" + struct.pack("<IIII", 99, 0, 54, 40) + b"SECRET" * 20)
    assert "SECRET" not in str(caught.value)
    assert "BytesIO" not in str(caught.value)


def test_an_unknown_compression_method_is_left_to_the_decoder():
    packed = b"ICC Profile\0\1" + zlib.compress(bytes(200))
    data = png()[:33] + builders.chunk(b"iCCP", packed) + png()[33:]
    with pytest.raises(ImageCorruptError):
        prepare_image(data)
    text = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<x/>")
    data = png()[:33] + builders.chunk(b"iTXt", text) + png()[33:]
    assert prepare_image(data).read() == data
