"""Pillow images that are opened but not loaded are checked and read like their files."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from tests.imaging.formats.test_jpeg_scans import arithmetic, with_scans
from tests.imaging.formats.tiff_files import TiffImage, tiff_file
from tests.sample_images import builders, jpeg
from xai_vision.chat import image, user
from xai_vision.imaging import DecompressionBombError, ImageFormatError, prepare_image

SIGNED, FLOAT = {339: (2,)}, {339: (3,)}


def opened(data):
    return Image.open(io.BytesIO(data))


def sent(prepared):
    return Image.open(io.BytesIO(prepared.read()))


def values(prepared):
    return np.asarray(sent(prepared)).ravel().tolist()


# --- JPEG ---


def test_very_many_scans_are_refused():
    assert prepare_image(opened(with_scans(200))).format == "PNG"
    source = opened(with_scans(201))
    with pytest.raises(DecompressionBombError, match="201 scans of 64x48 pixels") as caught:
        prepare_image(source)
    assert "baseline JPEG" in caught.value.remedy


def test_a_reduced_size_does_not_raise_the_limit_of_scans(monkeypatch):
    monkeypatch.setattr("xai_vision.imaging._formats.jpeg_scans._MAX_SCANNED_PIXELS", 100 * 64 * 48)
    source = opened(with_scans(101))
    source.draft(None, (8, 6))
    assert source.size == (8, 6)
    with pytest.raises(DecompressionBombError, match="101 scans of 64x48 pixels; the limit is 100"):
        prepare_image(source)
    source = opened(with_scans(100))
    source.draft(None, (8, 6))
    assert prepare_image(source).size == (8, 6)


def test_the_scans_of_a_loaded_image_do_not_matter():
    source = opened(with_scans(250))
    source.load()
    assert prepare_image(source).size == (64, 48)


def test_arithmetic_coding_is_decoded():
    expected = opened(arithmetic()).tobytes()
    for size in (63_000, 64_500, 200_000):
        assert sent(prepare_image(opened(arithmetic(size)))).tobytes() == expected


def test_frames_of_a_multi_picture_file():
    out = io.BytesIO()
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    first.save(out, "MPO", save_all=True, append_images=[second])
    source = opened(out.getvalue())
    source.seek(1)
    red, _, blue = sent(prepare_image(source)).getpixel((8, 8))
    assert (red < 10, blue > 245) == (True, True)


def test_the_position_in_the_file_is_kept():
    file = io.BytesIO(jpeg())
    source = Image.open(file)
    before = file.tell()
    prepare_image(source, max_side=10)
    reference = opened(jpeg())
    assert file.closed is False
    assert before <= len(jpeg())
    assert source.tobytes() == reference.tobytes()


# --- limits ---


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_the_limit_of_decoding_applies_to_images_that_are_not_loaded():
    out = io.BytesIO()
    Image.new("L", (10_000, 10_001)).save(out, "PNG")
    with pytest.raises(DecompressionBombError, match="the limit is 100 million") as caught:
        prepare_image(opened(out.getvalue()))
    assert "Raise max_pixels=" in caught.value.remedy
    small = opened(jpeg())
    with pytest.raises(DecompressionBombError, match="640x480"):
        prepare_image(small, max_pixels=640 * 480 - 1)


def test_the_limit_of_loaded_images_is_higher():
    loaded = Image.new("1", (10_000, 10_001))
    assert prepare_image(loaded).size == (10_000, 10_001)


# --- TIFF ---

RAMP = [0, 0x4000, 0x8000, 0xC000, 0xFFFF]


def deep(numbers, order="<", **options):
    strip = struct.pack(f"{order}{len(numbers)}H", *(number & 0xFFFF for number in numbers))
    return tiff_file(TiffImage(len(numbers), 1, [strip], bits=(16,), **options), order=order)


@pytest.mark.parametrize("order", ["<"])
def test_white_as_zero(order):
    data = deep(RAMP, order, photometric=0)
    expected = [0xFFFF - value for value in RAMP]
    assert values(prepare_image(data)) == expected
    assert values(prepare_image(opened(data))) == expected


def planes(size=8):
    noise = np.random.default_rng(3).integers(0, 65536, (3, size, size)).astype("<u2")
    page = TiffImage(size, size, [plane.tobytes() for plane in noise], 2, (16, 16, 16), {284: (2,)})
    return tiff_file(page), (noise >> 8).transpose(1, 2, 0)


def test_planes_of_16_bits():
    data, expected = planes()
    prepared = prepare_image(opened(data))
    assert np.array_equal(np.asarray(sent(prepared)), expected)
    assert "16 bits per channel reduced to 8" in map(str, prepared.changes)
    assert not prepared.lossless


def eight_bit_palette():
    colors = [0, 255, 9] + [0] * 253 + [0, 0, 8] + [0] * 253 + [0, 128, 7] + [0] * 253
    return tiff_file(TiffImage(3, 1, [bytes((0, 1, 2))], 3, (8,), {320: colors}))


def test_a_palette_of_8_bits():
    prepared = prepare_image(opened(eight_bit_palette()))
    colors = [sent(prepared).convert("RGB").getpixel((x, 0)) for x in range(3)]
    assert colors == [(0, 0, 0), (255, 0, 128), (9, 8, 7)]


def test_a_kind_that_pillow_misreads_is_refused():
    signed_bytes = tiff_file(TiffImage(2, 1, [b"\x80\x7f"], tags=SIGNED))
    with pytest.raises(ImageFormatError, match="8-bit signed integers"):
        prepare_image(opened(signed_bytes))


MISREAD = {
    "white as zero": lambda: deep(RAMP, photometric=0),
    "planes": lambda: planes()[0],
    "palette": eight_bit_palette,
    "signed bytes": lambda: tiff_file(TiffImage(2, 1, [b"\x80\x7f"], tags=SIGNED)),
    "signed": lambda: deep([0, 16384, 32767], tags=SIGNED),
}


@pytest.mark.parametrize("name", MISREAD)
@pytest.mark.filterwarnings("error")
def test_a_misread_file_that_was_loaded_is_not_called_lossless(name):
    source = opened(MISREAD[name]())
    source.load()
    prepared = prepare_image(source)
    assert not prepared.lossless
    text = "loaded by Pillow, which misreads this kind of TIFF: pass its path instead"
    assert text in map(str, prepared.changes)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P", "I;16", "CMYK"])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
@pytest.mark.parametrize("load", [False, True])
def test_other_files_are_read_as_pillow_reads_them(mode, compression, load):
    original = (
        Image.new("I;16", (9, 5), 700) if mode == "I;16" else builders.corners().convert(mode)
    )
    out = io.BytesIO()
    original.save(out, "TIFF", compression=compression)
    source = opened(out.getvalue())
    if load:
        source.load()
    prepared = prepare_image(source)
    assert prepared.lossless == (mode != "CMYK")
    if mode != "CMYK":
        assert sent(prepared).convert(original.mode).tobytes() == original.tobytes()


def test_the_current_page_is_sent():
    pages = [TiffImage(1, 1, [bytes((value,))]) for value in (10, 20, 30)]
    source = opened(tiff_file(*pages))
    for number in (2, 0, 1):
        source.seek(number)
        prepared = prepare_image(source)
        assert values(prepared) == [10 * number + 10]
        assert "only its current frame is sent" in map(str, prepared.changes)
        assert source.tell() == number


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_orientation_is_applied_once(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    builders.photo(20, 10).save(out, "TIFF", exif=exif)
    from_file, from_image = prepare_image(out.getvalue()), prepare_image(opened(out.getvalue()))
    assert from_file.size == from_image.size == ((10, 20) if orientation >= 5 else (20, 10))
    assert sent(from_file).tobytes() == sent(from_image).tobytes()


def test_a_camera_raw_file_says_so():
    full = TiffImage(12, 8, [bytes(96)], 32803)
    preview = TiffImage(4, 2, [bytes(8)], tags={254: (1,)}, inner=[full])
    with pytest.raises(ImageFormatError, match="camera RAW"):
        prepare_image(tiff_file(preview))
    prepared = prepare_image(opened(tiff_file(preview)))
    assert prepared.size == (4, 2)
    assert not prepared.lossless
    assert "a reduced copy of another image in its TIFF" in map(str, prepared.changes)


# --- signed values ---


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("as_image", [False, True])
def test_signed_16_bit_values(order, as_image):
    data = deep([0, 1, 10000, 32767], order, tags=SIGNED)
    prepared = prepare_image(opened(data) if as_image else data)
    assert values(prepared) == [0, 2, 20000, 65535]
    assert not prepared.lossless
    text = "signed 16-bit values scaled from 0..32767 to 0..65535"
    assert text in map(str, prepared.changes)


def test_negative_values_are_scaled_from_their_range():
    prepared = prepare_image(deep([-1000, 0, 1000], tags=SIGNED))
    assert values(prepared) == [0, 32768, 65535]
    assert not prepared.lossless
    assert "values from -1000 to 1000 scaled to 16 bits" in map(str, prepared.changes)


def test_small_signed_values_are_taken_for_8_bits():
    prepared = prepare_image(deep([0, 100, 255], tags=SIGNED))
    assert values(prepared) == [0, 100, 255]
    assert "16-bit" not in prepared.format


def test_the_server_gets_the_corrected_image(client, server):
    source = opened(deep([0xFFFF, 0xFFFF], photometric=0))
    client.chat.create("grok-4.5").append(user("What?", image(source))).sample()
    assert server.calls.last.images[0].colors == ("black",)
