"""max_pixels is the only limit of pixels: neither Pillow's warning nor its global applies."""

from __future__ import annotations

import inspect
import io
import pickle
import struct
import tracemalloc
import warnings

import numpy as np
import pytest
from PIL import Image

from xai_vision.imaging import (
    MAX_DECODED_PIXELS,
    DecompressionBombError,
    decode,
    prepare_image,
    read_header,
)
from xai_vision.testing import Settings


def encode(source, name, **options):
    out = io.BytesIO()
    source.save(out, name, **options)
    return out.getvalue()


@pytest.fixture
def strict(monkeypatch):
    """Lower Pillow's global limit, so that small images exceed it; make its warning an error."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


FORMATS = ["JPEG", "PNG", "GIF", "BMP", "TIFF", "JPEG2000", "PPM", "AVIF", "QOI"]


@pytest.mark.parametrize("pixels", [150, 1000])  # Pillow warns above 100 and raises above 200
@pytest.mark.parametrize("name", FORMATS)
def test_pillows_limit_does_not_apply(name, pixels, strict):
    size = (10, pixels // 10)
    data = encode(Image.new("RGB", size, "red"), name)
    assert decode(data).size == size
    assert read_header(data).size == size
    assert prepare_image(data, verify=True).size == size
    assert prepare_image(data, max_side=5).height == 5
    assert prepare_image(data, max_bytes=5000).size == size
    assert prepare_image(data).pil().size == size


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate"])
def test_pillows_limit_does_not_apply_to_tiff(compression, strict):
    data = encode(Image.new("RGB", (50, 40), "red"), "TIFF", compression=compression)
    assert prepare_image(data).pil().getpixel((49, 39)) == (255, 0, 0)


@pytest.mark.parametrize("name", FORMATS)
def test_the_error_names_max_pixels(name, strict):
    data = encode(Image.new("RGB", (50, 40), "red"), name)
    with pytest.raises(DecompressionBombError, match="50x40 pixels") as caught:
        prepare_image(data, max_side=10, max_pixels=1999)
    assert "Raise max_pixels=" in caught.value.remedy
    assert prepare_image(data, max_side=10, max_pixels=2000).width == 10


def test_100_million_pixels_are_resized_without_a_warning():
    data = encode(Image.new("L", (10_000, 10_000)), "PNG")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert prepare_image(data, max_side=100).size == (100, 100)


def test_more_pixels_are_resized_with_a_raised_limit():
    data = encode(Image.new("L", (14_000, 14_000)), "PNG")
    with pytest.raises(DecompressionBombError, match="the limit is 179 million") as caught:
        prepare_image(data, max_side=100)
    assert "Raise max_pixels=" in caught.value.remedy
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert prepare_image(data, max_side=100, max_pixels=200_000_000).size == (100, 100)


def test_a_webp_over_pillows_limit_names_no_global(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    data = encode(Image.new("RGB", (50, 40), "red"), "WEBP")
    if "error_only" not in inspect.signature(Image._decompression_bomb_check).parameters:
        # Older Pillow has no limit of its own for the frames of a WebP.
        assert prepare_image(data).size == (50, 40)
        return
    with pytest.raises(DecompressionBombError, match="Pillow does not decode a WEBP") as caught:
        prepare_image(data)
    assert "Convert it to JPEG or PNG first" in caught.value.remedy
    assert "MAX_IMAGE_PIXELS" not in str(caught.value)


def icon(width, height, declared=0):
    """Return an ICO of one PNG, whose size differs from the declared one."""
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    entry = struct.pack("<BBBBHHII", declared, declared, 0, 0, 1, 32, len(head), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + head


def test_the_images_of_an_icon_are_checked_before_they_are_decoded():
    with pytest.raises(DecompressionBombError, match="20000x10000 pixels") as caught:
        prepare_image(icon(20_000, 10_000))
    assert "Raise max_pixels=" in caught.value.remedy
    with pytest.raises(DecompressionBombError, match="the limit is 64 million"):
        prepare_image(icon(10_000, 10_000))
    bitmap = struct.pack("<IiiHHI", 40, 10_000, 40_000, 1, 24, 0)
    data = struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 24, 20, 22) + bitmap
    with pytest.raises(DecompressionBombError, match="10000x20000 pixels"):
        prepare_image(data)
    assert prepare_image(encode(Image.new("RGB", (64, 64), "red"), "ICO")).size == (64, 64)


# --- the default limit of decoding ---


@pytest.fixture
def low(monkeypatch):
    """Lower the default limits of decoding, so that small images exceed them."""
    monkeypatch.setattr("xai_vision.imaging._limits.MAX_DECODED_PIXELS", 1000)
    monkeypatch.setattr("xai_vision.imaging._limits._MAX_PIXELS_OF_OTHERS", 500)


LARGE = Image.effect_noise((40, 30), 60).convert("CMYK").convert("RGB")
DECODING = [
    {"verify": True},
    {"max_side": 10},
    {"max_bytes": 400},
    {"fit": True, "limit": 400},
    {"mode": "RGB"},
    {"upright": True},
]


@pytest.mark.parametrize("options", DECODING, ids=str)
@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_each_option_that_decodes_obeys_the_default_limit(name, options, low):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(LARGE.convert("L"), name, exif=exif)
    assert prepare_image(data).read() == data
    assert prepare_image(data, orientation="ignore").size == (40, 30)
    with pytest.raises(DecompressionBombError, match="1,200; the limit is 1,000") as caught:
        prepare_image(data, **options)
    assert "Raise max_pixels=" in caught.value.remedy
    assert prepare_image(data, max_pixels=1200, **options).format in ("JPEG", "PNG")


@pytest.mark.parametrize("name", ["GIF", "BMP", "TIFF", "JPEG2000", "PPM", "AVIF", "QOI", "WEBP"])
def test_formats_that_are_converted_obey_their_default_limit(name, low):
    small, large = (encode(LARGE.resize(size), name) for size in ((25, 20), (25, 21)))
    assert prepare_image(small).size == (25, 20)
    for source in (large, Image.open(io.BytesIO(large))):
        with pytest.raises(DecompressionBombError, match="the limit is 500"):
            prepare_image(source)
        assert prepare_image(source, max_pixels=525).size == (25, 21)
    assert read_header(large).size == (25, 21)
    with pytest.raises(DecompressionBombError, match="the limit is 500"):
        decode(large)


def test_data_that_only_decoding_can_check_obeys_the_default_limit(low):
    without_end = encode(LARGE, "JPEG")[:-2] + bytes(200)
    with pytest.raises(DecompressionBombError, match="the limit is 1,000"):
        prepare_image(without_end)
    assert prepare_image(without_end, max_pixels=1200).size == (40, 30)


def test_a_prepared_image_keeps_the_limit_for_its_own_decoding(low):
    data = encode(LARGE, "PNG")
    prepared = prepare_image(data, name="noise.png")
    assert prepared.tokens.likely > 0  # not decoded
    for decode_it in (
        prepared.pil,
        pickle.loads(pickle.dumps(prepared)).pil,
        lambda: list(prepared.tiles(20)),
        lambda: prepared.draw([(0, 0, 10, 10)]),
        lambda: decode(data),
    ):
        with pytest.raises(DecompressionBombError, match="the limit is 1,000"):
            decode_it()
    allowed = prepare_image(data, max_pixels=1200)
    assert allowed.pil().size == pickle.loads(pickle.dumps(allowed)).pil().size == (40, 30)
    assert len(list(allowed.tiles(20))) > 1


def test_pixels_in_memory_are_not_decoded(low):
    assert prepare_image(LARGE).size == (40, 30)
    assert prepare_image(np.zeros((30, 40), np.uint8)).size == (40, 30)


def test_a_webp_of_34_bytes_takes_no_memory():
    size = (12_999 | 12_999 << 14).to_bytes(4, "little")
    body = b"VP8L" + (13).to_bytes(4, "little") + b"\x2f" + size + b"\x88\x88\x08" + bytes(6)
    data = b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body
    assert len(data) == 34
    tracemalloc.start()
    try:
        with pytest.raises(DecompressionBombError, match="13000x13000 pixels, 169 million"):
            prepare_image(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


def test_the_server_has_the_limit_of_jpeg_and_png():
    assert Settings().max_pixels == MAX_DECODED_PIXELS
