"""mode="RGB" sends 8-bit RGB, with the right colors, and keeps JPEG as the format."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.sample_images import builders, jpeg, png
from xai_vision.chat import image, user
from xai_vision.imaging import prepare_image, read_header

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# Cyan, magenta, yellow, black, in percent of ink.
INKS = [(0, 0, 0, 0), (100, 0, 0, 0), (0, 100, 100, 0), (20, 60, 10, 30), (0, 0, 0, 100)]


def encode(source, name, **options):
    out = io.BytesIO()
    source.save(out, name, **options)
    return out.getvalue()


def cmyk(inks, size=(40, 24)):
    return Image.new("CMYK", size, tuple(round(ink * 2.55) for ink in inks))


def by_formula(inks):
    """Return red, green and blue: each ink and black absorb their part of the light."""
    *colors, black = inks
    return [255 * (1 - ink / 100) * (1 - black / 100) for ink in colors]


def as_ycck(data):
    """Declare the components of an Adobe CMYK JPEG to be Y, Cb, Cr and K."""
    at = data.index(b"Adobe") + 11
    assert data[at] == 0
    return data[:at] + b"\2" + data[at + 1 :]


def cmyk_profile():
    """Return an ICC profile in which cyan, magenta, yellow and their mixtures are a medium gray."""
    grid = [255, 0] + [128, 0] * 7  # the lightness without black, and with it
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0))
    lut += struct.pack(">9i", *(65536 if n % 4 == 0 else 0 for n in range(9)))
    lut += bytes(range(256)) * 4 + b"".join(bytes((value, 128, 128)) for value in grid)
    lut += bytes(range(256)) * 3
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags = {b"desc": text, b"wtpt": white, b"A2B0": lut, b"cprt": b"text" + bytes(4) + b"none\0"}
    table, body = struct.pack(">I", len(tags)), b""
    for name, payload in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(payload))
        body += payload + bytes(-len(payload) % 4)
    head = struct.pack(">I4sI4s4s4s", 0, b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    profile = head.ljust(128, b"\0") + table + body
    return struct.pack(">I", len(profile)) + profile[4:]


def sent(prepared):
    return Image.open(io.BytesIO(prepared.read()))


def assert_color(result, expected, tolerance):
    values = np.asarray(result, dtype=float).reshape(-1, 3)
    assert np.abs(values - expected).max() <= tolerance


@pytest.mark.parametrize("inks", INKS)
def test_a_cmyk_jpeg_becomes_an_rgb_jpeg(inks):
    data = encode(cmyk(inks), "JPEG", quality=100)
    prepared = prepare_image(data, mode="RGB")
    result = sent(prepared)
    assert (prepared.format, result.mode, result.size) == ("JPEG", "RGB", (40, 24))
    assert_color(result, by_formula(inks), 2)
    assert [str(change) for change in prepared.changes] == [
        "colors converted from CMYK to RGB by a general formula",
        "encoded again as JPEG of the same quality",
    ]
    assert not prepared.lossless
    assert prepare_image(data).read() == data


@pytest.mark.parametrize("stored", [(200, 128, 128, 255), (120, 90, 180, 255), (80, 150, 100, 160)])
def test_a_ycck_jpeg(stored):
    inverted = tuple(255 - value for value in stored)  # as Adobe stores CMYK
    data = as_ycck(encode(Image.new("CMYK", (40, 24), inverted), "JPEG", quality=100))
    y, blue, red, black = stored
    light = (
        y + 1.402 * (red - 128),
        y - 0.344136 * (blue - 128) - 0.714136 * (red - 128),
        y + 1.772 * (blue - 128),
    )
    expected = [(255 - value) * black / 255 for value in light]
    result = sent(prepare_image(data, mode="RGB"))
    assert (result.mode, result.format) == ("RGB", "JPEG")
    assert_color(result, expected, 2)


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_a_cmyk_profile_is_applied_and_not_attached(name):
    data = encode(cmyk((100, 0, 0, 0)), name, icc_profile=cmyk_profile())
    prepared = prepare_image(data, mode="RGB")
    result = sent(prepared)
    assert_color(result, [119, 119, 119], 2)  # L* of 50 in sRGB
    assert "icc_profile" not in result.info
    text = "colors converted from CMYK to RGB by its color profile"
    assert text in map(str, prepared.changes)


def test_a_broken_cmyk_profile_is_not_attached():
    data = encode(cmyk((0, 100, 100, 0)), "JPEG", icc_profile=cmyk_profile()[:140], quality=100)
    result = sent(prepare_image(data, mode="RGB"))
    assert_color(result, [255, 0, 0], 2)
    assert "icc_profile" not in result.info


def test_the_quality_is_that_of_the_file():
    for quality in (40, 90):
        data = encode(builders.photo(120, 80).convert("CMYK"), "JPEG", quality=quality)
        result = sent(prepare_image(data, mode="RGB"))
        assert result.quantization[0] == Image.open(io.BytesIO(data)).quantization[0]
        expected = Image.open(io.BytesIO(data)).convert("RGB")
        error = np.abs(np.asarray(result, dtype=int) - np.asarray(expected, dtype=int)).mean()
        assert error < (8 if quality == 40 else 4)


MODES = ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK", "YCbCr", "LAB", "I", "F", "PA", "La", "HSV"]


@pytest.mark.parametrize("mode", MODES)
def test_a_pillow_image_of_any_mode(mode):
    if mode == "La":
        source = builders.corners().convert("LA").convert("La")
    elif mode == "PA":
        source = builders.corners().convert("P").convert("PA")
    elif mode == "LAB":
        to_lab = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        )
        source = ImageCms.applyTransform(builders.corners(), to_lab)
    elif mode == "I;16":
        source = Image.new("I;16", (40, 24), 0x8000)
    else:
        source = builders.corners().convert(mode)
    prepared = prepare_image(source, mode="RGB")
    result = sent(prepared)
    assert (prepared.format, result.mode, result.info) == ("PNG", "RGB", {})
    gray = source.mode in ("1", "L", "LA", "La", "I", "F")
    if mode == "I;16":
        assert result.getextrema() == ((0x80, 0x80),) * 3
        assert not prepared.lossless
    else:
        expected = source if mode in ("1", "P", "PA") else builders.corners()
        expected = expected.convert("L" if gray else "RGB")
        expected = np.asarray(expected.convert("RGB"), dtype=int)
        assert np.abs(np.asarray(result, dtype=int) - expected).max() <= 8  # HSV and LAB are coarse
    if mode in ("1", "L", "P", "RGBA"):
        assert result.tobytes() == source.convert("RGB").tobytes()


def test_transparency_is_blended_with_white():
    for source in (Image.new("RGBA", (4, 4), (255, 0, 0, 128)), Image.new("LA", (4, 4), (0, 128))):
        prepared = prepare_image(encode(source, "PNG"), mode="RGB")
        color = (255, 127, 127) if source.mode == "RGBA" else (127, 127, 127)
        assert sent(prepared).getpixel((0, 0)) == pytest.approx(color, abs=1)
        assert "transparency blended with white" in map(str, prepared.changes)
        assert not prepared.lossless


def test_a_transparent_color_of_a_png_is_blended_with_white():
    source = Image.new("RGB", (4, 4), (10, 20, 30))
    source.putpixel((1, 1), (200, 0, 0))
    prepared = prepare_image(encode(source, "PNG", transparency=(200, 0, 0)), mode="RGB")
    assert sent(prepared).getpixel((1, 1)) == (255, 255, 255)
    assert sent(prepared).getpixel((0, 0)) == (10, 20, 30)
    assert "transparency" not in sent(prepared).info


def test_a_png_of_16_bits_per_color():
    wide = png_of_16_bits()
    prepared = prepare_image(wide, mode="RGB")
    header = read_header(prepared.read())
    assert (header.mode, header.bits) == ("RGB", 8)
    assert sent(prepared).getpixel((0, 0)) == (0x12, 0x56, 0x9A)
    assert "16 bits per channel reduced to 8" in map(str, prepared.changes)
    assert not prepared.lossless


def png_of_16_bits():
    return builders.write_png(8, 4, 16, 2, [bytes.fromhex("123456789abc") * 8] * 4)


@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_a_gray_image_becomes_rgb(name):
    source = builders.photo(120, 80).convert("L")
    data = encode(source, name, **({"quality": 95} if name == "JPEG" else {}))
    prepared = prepare_image(data, mode="RGB")
    result = sent(prepared)
    assert (prepared.format, result.mode) == (name, "RGB")
    expected = Image.open(io.BytesIO(data)).convert("RGB")
    error = np.abs(np.asarray(result, dtype=int) - np.asarray(expected, dtype=int)).max()
    assert error <= (8 if name == "JPEG" else 0)
    assert prepared.lossless == (name == "PNG")


def test_a_gray_profile_is_applied():
    gray = ImageCms.ImageCmsProfile(io.BytesIO(gray_profile(gamma=1.0))).tobytes()
    data = encode(Image.new("L", (8, 8), 55), "PNG", icc_profile=gray)
    prepared = prepare_image(data, mode="RGB")
    assert sent(prepared).getpixel((0, 0)) == pytest.approx((127, 127, 127), abs=3)
    assert "icc_profile" not in sent(prepared).info
    assert "grayscale converted to RGB by its color profile" in map(str, prepared.changes)
    assert not prepared.lossless


def gray_profile(gamma):
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(79)
    tags = {b"desc": text, b"wtpt": white, b"kTRC": curve, b"cprt": b"text" + bytes(4) + b"none"}
    table, body = struct.pack(">I", len(tags)), b""
    for name, payload in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(payload))
        body += payload
    head = struct.pack(">I4sI4s4s4s", 0, b"lcms", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    profile = head.ljust(128, b"\0") + table + body
    return struct.pack(">I", len(profile)) + profile[4:]


def test_an_rgb_profile_is_kept():
    data = encode(builders.corners().convert("RGBA"), "PNG", icc_profile=SRGB)
    assert sent(prepare_image(data, mode="RGB")).info["icc_profile"] == SRGB


def test_rgb_is_sent_unchanged():
    for data in (jpeg(), png(), encode(builders.corners(), "JPEG", keep_rgb=True)):
        prepared = prepare_image(data, mode="RGB")
        assert prepared.read() == data
        assert prepared.changes == ()


def test_together_with_other_options():
    data = encode(builders.photo(120, 80).convert("CMYK"), "JPEG")
    small = prepare_image(data, mode="RGB", max_side=60)
    assert (sent(small).mode, small.size) == ("RGB", (60, 40))
    few = prepare_image(data, mode="RGB", max_bytes=2000)
    assert sent(few).mode == "RGB"
    assert few.size_bytes <= 2000
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encode(builders.photo(120, 80).convert("CMYK"), "JPEG", exif=exif)
    both = prepare_image(turned, mode="RGB", upright=True)
    assert (sent(both).mode, both.size, both.orientation) == ("RGB", (80, 120), 1)
    array = prepare_image(np.zeros((8, 8), np.uint8), mode="RGB")
    assert sent(array).mode == "RGB"


def test_the_server_gets_rgb(client, server):
    data = encode(cmyk((0, 100, 100, 0)), "JPEG", quality=95)
    client.chat.create("grok-4.5").append(user("What?", image(data, mode="RGB"))).sample()
    received = server.calls.last.images[0]
    assert received.colors == ("red",)
    assert Image.open(io.BytesIO(received.data)).mode == "RGB"
