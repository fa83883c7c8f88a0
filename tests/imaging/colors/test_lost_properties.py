"""What a file has beside 8-bit pixels of one image: each loss is reported, and only a loss is."""

from __future__ import annotations

import io

import pytest
from PIL import Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from tests.imaging.formats.avif_files import (
    DISPLAY_P3,
    HDR_PQ,
    TWELVE_BITS,
    avif,
    item,
    nclx,
    reference,
)
from tests.sample_images import builders
from xai_vision.imaging import prepare_image


def opened(data):
    return Image.open(io.BytesIO(data))


def changes(prepared):
    return [str(change) for change in prepared.changes]


def lossy_changes(prepared):
    return [str(change) for change in prepared.changes if change.lossy]


SRGB_NUMBERS = nclx((1, 13))
PHOTO = builders.photo(64, 48)


def heif_file():
    return pytest.importorskip("pillow_heif")


def heic(*sources, **options):
    pillow_heif = heif_file()
    heif = pillow_heif.HeifFile()
    for source in sources:
        heif.add_from_pillow(source)
    out = io.BytesIO()
    heif.save(out, **options)
    return out.getvalue()


def deep_heic(mode, bits):
    pillow_heif = heif_file()
    channels = {"RGB": 3, "RGBA": 4, "L": 1}[mode]
    data = bytes(range(256)) * (64 * 48 * channels * 2 // 256)
    heif = pillow_heif.from_bytes(mode=f"{mode};16", size=(64, 48), data=data)
    out = io.BytesIO()
    heif.save(out, quality=-1, bit_depth=bits)
    return out.getvalue()


def opened_by_pillow_heif(data):
    return heif_file().open_heif(io.BytesIO(data)).to_pillow()


# --- bits ---


@pytest.mark.parametrize("read", [bytes, opened_by_pillow_heif])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("bits", [10, 12])
def test_bits_of_a_heic(read, mode, bits):
    prepared = prepare_image(read(deep_heic(mode, bits)))
    assert lossy_changes(prepared) == [f"{bits} bits per channel reduced to 8"]


def test_a_gray_heic_keeps_its_bits():
    prepared = prepare_image(deep_heic("L", 10))
    assert prepared.lossless
    assert opened(prepared.read()).mode.startswith("I")


def test_a_heic_of_8_bits():
    assert prepare_image(heic(PHOTO)).lossless


@pytest.mark.parametrize("read", [bytes, opened])
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_bits_of_an_avif(read, bits):
    data = avif({8: DISPLAY_P3, 10: HDR_PQ, 12: TWELVE_BITS}[bits], SRGB_NUMBERS, bits=bits)
    lost = [f"{bits} bits per channel reduced to 8"] if bits > 8 else []
    assert lossy_changes(prepare_image(read(data))) == lost


@pytest.mark.parametrize("read", [bytes, opened])
def test_bits_of_a_jpeg_2000(read):
    data = builders.encode(PHOTO, "JPEG2000")
    assert prepare_image(read(data)).lossless
    size = data.index(b"\xff\x51")
    depths = data[size + 40 : size + 49]
    assert depths == b"\7\1\1" * 3
    deep = data[: size + 40] + b"\x0b\1\1" * 3 + data[size + 49 :]
    assert lossy_changes(prepare_image(read(deep))) == ["12 bits per channel reduced to 8"]


def test_a_loaded_jpeg_2000_does_not_tell_its_bits():
    image = opened(builders.encode(PHOTO, "JPEG2000"))
    image.load()
    assert ["does not tell" in change for change in lossy_changes(prepare_image(image))] == [True]


# --- further images ---


@pytest.mark.parametrize("primary", [0, 1, 2])
def test_a_heic_of_several_images(primary):
    colors = ["red", "lime", "blue"]
    data = heic(
        *(Image.new("RGB", (64, 48), color) for color in colors),
        primary_index=primary,
        quality=-1,
        chroma=444,
        matrix_coefficients=0,
    )
    prepared = prepare_image(data)
    assert lossy_changes(prepared) == ["only the primary of its 3 images is sent"]
    expected = Image.new("RGB", (1, 1), colors[primary]).getpixel((0, 0))
    assert prepared.pil().getpixel((5, 5)) == expected


def test_a_heic_with_a_depth_map_and_a_gain_map():
    image = opened_by_pillow_heif(heic(PHOTO))
    image.info["depth_images"] = [object()]
    image.info["aux"] = {"urn:com:apple:photo:2020:aux:hdrgainmap": [3]}
    assert lossy_changes(prepare_image(image)) == [
        "its HDR gain map is not applied",
        "its depth map is not sent",
    ]


@pytest.mark.parametrize("read", [bytes, opened])
def test_an_avif_of_several_images(read):
    data = avif(DISPLAY_P3, SRGB_NUMBERS, others=(item(2), item(3)))
    assert lossy_changes(prepare_image(read(data))) == ["only the primary of its 3 images is sent"]


def test_an_avif_with_a_gain_map():
    others = (item(2, b"tmap"), item(3, hidden=True))
    links = (reference(b"dimg", 2, 1, 3),)
    data = avif(DISPLAY_P3, SRGB_NUMBERS, others=others, references=links)
    assert lossy_changes(prepare_image(data)) == ["its HDR gain map is not applied"]


def test_an_avif_with_a_thumbnail_and_a_mask():
    links = (reference(b"thmb", 2, 1), reference(b"auxl", 3, 1))
    data = avif(DISPLAY_P3, SRGB_NUMBERS, others=(item(2), item(3)), references=links)
    assert prepare_image(data).lossless


# --- metadata ---


def tagged_tiff(**options):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[270] = "A description"
    return builders.encode(PHOTO, "TIFF", tiffinfo=info, **options)


def commented_png():
    info = PngInfo()
    info.add_text("Author", "Somebody")
    return builders.encode(PHOTO, "PNG", pnginfo=info)


EXIF = builders.exif(1).tobytes()
XMP = b"<x:xmpmeta>text</x:xmpmeta>"
WITH_METADATA = {
    "PNG text": commented_png,
    "PNG EXIF": lambda: builders.encode(PHOTO, "PNG", exif=EXIF),
    "JPEG EXIF": lambda: builders.encode(PHOTO, "JPEG", exif=EXIF),
    "JPEG comment": lambda: builders.encode(PHOTO, "JPEG", comment=b"text"),
    "WEBP EXIF": lambda: builders.encode(PHOTO, "WEBP", exif=EXIF, lossless=True),
    "WEBP XMP": lambda: builders.encode(PHOTO, "WEBP", xmp=XMP, lossless=True),
    "AVIF EXIF": lambda: builders.encode(PHOTO, "AVIF", exif=EXIF),
    "AVIF XMP": lambda: builders.encode(PHOTO, "AVIF", xmp=XMP),
    "GIF comment": lambda: builders.encode(PHOTO.convert("P"), "GIF", comment=b"text"),
    "TIFF description": tagged_tiff,
    "TIFF EXIF": lambda: builders.encode(PHOTO, "TIFF", exif=EXIF),
    "JPEG2000 comment": lambda: builders.encode(PHOTO, "JPEG2000", comment="text"),
    "HEIC EXIF": lambda: heic(PHOTO, exif=EXIF),
    "HEIC XMP": lambda: heic(PHOTO, xmp=XMP),
}


def only_turned():
    exif = Image.Exif()
    exif[274] = 6
    return exif.tobytes()


WITHOUT_METADATA = {
    "PNG": lambda: builders.encode(PHOTO, "PNG"),
    "JPEG": lambda: builders.encode(PHOTO, "JPEG"),
    "WEBP": lambda: builders.encode(PHOTO, "WEBP", lossless=True),
    "AVIF": lambda: builders.encode(PHOTO, "AVIF"),
    "AVIF, turned": lambda: builders.encode(PHOTO, "AVIF", exif=only_turned()),
    "GIF": lambda: builders.encode(PHOTO.convert("P"), "GIF"),
    "BMP": lambda: builders.encode(PHOTO, "BMP"),
    "TIFF": lambda: builders.encode(PHOTO, "TIFF"),
    "TIFF, LZW": lambda: builders.encode(PHOTO, "TIFF", compression="tiff_lzw", dpi=(72, 72)),
    "TIFF, turned": lambda: builders.encode(PHOTO, "TIFF", exif=only_turned()),
    "PPM": lambda: builders.encode(PHOTO, "PPM"),
    "HEIC": lambda: heic(PHOTO),
    "HEIC, turned": lambda: heic(PHOTO, exif=only_turned()),
}


@pytest.mark.parametrize("as_image", [False, True])
@pytest.mark.parametrize("name", [*WITH_METADATA, *WITHOUT_METADATA])
def test_metadata_is_removed_only_where_there_is_some(name, as_image):
    data = (WITH_METADATA | WITHOUT_METADATA)[name]()
    if as_image:
        source = opened_by_pillow_heif(data) if "HEIC" in name else opened(data)
    prepared = prepare_image(source if as_image else data, max_side=30)
    assert ("metadata removed" in changes(prepared)) is (name in WITH_METADATA)
    for secret in (b"Camera maker", b"text</x", b"Somebody", b"A description"):
        assert secret not in prepared.read()


@pytest.mark.parametrize(
    "name",
    [
        *("reduced", "scaled", "bit_depth", "images", "aux", "depth_images", "unknown_space"),
        *("cicp", "nclx_profile", "icc_profile", "gamma", "chromaticity"),
    ],
)
def test_a_text_of_a_png_is_not_taken_for_a_property(name):
    info = PngInfo()
    info.add_text(name, "a text that nobody should read")
    data = builders.encode(PHOTO, "PNG", pnginfo=info)
    for source in (data, opened(data)):
        prepared = prepare_image(source, max_side=32)
        assert lossy_changes(prepared) == ["resized from 64x48 to 32x24"]
        assert "nobody" not in str(prepared.changes)
