"""Headers are read correctly, from few bytes and without Pillow."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from tests.sample_images import SAMPLES, builders, jpeg, jpeg_of, png, rotated_jpeg, sample
from xai_vision.imaging import (
    DecompressionBombError,
    ImageCorruptError,
    ImageEmptyError,
    ImageFormatError,
    ImageTruncatedError,
    NotAnImageError,
    decode,
    prepare_image,
    read_header,
    sniff_format,
)
from xai_vision.imaging._sources import data as content

SMALL = [name for name in SAMPLES if "mib" not in name]


@pytest.mark.parametrize("name", SMALL)
def test_header_agrees_with_pillow(name):
    data = sample(name)
    header = read_header(data)
    with Image.open(io.BytesIO(data)) as image:
        assert header.format == image.format
        assert (header.width, header.height) == image.size
        assert header.orientation == image.getexif().get(0x0112, 1)
        assert header.animated == getattr(image, "is_animated", False)
        if header.mode and header.bits == 8:
            assert header.mode == image.mode


@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_is_upright(orientation):
    header = read_header(rotated_jpeg(orientation))
    assert header.orientation == orientation
    assert header.size == (48, 32)


@pytest.mark.parametrize("name", SMALL)
def test_decode_returns_the_upright_image(name):
    assert decode(sample(name)).size == read_header(sample(name)).size


def test_media_types():
    assert read_header(jpeg()).media_type == "image/jpeg"
    assert read_header(png()).media_type == "image/png"


def test_sniff_format_needs_few_bytes():
    assert sniff_format(jpeg()[:3]) == "JPEG"
    assert sniff_format(png()[:8]) == "PNG"
    assert sniff_format(b"") is None
    assert sniff_format(b"RIFF\0\0\0\0AVI ") is None


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"heix"])
def test_heic_by_its_brand(brand):
    assert sniff_format(struct.pack(">I", 24) + b"ftyp" + brand + bytes(12)) == "HEIF"


def test_avif_by_a_compatible_brand():
    box = struct.pack(">I", 24) + b"ftypmif1" + bytes(4) + b"mif1avif"
    assert sniff_format(box) == "AVIF"


def test_prepare_reads_little_of_a_large_file(tmp_path, monkeypatch):
    path = tmp_path / "large.jpg"
    path.write_bytes(jpeg_of(10 * builders.MIB))
    read = []
    original = content._read_up_to
    monkeypatch.setattr(
        content, "_read_up_to", lambda file, length: read.append(length) or original(file, length)
    )
    prepared = prepare_image(path)
    assert sum(read) < 4096
    prepared.url_size  # noqa: B018 - needs no reading
    assert sum(read) < 4096
    read.clear()
    prepared.write_url(lambda part: None)
    assert sum(read) == 10 * builders.MIB


def test_exif_of_both_byte_orders_after_other_segments():
    for order, mark in ((">", b"MM"), ("<", b"II")):
        tiff = mark + struct.pack(f"{order}HIH", 42, 8, 1)
        tiff += struct.pack(f"{order}HHIHHI", 0x0112, 3, 1, 6, 0, 0)
        exif = b"Exif\0\0" + tiff
        comment = b"\xff\xfe" + struct.pack(">H", 60_002) + bytes(60_000)
        data = jpeg()[:2] + comment + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
        assert read_header(data + jpeg()[2:]).orientation == 6


@pytest.mark.parametrize("cut", [0, 2, 3, 4, 20, 100, 160])
def test_a_truncated_header(cut):
    for data, needed in (
        (jpeg(), 600),
        (png(), 41),
        (sample("animated.gif"), 13),
        (sample("photo.webp"), 30),
        (sample("photo.bmp"), 30),
        (sample("photo.tiff"), 100),
    ):
        if cut < needed:
            with pytest.raises((ImageTruncatedError, ImageEmptyError, NotAnImageError)):
                read_header(data[:cut])


def test_the_header_alone_is_enough():
    assert read_header(jpeg()[:2000]).size == (640, 480)
    assert read_header(png()[:60]).size == (640, 400)


def patched(data: bytes, offset: int, new: bytes) -> bytes:
    return data[:offset] + new + data[offset + len(new) :]


def png_header(width=8, height=8, bits=8, color=2, method=b"\0\0\0"):
    head = struct.pack(">IIBB", width, height, bits, color) + method
    return b"\x89PNG\r\n\x1a\n" + builders.chunk(b"IHDR", head) + builders.chunk(b"IDAT", bytes(9))


@pytest.mark.parametrize(
    ("data", "error", "word"),
    [
        (png_header(width=0), ImageEmptyError, "0x8"),
        (png_header(height=0), ImageEmptyError, "8x0"),
        (png_header(bits=3), ImageCorruptError, "header"),
        (png_header(color=5), ImageCorruptError, "header"),
        (png_header(method=b"\1\0\0"), ImageCorruptError, "header"),
        (png_header(color=3), ImageCorruptError, "palette"),
        (patched(png(), 18, b"\x7f"), ImageCorruptError, "checksum"),
        (patched(png(), 12, b"CgBI"), ImageFormatError, "Apple"),
        (png()[:33] + builders.chunk(b"IEND", b""), ImageCorruptError, "pixels"),
        (b"\xff\xd8\xff\xd9", ImageCorruptError, "ends before its image"),
        (b"\xff\xd8\xff\xe0\0\1", ImageCorruptError, "segment"),
        (b"\xff\xd8" + b"\xff\xfe\0\2" * 6000, ImageCorruptError, "segments"),
    ],
)
def test_inconsistent_headers(data, error, word):
    with pytest.raises(error, match=word):
        read_header(data)


def test_unsupported_kinds_of_jpeg():
    data = jpeg()
    frame = data.index(b"\xff\xc0")
    for kind in (0xC3, 0xC7, 0xCB):
        with pytest.raises(ImageFormatError, match="lossless"):
            read_header(patched(data, frame + 1, bytes((kind,))))
    with pytest.raises(ImageFormatError, match="12 bits"):
        read_header(patched(data, frame + 4, b"\x0c"))
    with pytest.raises(ImageEmptyError, match="640x0"):
        read_header(patched(data, frame + 5, b"\0\0"))


def test_too_many_pixels_are_rejected_before_decoding():
    for options in ({}, {"verify": True}, {"fit": True}):
        with pytest.raises(DecompressionBombError, match="60000x60000") as caught:
            prepare_image(png_header(60_000, 60_000), **options)
        assert "max_pixels" in caught.value.remedy
    with pytest.raises(DecompressionBombError):
        decode(png_header(60_000, 60_000))
    assert prepare_image(jpeg(), max_pixels=640 * 480).size == (640, 480)
    with pytest.raises(DecompressionBombError):
        prepare_image(jpeg(), max_pixels=640 * 480 - 1)


def test_a_decompression_bomb_in_a_text_chunk():
    import zlib

    packed = b"Comment\0\0" + zlib.compress(bytes(50_000_000))
    data = png()[:33] + builders.chunk(b"zTXt", packed) + png()[33:]
    with pytest.raises(DecompressionBombError, match="suspicious size"):
        prepare_image(data)
