"""Size limits, and the options that make an image fit."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from examples import drawings
from tests.sample_images import MIB, builders, jpeg, jpeg_of, png, png_of, rotated_jpeg
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging import (
    MAX_BYTES,
    DecompressionBombError,
    ImageFormatError,
    ImageTooLargeError,
    prepare_image,
)


def test_the_limit_is_20_mib_of_raw_bytes():
    assert MAX_BYTES == 20 * MIB
    assert prepare_image(jpeg_of(20 * MIB)).size_bytes == 20 * MIB
    assert prepare_image(png_of(20 * MIB)).size_bytes == 20 * MIB


def test_the_error_names_the_size_and_a_remedy(tmp_path):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(jpeg_of(20 * MIB + 1))
    with pytest.raises(ImageTooLargeError) as caught:
        prepare_image(path)
    error = caught.value
    assert (error.size, error.limit, error.source) == (20 * MIB + 1, 20 * MIB, "holiday.jpg")
    assert error.reason == (
        "the image has 20,971,521 bytes (20 MiB), over the limit of 20,971,520 bytes (20 MiB)."
    )
    assert "fit=True" in error.remedy
    assert str(error).startswith("holiday.jpg: the image has 20,971,521 bytes")


def test_the_limit_is_an_option():
    assert prepare_image(jpeg_of(21 * MIB), limit=32 * MIB).size_bytes == 21 * MIB
    with pytest.raises(ImageTooLargeError, match="10 MiB"):
        prepare_image(png_of(11 * MIB), limit=10 * MIB)


def test_a_huge_file_is_rejected_without_reading_it(tmp_path):
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.write(jpeg()[:-2])
        file.truncate(5 << 30)
    with pytest.raises(ImageTooLargeError, match="5120 MiB"):
        prepare_image(path)
    with pytest.raises(ImageTooLargeError, match="512 MiB"):
        prepare_image(path, fit=True)


def test_fit_uses_the_best_quality_that_fits():
    prepared = prepare_image(jpeg(1200, 900, quality=99), max_bytes=100_000)
    assert 70_000 < prepared.size_bytes <= 100_000
    assert prepared.format == "JPEG"
    assert not prepared.lossless
    assert any("quality" in str(change) for change in prepared.changes)
    original = Image.open(io.BytesIO(jpeg(1200, 900, quality=99)))
    assert difference(prepared.pil().resize(original.size), original) < 4


def test_fit_does_not_change_a_small_image():
    prepared = prepare_image(jpeg(), fit=True)
    assert prepared.read() == jpeg()
    assert prepared.changes == ()
    assert prepare_image(jpeg(), max_side=640, max_bytes=10**6).changes == ()


def test_fit_reduces_the_size_of_noise():
    prepared = prepare_image(jpeg_of(3 * MIB), max_bytes=MIB)
    assert 0.8 * MIB < prepared.size_bytes <= MIB
    assert prepared.width < 1270
    assert any("resized" in str(change) for change in prepared.changes)
    assert prepared.pil().size == prepared.size


def test_fit_first_removes_metadata():
    data = builders.private_jpeg()
    padded = data[:2] + b"\xff\xfe\x80\0" + bytes(0x7FFE) + data[2:]
    prepared = prepare_image(padded, max_bytes=12_000)
    assert prepared.lossless
    assert [str(change)[:18] for change in prepared.changes] == ["metadata removed ("]
    assert prepared.orientation == 6


def test_fit_keeps_a_png_if_possible():
    big = builders.encode(builders.chart(1600, 1200), "PNG", compress_level=0)
    prepared = prepare_image(big, max_bytes=1_000_000)
    assert prepared.format == "PNG"
    assert prepared.lossless
    assert prepared.pil().tobytes() == builders.chart(1600, 1200).tobytes()


def test_fit_blends_transparency_only_if_needed():
    noise = builders.noise(400, 400).convert("RGBA")
    noise.putalpha(Image.radial_gradient("L").resize((400, 400)))
    prepared = prepare_image(noise, max_bytes=200_000)
    assert prepared.format == "JPEG"
    assert "transparency blended with white" in map(str, prepared.changes)
    assert prepare_image(noise, max_bytes=900_000).format == "PNG"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_max_side_applies_the_orientation(orientation):
    prepared = prepare_image(rotated_jpeg(orientation, 120, 80), max_side=60)
    assert prepared.size == (60, 40)
    assert prepared.orientation == 1
    image = prepared.pil()
    assert near(image.getpixel((5, 5)), drawings.RED)
    assert near(image.getpixel((55, 5)), drawings.GREEN)
    assert near(image.getpixel((5, 35)), drawings.BLUE)


def test_max_side_of_other_kinds():
    for source in (png(), builders.gray16_png(), builders.SAMPLES["palette-alpha.png"]()):
        prepared = prepare_image(source, max_side=32)
        assert max(prepared.size) == 32
        assert prepared.format == "PNG"
    small = prepare_image(jpeg(2000, 1000), max_side=100)
    assert small.size == (100, 50)
    assert str(small.changes[0]) == "resized from 2000x1000 to 100x50"
    assert prepare_image(builders.photo(1000, 3), max_side=10).size == (10, 1)


def test_resizing_is_smooth():
    stripes = np.zeros((512, 512), np.uint8)
    stripes[:, ::2] = 255
    image = prepare_image(stripes, max_side=64).pil()
    low, high = image.crop((4, 4, 60, 60)).getextrema()
    assert 120 < low <= high < 136


def test_an_array_over_the_limit_becomes_jpeg():
    noise = np.asarray(builders.noise(600, 600))
    prepared = prepare_image(noise, limit=900_000)
    assert prepared.format == "JPEG"
    assert [change.lossy for change in prepared.changes] == [True]
    with pytest.raises(ImageTooLargeError, match="cannot be encoded") as caught:
        prepare_image(noise, limit=100_000)
    assert "fit=True" in caught.value.remedy
    assert prepare_image(noise, limit=100_000, fit=True).size_bytes <= 100_000


def test_a_limit_that_cannot_be_met():
    with pytest.raises(ImageTooLargeError) as caught:
        prepare_image(jpeg(), max_bytes=100)
    assert "max_bytes" in caught.value.remedy


def test_a_profile_that_does_not_fit_is_omitted():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    big = profile + bytes(200_000)
    data = builders.encode(
        builders.photo(), "JPEG", icc_profile=len(big).to_bytes(4, "big") + big[4:]
    )
    prepared = prepare_image(data, max_bytes=30_000)
    assert prepared.size_bytes <= 30_000
    assert prepared.width > 300


def test_convert_false_forbids_only_conversion():
    with pytest.raises(ImageFormatError, match="WEBP") as caught:
        prepare_image(builders.SAMPLES["photo.webp"](), convert=False)
    assert "convert" in caught.value.remedy
    assert prepare_image(jpeg(), convert=False).read() == jpeg()
    assert max(prepare_image(jpeg(), convert=False, max_side=99).size) == 99
    assert prepare_image(builders.corners(), convert=False).format == "PNG"


@pytest.mark.parametrize("option", ["max_side", "max_bytes", "limit", "max_pixels"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "9", True, np.float64(2)])
def test_invalid_numbers(option, value):
    with pytest.raises(InvalidRequestError, match=f"{option} must be an integer above 0"):
        prepare_image(jpeg(), **{option: value})


def test_options_that_cannot_be_none():
    with pytest.raises(InvalidRequestError, match="limit must be .* not None"):
        prepare_image(jpeg(), limit=None)
    with pytest.raises(InvalidRequestError, match="orientation must be .* not None"):
        prepare_image(jpeg(), orientation=None)


@pytest.mark.parametrize("value", ["obey", "", True, ["ignore"], 6])
def test_invalid_orientations(value):
    expected = "orientation must be 'apply' or 'ignore', not "
    with pytest.raises(InvalidRequestError, match=expected):
        prepare_image(jpeg(), orientation=value)


@pytest.mark.parametrize("value", ["rgb", "RGBA", "CMYK", True, ["RGB"]])
def test_invalid_modes(value):
    with pytest.raises(InvalidRequestError, match="mode must be None or 'RGB', not "):
        prepare_image(jpeg(), mode=value)


@pytest.mark.parametrize("option", ["fit", "convert", "strip_metadata", "verify", "upright"])
@pytest.mark.parametrize("value", ["no", 0, None, [True]])
def test_invalid_booleans(option, value):
    with pytest.raises(InvalidRequestError, match=f"{option} must be True or False, not "):
        prepare_image(jpeg(), **{option: value})


def test_numpy_numbers_are_accepted():
    options = {"max_side": np.int64(10), "limit": np.uint32(10**6), "max_bytes": np.int32(10**5)}
    assert prepare_image(jpeg(), max_pixels=np.int64(10**6), **options).size == (10, 8)


@pytest.mark.parametrize("source", [builders.corners(), np.zeros((32, 48), np.uint8)])
def test_too_many_pixels_of_an_image_object(source):
    with pytest.raises(DecompressionBombError, match="the limit is") as caught:
        prepare_image(source, max_pixels=48 * 32 - 1)
    assert "max_pixels=" in caught.value.remedy
    assert prepare_image(source, max_pixels=48 * 32).size == (48, 32)


def test_an_unknown_detail():
    with pytest.raises(InvalidRequestError, match="ultra"):
        prepare_image(jpeg(), detail="ultra")


def near(first, second, tolerance=24):
    return all(abs(a - b) <= tolerance for a, b in zip(first, second, strict=True))


def difference(first, second):
    return max(ImageStat.Stat(ImageChops.difference(first.convert("RGB"), second)).mean)
