"""Conversions keep the pixels, and every change is reported."""

from __future__ import annotations

import io
import struct
import sys

import pytest
from PIL import Image, ImageCms, features

from examples import drawings
from tests.sample_images import builders, rotated_jpeg, sample
from xai_vision.imaging import DecompressionBombError, ImageFormatError, prepare_image

CORNERS = {
    (4, 4): drawings.RED,
    (43, 4): drawings.GREEN,
    (4, 27): drawings.BLUE,
    (43, 27): drawings.YELLOW,
}


def assert_corners(image, tolerance=8):
    assert image.size == (48, 32)
    image = image.convert("RGB")
    for position, color in CORNERS.items():
        pixel = image.getpixel(position)
        matches = all(abs(a - b) <= tolerance for a, b in zip(pixel, color, strict=True))
        assert matches, (position, pixel)


def stored(orientation):
    """Return the corners as a camera with that orientation stores them."""
    transposition = builders._STORED[orientation]
    image = builders.corners()
    return image if transposition is None else image.transpose(transposition)


def change_text(prepared):
    return " | ".join(map(str, prepared.changes))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_all_eight_orientations(kind, orientation):
    if kind == "AVIF" and "avif" not in features.modules:
        pytest.skip("this Pillow has no AVIF")
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100}
    if kind == "TIFF":
        options = {"tiffinfo": {0x0112: orientation}}
    exif = builders.exif(orientation) if kind != "TIFF" else None
    data = builders.encode(stored(orientation), kind, **options, **({"exif": exif} if exif else {}))
    prepared = prepare_image(data)
    assert prepared.size == (48, 32)
    assert_corners(prepared.pil(), 24)
    if kind in ("JPEG", "PNG"):
        assert prepared.read() == data
        assert prepared.orientation == orientation
    else:
        assert prepared.format == "PNG"
        assert prepared.orientation == 1
        with Image.open(io.BytesIO(prepared.read())) as image:
            assert_corners(image, 24)
            assert not image.getexif()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_resized_image_is_upright(orientation):
    big = rotated_jpeg(orientation, 480, 320)
    prepared = prepare_image(big, max_side=48)
    with Image.open(io.BytesIO(prepared.read())) as image:
        assert_corners(image, 24)


@pytest.mark.parametrize("name", ["alpha.webp", "icon.ico", "photo.jp2", "photo.ppm", "still.gif"])
def test_lossless_conversion_keeps_every_pixel(name):
    with Image.open(io.BytesIO(sample(name))) as original:
        expected = original.convert("RGBA").tobytes()
    prepared = prepare_image(sample(name))
    assert prepared.format == "PNG"
    assert prepared.lossless
    assert prepared.pil().convert("RGBA").tobytes() == expected
    assert change_text(prepared).startswith("converted from ")


def test_alpha_is_preserved():
    prepared = prepare_image(sample("alpha.webp"))
    image = prepared.pil()
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0))[3] == 0
    assert image.getpixel((40, 40))[3] == 255


def test_transparency_of_a_gif():
    frame = builders.badge().quantize(16)
    frame.info["transparency"] = frame.getpixel((0, 0))
    image = prepare_image(builders.encode(frame, "GIF", transparency=frame.getpixel((0, 0)))).pil()
    assert image.has_transparency_data
    converted = image.convert("RGBA")
    assert converted.getpixel((0, 0))[3] == 0
    assert converted.getpixel((48, 48))[3] == 255


def test_transparency_on_white():
    clear = Image.new("RGBA", (300, 300), (255, 0, 0, 0))
    clear.paste(builders.noise(300, 150), (0, 150))
    prepared = prepare_image(clear, max_bytes=100_000)
    assert prepared.format == "JPEG"
    assert min(prepared.pil().getpixel((10, 10))) > 250
    assert "transparency blended with white" in change_text(prepared)
    assert not prepared.lossless


def test_half_transparent_gray_on_white():
    gray = Image.merge("LA", (Image.new("L", (64, 64), 0), Image.new("L", (64, 64), 128)))
    noisy = Image.merge(
        "LA", (builders.noise(400, 400).convert("L"), Image.new("L", (400, 400), 255))
    )
    noisy.paste(gray, (0, 0))
    image = prepare_image(noisy, max_bytes=80_000).pil()
    assert image.mode == "L"
    scale = image.width / 400
    assert abs(image.getpixel((int(30 * scale), int(30 * scale))) - 127) < 6


def test_cmyk_without_a_profile():
    image = Image.merge("CMYK", [Image.new("L", (48, 32), value) for value in (0, 255, 255, 0)])
    prepared = prepare_image(builders.encode(image, "TIFF"))
    assert "CMYK to RGB by a general formula" in change_text(prepared)
    assert not prepared.lossless
    assert prepared.pil().getpixel((5, 5)) == (255, 0, 0)


def test_a_cmyk_jpeg_is_converted_only_when_reencoded():
    data = sample("photo-cmyk.jpg")
    assert prepare_image(data).read() == data
    smaller = prepare_image(data, max_side=160)
    assert smaller.pil().mode == "RGB"
    assert "CMYK" in change_text(smaller)
    sky = smaller.pil().getpixel((10, 8))
    expected = builders.photo(320, 240).getpixel((20, 16))
    assert all(abs(a - b) < 30 for a, b in zip(sky, expected, strict=True))


def test_lab_without_a_profile():
    lab = ImageCms.profileToProfile(
        builders.corners(),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    prepared = prepare_image(builders.encode(lab, "TIFF"))
    assert_corners(prepared.pil(), 6)
    assert "LAB to RGB" in change_text(prepared)


@pytest.mark.parametrize("kind", ["TIFF", "PPM"])
def test_16_bit_gray_stays_16_bit(kind):
    values = range(0, 65536, 64)
    ramp = Image.frombytes("I;16", (256, 4), struct.pack("<1024H", *values))
    # Old versions of Pillow cannot write it.
    data = b"P5 256 4 65535\n" + struct.pack(">1024H", *values)
    prepared = prepare_image(data if kind == "PPM" else builders.encode(ramp, kind))
    assert prepared.lossless
    with Image.open(io.BytesIO(prepared.read())) as image:
        assert image.mode.startswith("I")
        values = image.convert("I")
        assert values.getpixel((0, 0)) == 0
        assert values.getpixel((255, 3)) == 65472
        assert values.getpixel((100, 0)) == 6400


def test_a_16_bit_png_is_not_changed():
    for data in (builders.gray16_png(), builders.rgb16_png()):
        assert prepare_image(data).read() == data


def test_16_bits_to_8_are_not_clipped():
    prepared = prepare_image(builders.gray16_png(256, 8), max_side=128)
    image = prepared.pil()
    assert image.mode == "L"
    assert image.getpixel((0, 2)) < 4
    assert abs(image.getpixel((64, 2)) - 128) < 4
    assert image.getpixel((127, 2)) > 251
    assert "16 bits per channel reduced to 8" in change_text(prepared)


def test_the_reduction_of_a_16_bit_png_is_reported():
    prepared = prepare_image(builders.rgb16_png(64, 32), max_side=32)
    assert "16 bits per channel reduced to 8" in change_text(prepared)
    assert not prepared.lossless


def test_the_reduction_of_a_16_bit_tiff_is_reported():
    tags = [(256, 2), (257, 1), (258, 16), (262, 2), (273, 8), (277, 3), (278, 1), (279, 12)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    bits = struct.pack("<HHIHHH", 258, 3, 3, 16, 16, 16)
    offset = 8 + 12 + 2 + 12 * len(tags) + 4
    entries = entries.replace(
        struct.pack("<HHII", 258, 4, 1, 16), struct.pack("<HHII", 258, 3, 3, offset)
    )
    data = b"II*\0" + struct.pack("<I", 20) + struct.pack("<6H", 65535, 0, 256, 0, 32768, 0)
    data += struct.pack("<H", len(tags)) + entries + bytes(4) + bits[8:]
    prepared = prepare_image(data)
    assert prepared.pil().getpixel((0, 0)) == (255, 0, 1)
    assert "16 bits per channel reduced to 8" in change_text(prepared)


def test_integers_and_floats_are_scaled_to_16_bits():
    wide = Image.new("I", (2, 1))
    wide.putpixel((0, 0), -1000)
    wide.putpixel((1, 0), 1_000_000)
    prepared = prepare_image(wide)
    assert "-1000 to 1e+06" in change_text(prepared)
    assert prepared.pil().convert("I").getextrema() == (0, 65535)
    floats = Image.new("F", (3, 1))
    floats.putpixel((1, 0), 0.5)
    floats.putpixel((2, 0), 1.0)
    values = prepare_image(floats).pil().convert("I")
    assert [values.getpixel((x, 0)) for x in range(3)] == [0, 32768, 65535]
    small = Image.new("I", (1, 1), 65535)
    assert prepare_image(small).lossless
    assert prepare_image(small).pil().convert("I").getpixel((0, 0)) == 65535
    with pytest.raises(ImageFormatError, match="finite"):
        prepare_image(Image.new("F", (2, 2), float("inf")))


@pytest.mark.parametrize("name", ["animated.gif", "animated.webp", "pages.tiff"])
def test_only_the_first_frame_is_converted(name):
    prepared = prepare_image(sample(name))
    assert prepared.format == "PNG"
    assert "only the first of its frames" in change_text(prepared)
    assert not prepared.lossless
    dot = prepared.pil().convert("RGB").getpixel((7, 28))
    assert min(dot) > 200


def test_an_animated_png_is_not_changed():
    prepared = prepare_image(sample("animated.png"))
    assert prepared.animated
    assert prepared.read() == sample("animated.png")
    assert not prepare_image(sample("chart.png")).animated


def test_the_current_frame_of_a_pillow_image():
    with Image.open(io.BytesIO(sample("animated.gif"))) as image:
        image.seek(2)
        prepared = prepare_image(image)
    assert "current frame" in change_text(prepared)
    assert min(prepared.pil().convert("RGB").getpixel((39, 28))) > 200


def test_a_profile_is_preserved_if_it_fits_the_mode():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for mode, preserved in (("RGB", True), ("L", False)):
        data = builders.encode(builders.corners().convert(mode), "TIFF", icc_profile=profile)
        with Image.open(io.BytesIO(prepare_image(data).read())) as image:
            assert (image.info.get("icc_profile") == profile) is preserved


def test_conversion_removes_private_metadata():
    data = builders.encode(
        builders.photo(64, 64), "WEBP", exif=builders.exif(1), xmp=b"<x:xmpmeta>SECRET</x:xmpmeta>"
    )
    prepared = prepare_image(data)
    assert b"SECRET" not in prepared.read()
    assert b"Camera maker" not in prepared.read()
    assert "metadata removed" in change_text(prepared)
    commented = Image.open(io.BytesIO(builders.private_jpeg(1)))
    assert b"SECRET" not in prepare_image(commented, max_bytes=9000).read()


def test_heic_without_its_decoder(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    box = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic"
    with pytest.raises(ImageFormatError, match="HEIC") as caught:
        prepare_image(box + bytes(200))
    assert "pip install 'xai-vision[heic]'" in caught.value.remedy


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_with_its_decoder(orientation):
    pillow_heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    exif = builders.exif(orientation).tobytes()
    heif = pillow_heif.from_pillow(stored(orientation))
    heif.save(out, quality=-1, exif=exif, chroma=444, matrix_coefficients=0)
    prepared = prepare_image(out.getvalue())
    assert prepared.format == "PNG"
    assert change_text(prepared).startswith("converted from HEIF")
    assert_corners(prepared.pil())
    with pytest.raises(DecompressionBombError):
        prepare_image(out.getvalue(), max_pixels=100)
