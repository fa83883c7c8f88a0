"""Colors that formats other than PNG describe with numbers, and profiles that Pillow ignores."""

from __future__ import annotations

import base64
import io
import struct

import pytest
from PIL import Image, TiffImagePlugin

from tests.imaging.colors.test_colors import (
    ORANGE,
    ORANGE_IN_SRGB,
    SRGB_PROFILE,
    assert_color,
    change_text,
    loaded,
    lossy_changes,
    opened,
)
from tests.imaging.formats.avif_files import DISPLAY_P3, HDR_PQ, P3, PQ, avif, box, nclx, profile
from tests.sample_images import builders
from xai_vision.chat import image, user
from xai_vision.imaging import decode, prepare_image
from xai_vision.imaging._color.color_space import from_gamma
from xai_vision.imaging._color.icc_profile import icc_profile

# --- AVIF and HEIC ---


@pytest.mark.parametrize("colors", [(nclx(P3),), ()])
def test_an_avif(colors):
    data = avif(DISPLAY_P3, *colors)
    for prepared in (prepare_image(data), prepare_image(opened(data)), prepare_image(decode(data))):
        assert_color(prepared, ORANGE_IN_SRGB)
        assert lossy_changes(prepared) == ["colors converted from Display P3 to sRGB"]


def test_an_hdr_avif():
    prepared = prepare_image(avif(HDR_PQ, nclx(PQ), bits=10))
    assert lossy_changes(prepared) == [
        "10 bits per channel reduced to 8",
        "colors tone-mapped from BT.2020, HDR, PQ to sRGB",
    ]
    assert_color(prepared, (255, 57, 0), 2)


def test_an_icc_profile_of_an_avif_counts_more_than_its_numbers():
    prepared = prepare_image(avif(DISPLAY_P3, nclx(P3), profile(SRGB_PROFILE)))
    assert opened(prepared.read()).info["icc_profile"] == SRGB_PROFILE
    assert prepared.pil().getpixel((5, 5)) == ORANGE
    assert prepared.lossless


def test_a_loaded_avif_hides_its_colors():
    prepared = prepare_image(loaded(avif(DISPLAY_P3, nclx(P3))))
    assert not prepared.lossless
    assert "does not tell" in change_text(prepared)


def heif_of(color, **options):
    pillow_heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    options = {"quality": -1, "chroma": 444, "matrix_coefficients": 0, **options}
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), color)).save(out, **options)
    return out.getvalue()


def heif(color, numbers, **options):
    names = ("color_primaries", "transfer_characteristics")
    return heif_of(color, **dict(zip(names, numbers, strict=True)), **options)


def opened_by_pillow_heif(data):
    import pillow_heif

    return pillow_heif.open_heif(io.BytesIO(data)).to_pillow()


@pytest.mark.parametrize("read", [bytes, opened_by_pillow_heif])
@pytest.mark.parametrize(
    ("color", "numbers", "result", "name"),
    [
        (ORANGE, P3, ORANGE_IN_SRGB, "converted from Display P3"),
        (ORANGE, (12, 1), ORANGE_IN_SRGB, "converted from Display P3, video curve"),
        ((112, 112, 112), PQ, (136, 136, 136), "tone-mapped from BT.2020, HDR, PQ"),
        ((128, 128, 128), (9, 18), (137, 137, 137), "tone-mapped from BT.2020, HDR, HLG"),
        ((128, 128, 128), (1, 8), (188, 188, 188), "converted from BT.709, linear"),
    ],
)
def test_a_heic(read, color, numbers, result, name):
    prepared = prepare_image(read(heif(color, numbers)))
    assert_color(prepared, result, 2)
    assert lossy_changes(prepared) == [f"colors {name} to sRGB"]


@pytest.mark.parametrize("read", [bytes, decode])
@pytest.mark.parametrize(
    ("numbers", "result"), [(P3, ORANGE_IN_SRGB), (PQ, (255, 57, 0)), ((1, 13), ORANGE)]
)
def test_a_heic_whose_compressed_data_has_the_colors(read, numbers, result):
    data = heif(ORANGE, numbers)
    assert data.count(b"colr") == 1
    prepared = prepare_image(read(data.replace(b"colr", b"free")))
    assert_color(prepared, result, 2)
    assert prepared.lossless is (result == ORANGE)


def test_bt601_in_the_compressed_data_of_a_heic_is_ignored():
    data = heif(ORANGE, (5, 6)).replace(b"colr", b"free")
    assert_color(prepare_image(data), ORANGE, 0)
    assert prepare_image(data).lossless


def test_a_heic_in_srgb():
    prepared = prepare_image(heif(ORANGE, (1, 13)))
    assert_color(prepared, ORANGE, 0)
    assert prepared.lossless


def test_a_heic_sent_over_the_wire(server, client):
    data = heif(ORANGE, P3)
    url = f"data:image/heic;base64,{base64.b64encode(data).decode()}"
    client.chat.create("grok-4", messages=[user("What?", image(data), image(url))]).sample()
    for sent in server.calls.last.images:
        assert sent.format == "PNG"
        assert sent.pil().getpixel((5, 5)) == ORANGE_IN_SRGB


# --- other formats ---


def test_a_gray_profile_is_kept_with_16_bits():
    gray = icc_profile(from_gamma(1.8, None), gray=True)
    for source in (opened(builders.gray16_png()), Image.new("L", (9, 9), 7)):
        data = builders.encode(source, "TIFF", icc_profile=gray)
        prepared = prepare_image(data)
        assert prepared.lossless
        assert opened(prepared.read()).info["icc_profile"] == gray


def test_dropping_a_profile_for_other_colors_is_reported():
    data = builders.encode(Image.new("L", (9, 9), 7), "TIFF", icc_profile=SRGB_PROFILE)
    prepared = prepare_image(data)
    assert lossy_changes(prepared) == ["color profile for other colors dropped"]


def bmp(color_type, endpoints=(0,) * 9, gamma=(0,) * 3, icc=b"", color=ORANGE):
    """Build a BMP of one color with a header of version 5."""
    row = bytes(color[::-1]) * 8
    offset = 14 + 124 + 8 * len(row)
    header = struct.pack("<IiiHHIIiiII", 124, 8, 8, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(16)
    header += struct.pack("<I9i3I", color_type, *endpoints, *gamma)
    header += struct.pack("<4I", 0, offset - 14 if icc else 0, len(icc), 0)
    return b"BM" + struct.pack("<IHHI", offset + len(icc), 0, 0, 138) + header + row * 8 + icc


def endpoints(*chromaticities):
    """Return primaries as XYZ, scaled so that their sum is white (Display P3)."""
    luminances = (0.22897, 0.69174, 0.07929)
    values = []
    for (x, y), luminance in zip(chromaticities, luminances, strict=True):
        values += [x / y * luminance, luminance, (1 - x - y) / y * luminance]
    return [round(value * 2**30) for value in values]


def test_a_bmp_with_primaries():
    primaries = endpoints((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
    for gamma in (2.2, 1 / 2.2):
        prepared = prepare_image(bmp(0, primaries, (round(gamma * 65536),) * 3))
        assert_color(prepared, (216, 93, 24))  # with a gamma of 2.2 instead of that of sRGB
        assert not prepared.lossless
    for color_type, values in ((0x73524742, primaries), (0, (0,) * 9)):
        assert_color(prepare_image(bmp(color_type, values, (0,) * 3)), ORANGE, 0)


def test_a_bmp_with_a_profile():
    prepared = prepare_image(bmp(0x4D424544, icc=SRGB_PROFILE))
    assert opened(prepared.read()).info["icc_profile"] == SRGB_PROFILE
    assert prepared.lossless


@pytest.mark.parametrize(("space", "result"), [(0, 128), (1, 188)])
def test_a_qoi(space, result):
    data = b"qoif" + struct.pack(">IIBB", 8, 8, 3, space) + b"\xfe\x80\x80\x80" + b"\xfd\xfd"
    prepared = prepare_image(data[:-1] + bytes((0xC0 | 61, 0xC0)) + bytes(7) + b"\1")
    assert_color(prepared, (result,) * 3)
    assert prepared.lossless is (space == 0)


def jpeg2000(colors):
    """Replace the color specification of a JPEG 2000."""
    data = builders.encode(Image.new("RGB", (16, 16), ORANGE), "JPEG2000")
    at = data.index(b"jp2h") - 4
    end = at + int.from_bytes(data[at : at + 4], "big")
    header = box(b"jp2h", data[at + 8 : data.index(b"colr") - 4], colors)
    return data[:at] + header + data[end:]


def test_the_profile_of_a_jpeg_2000_is_kept():
    prepared = prepare_image(jpeg2000(box(b"colr", b"\2\0\0" + SRGB_PROFILE)))
    assert opened(prepared.read()).info["icc_profile"] == SRGB_PROFILE
    assert prepared.lossless


def test_an_unknown_space_of_a_jpeg_2000_is_reported():
    prepared = prepare_image(jpeg2000(box(b"colr", struct.pack(">BBBI", 1, 0, 0, 21))))
    assert lossy_changes(prepared) == ["colors of an unknown kind (JPEG 2000 21) taken for sRGB"]


def tiff(tags):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, values in tags.items():
        info[tag] = values
    return builders.encode(Image.new("RGB", (16, 16), ORANGE), "TIFF", tiffinfo=info)


WHITE, P3_PRIMARIES = (0.3127, 0.329), (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


def test_a_tiff_with_primaries():
    data = tiff({318: WHITE, 319: P3_PRIMARIES})
    for prepared in (prepare_image(data), prepare_image(opened(data))):
        assert_color(prepared, ORANGE_IN_SRGB)
        assert lossy_changes(prepared) == ["colors converted from its own primaries to sRGB"]
    usual = tiff({318: WHITE, 319: (0.64, 0.33, 0.3, 0.6, 0.15, 0.06)})
    assert prepare_image(usual).lossless


def test_the_transfer_function_of_a_tiff_is_reported():
    prepared = prepare_image(tiff({301: tuple(range(0, 65536, 256)) * 3}))
    assert lossy_changes(prepared) == ["its transfer function (TIFF tag 301) is not applied"]
