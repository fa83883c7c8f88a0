"""upright= turns the pixels of a JPEG or PNG, here without the extra ``lossless``."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.orientation.test_orientation import CASES
from tests.imaging.orientation.turned_files import (
    ORIENTATIONS,
    SRGB,
    difference,
    encode,
    pixels,
    reference,
    scene,
    sent,
)
from tests.sample_images import jpeg, png
from xai_vision.imaging import (
    ImageCorruptError,
    ImageSourceError,
    ImageTooLargeError,
    ImageTruncatedError,
    TextImageUrl,
    prepare_image,
)


@pytest.fixture(autouse=True, scope="module")
def _no_jpeglib():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "jpeglib", None)
        yield


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("size", [(48, 32), (45, 31)])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_jpeg_is_turned_and_stays_a_jpeg_of_its_quality(orientation, size, subsampling):
    data = encode(
        scene(*size), "JPEG", orientation, quality=95, subsampling=subsampling, icc_profile=SRGB
    )
    prepared = prepare_image(data, upright=True)
    image = sent(prepared)
    assert image.size == prepared.size == reference(data).size
    assert difference(image, reference(data)) < 2
    assert prepared.format == "JPEG"
    assert prepared.orientation == 1
    assert 0x0112 not in image.getexif()
    assert image.info["icc_profile"] == SRGB
    assert {sum(table) for table in image.quantization.values()} == {
        sum(table) for table in Image.open(io.BytesIO(data)).quantization.values()
    }
    assert f"applied EXIF orientation {orientation}" in map(str, prepared.changes)
    assert not prepared.lossless
    assert f"{image.width}x{image.height}" in prepared.describe()
    assert difference(prepared.pil(), image) == 0
    assert prepared.size_bytes < 1.5 * len(data)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0", "4:2:2"])
def test_the_color_resolution_is_kept(subsampling):
    data = encode(scene(), "JPEG", 3, subsampling=subsampling)
    layers = [Image.open(io.BytesIO(data)).layer, sent(prepare_image(data, upright=True)).layer]
    assert layers[0] == layers[1]


def test_a_turned_4_2_2_keeps_all_colors():
    data = encode(scene(), "JPEG", 6, subsampling="4:2:2")
    assert {part[1:3] for part in sent(prepare_image(data, upright=True)).layer} == {(1, 1)}


def test_quantization_tables_are_turned_with_the_pixels():
    tables = [list(range(1, 65)), list(range(64, 0, -1))]
    data = encode(scene(), "JPEG", 6, qtables=tables)
    turned = sent(prepare_image(data, upright=True)).quantization
    assert [list(turned[n]) for n in (0, 1)] == [
        np.reshape(table, (8, 8)).T.ravel().tolist() for table in tables
    ]


@pytest.mark.parametrize("options", [{"progressive": True}, {"keep_rgb": True}, {"optimize": True}])
@pytest.mark.parametrize("quality", [30, 100])
def test_other_kinds_of_jpeg(options, quality):
    noise = Image.effect_noise((64, 40), 90).convert("RGB")
    for image in (noise, scene(64, 40)):
        data = encode(image, "JPEG", 8, quality=quality, **options)
        prepared = prepare_image(data, upright=True, verify=True)
        assert prepared.size == (40, 64)
        assert difference(sent(prepared), reference(data)) < (6 if quality == 30 else 2)


def test_a_gray_and_a_cmyk_jpeg_keep_their_mode():
    for mode in ("L", "CMYK"):
        data = encode(scene().convert(mode), "JPEG", 6, quality=95)
        image = sent(prepare_image(data, upright=True))
        assert image.mode == mode
        assert difference(image, reference(data)) < 2


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "I;16"])
def test_a_png_is_turned_without_loss(orientation, mode):
    source = scene().convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        source = source.convert("I").point(lambda value: value * 257).convert("I;16")
    data = encode(source, "PNG", orientation)
    prepared = prepare_image(data, upright=True)
    assert prepared.lossless
    assert prepared.orientation == 1
    image, expected = sent(prepared), reference(data)
    assert image.size == prepared.size == expected.size
    assert image.mode == expected.mode
    assert image.convert("RGBA").tobytes() == expected.convert("RGBA").tobytes()


@pytest.mark.parametrize("orientation", [1, *ORIENTATIONS])
@pytest.mark.parametrize("name", ["WEBP", "TIFF", "AVIF"])
def test_other_formats_are_upright_anyway(orientation, name):
    options = {"lossless": True} if name == "WEBP" else {}
    data = encode(scene(), name, orientation, **options)
    plain, upright = prepare_image(data), prepare_image(data, upright=True)
    assert plain.read() == upright.read()
    assert plain.changes == upright.changes
    assert difference(sent(upright), reference(data)) < 1


def test_an_upright_file_is_sent_unchanged():
    for data in (jpeg(), png(), encode(scene(), "JPEG", 1), encode(scene(), "PNG", 1)):
        prepared = prepare_image(data, upright=True)
        assert prepared.read() == data
        assert prepared.changes == ()


def test_upright_together_with_other_options(tmp_path):
    data = encode(scene(480, 320), "JPEG", 6, quality=90)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    assert prepare_image(path, upright=True).size == (320, 480)
    small = prepare_image(data, upright=True, max_side=48)
    assert small.size == (32, 48)
    assert sum("orientation" in str(change) for change in small.changes) == 1
    stripped = prepare_image(data, upright=True, strip_metadata=True)
    assert stripped.read() == prepare_image(data, upright=True).read()
    few = prepare_image(data, upright=True, max_bytes=4000)
    assert few.size_bytes <= 4000
    assert sum("orientation" in str(change) for change in few.changes) == 1
    again = prepare_image(prepare_image(data), upright=True)
    assert again.size == (320, 480)
    assert again.orientation == 1


def test_a_turned_file_over_the_limit_is_refused():
    image = Image.effect_noise((400, 300), 90).convert("RGB")
    data = encode(image, "JPEG", 6, quality=70, subsampling="4:2:2")
    turned = prepare_image(data, upright=True)  # larger: it has all colors
    assert turned.size_bytes > len(data)
    with pytest.raises(ImageTooLargeError) as caught:
        prepare_image(data, upright=True, limit=len(data))
    assert caught.value.size == turned.size_bytes
    assert "fit=True" in caught.value.remedy
    fitted = prepare_image(data, upright=True, limit=len(data), fit=True)
    assert fitted.size_bytes <= len(data)
    assert sent(fitted).height > sent(fitted).width


@pytest.mark.parametrize("source", ["https://example.com/a.jpg", TextImageUrl("https://a.de/b")])
@pytest.mark.parametrize("options", [{"upright": True}, {"orientation": "ignore"}, {"mode": "RGB"}])
def test_a_url_cannot_be_turned(source, options):
    with pytest.raises(ImageSourceError, match=f"{next(iter(options))}= is not supported") as error:
        prepare_image(source, **options)
    assert "Download" in error.value.remedy


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # of a directory with too few entries
def test_an_orientation_wherever_it_is_stored(name):
    before = prepare_image(CASES[name])
    for options in ({"upright": True}, {"orientation": "ignore"}):
        after = prepare_image(CASES[name], **options)
        assert after.orientation == 1
        assert sent(after).getexif().get(0x0112, 1) == 1
        assert b"Orientation" not in after.read() or before.orientation == 1
        size = before.size if "upright" in options else sent(before).size
        assert after.size == sent(after).size == size


@settings(max_examples=60)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    orientation=st.integers(1, 8),
    mode=st.sampled_from(["L", "RGB", "CMYK"]),
    subsampling=st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]),
    quality=st.integers(85, 100),
    color=st.integers(0, 255),
)
def test_jpegs_of_any_kind(size, orientation, mode, subsampling, quality, color):
    source = Image.new("RGB", size, (color, 255 - color, 90)).convert(mode)
    data = encode(source, "JPEG", orientation, subsampling=subsampling, quality=quality)
    for options in ({"upright": True}, {"upright": True, "mode": "RGB"}):
        prepared = prepare_image(data, **options)
        image, expected = sent(prepared), reference(data)
        assert image.size == prepared.size == expected.size
        assert image.mode == options.get("mode", mode)
        assert np.abs(pixels(image) - pixels(expected)).max() <= 6


def test_a_multi_picture_file_says_what_is_lost():
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    scene().save(out, "MPO", save_all=True, append_images=[scene()], exif=exif)
    prepared = prepare_image(out.getvalue(), upright=True)
    assert prepared.size == (32, 48)
    assert not prepared.multi_image
    assert "only the first of its images is sent" in map(str, prepared.changes)


def test_a_broken_jpeg_is_reported():
    data = encode(scene(480, 320), "JPEG", 6)
    with pytest.raises(ImageTruncatedError):
        prepare_image(data[: len(data) // 2], upright=True)
    at = data.index(b"\xff\xc4") + 4  # the code lengths of the first Huffman table
    with pytest.raises(ImageCorruptError, match="cannot be decoded"):
        prepare_image(data[:at] + bytes([1] * 17) + data[at + 17 :], upright=True)
