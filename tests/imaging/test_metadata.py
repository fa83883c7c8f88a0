"""strip_metadata removes private metadata and keeps the pixels and the orientation."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from tests.sample_images import builders, jpeg, png, sample
from xai_vision.imaging import prepare_image

SECRETS = (b"SECRET", b"Camera maker", b"A private remark", b"GPS")


def pixels(data):
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.exif_transpose(image).tobytes()


def segment(marker, payload):
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


@pytest.mark.parametrize("orientation", range(1, 9))
def test_jpeg(orientation):
    data = builders.private_jpeg(orientation)
    prepared = prepare_image(data, strip_metadata=True, verify=True)
    stripped = prepared.read()
    assert not any(secret in stripped for secret in SECRETS)
    assert any(secret in data for secret in SECRETS)
    assert pixels(stripped) == pixels(data)
    assert prepared.orientation == orientation
    assert prepared.lossless
    assert "metadata removed" in str(prepared.changes[0])
    with Image.open(io.BytesIO(stripped)) as image:
        assert dict(image.getexif()) == ({} if orientation == 1 else {0x0112: orientation})


@pytest.mark.parametrize("name", ["photo-progressive.jpg", "photo-cmyk.jpg", "photo-gray.jpg"])
def test_every_kind_of_jpeg(name):
    data = sample(name)
    annotated = data[:2] + segment(0xFE, b"SECRET") + segment(0xED, b"Photoshop SECRET") + data[2:]
    stripped = prepare_image(annotated, strip_metadata=True).read()
    assert b"SECRET" not in stripped
    assert pixels(stripped) == pixels(data)


def test_metadata_after_a_jpeg_and_between_its_scans():
    data = sample("photo-progressive.jpg")
    second = data.index(b"\xff\xc4", data.index(b"\xff\xda"))
    annotated = data[:second] + segment(0xFE, b"SECRET") + data[second:] + b"MP4 SECRET" + data
    stripped = prepare_image(annotated, strip_metadata=True).read()
    assert b"SECRET" not in stripped
    assert stripped.endswith(b"\xff\xd9")
    assert len(stripped) <= len(data)
    assert pixels(stripped) == pixels(data)


def test_thumbnails_and_second_images():
    thumbnail = segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\2\2SECRETSECRET")
    extension = segment(0xE0, b"JFXX\0\x10SECRET")
    multiple = segment(0xE2, b"MPF\0SECRET")
    data = jpeg()[:2] + thumbnail + extension + multiple + jpeg()[20:]
    stripped = prepare_image(data, strip_metadata=True).read()
    assert b"SECRET" not in stripped
    assert pixels(stripped) == pixels(jpeg())


def test_color_profiles_are_preserved():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name in ("JPEG", "PNG"):
        data = builders.encode(
            builders.photo(64, 48), name, icc_profile=profile, exif=builders.exif()
        )
        stripped = prepare_image(data, strip_metadata=True).read()
        assert b"Camera maker" not in stripped
        with Image.open(io.BytesIO(stripped)) as image:
            assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("orientation", range(1, 9))
def test_png(orientation):
    info = PngInfo()
    info.add_text("Comment", "SECRET")
    info.add_itxt("XML:com.adobe.xmp", "<x>SECRET</x>")
    info.add_text("Long", "SECRET" * 99, zip=True)
    options = {"exif": builders.exif(orientation), "pnginfo": info}
    data = builders.encode(builders.badge(), "PNG", **options) + b"SECRET trailer"
    prepared = prepare_image(data, strip_metadata=True, verify=True)
    assert not any(secret in prepared.read() for secret in SECRETS)
    assert b"zTXt" not in prepared.read()
    assert pixels(prepared.read()) == pixels(data)
    assert prepared.orientation == orientation


@pytest.mark.parametrize("name", ["palette-alpha.png", "rgb16.png", "animated.png", "bilevel.png"])
def test_every_kind_of_png(name):
    data = sample(name)
    annotated = data[:33] + builders.chunk(b"tEXt", b"a\0SECRET") + data[33:]
    stripped = prepare_image(annotated, strip_metadata=True).read()
    assert stripped == data


def test_a_file_without_metadata_is_not_changed():
    for data in (png(), jpeg()):
        prepared = prepare_image(data, strip_metadata=True)
        assert prepared.read() is data
        assert prepared.changes == ()


def test_the_limit_applies_after_stripping():
    data = jpeg()[:2] + segment(0xFE, bytes(60_000)) + jpeg()[2:]
    assert prepare_image(data, limit=50_000, strip_metadata=True).size_bytes < 50_000


def test_converted_and_stripped():
    data = builders.encode(builders.photo(64, 48), "WEBP", exif=builders.exif(6))
    prepared = prepare_image(data, strip_metadata=True)
    assert b"Camera" not in prepared.read()
    assert prepared.size == (48, 64)


def test_stripping_adds_a_missing_end_marker():
    data = jpeg()[:2] + segment(0xFE, b"SECRET") + jpeg()[2:-1] + b"\xe9"
    assert prepare_image(data, strip_metadata=True).read() == jpeg()
