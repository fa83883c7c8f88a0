"""Colors that a file describes with numbers are converted to sRGB when it is encoded again."""

from __future__ import annotations

import io
import struct
import sys

import PIL
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests.imaging.formats.avif_files import P3, PQ
from tests.sample_images import builders, data_url
from xai_vision.imaging import ImageCorruptError, ImageReadError, decode, prepare_image

SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LINEAR = {b"gAMA": struct.pack(">I", 100_000)}
P3_CHUNK, PQ_CHUNK = {b"cICP": bytes((*P3, 0, 1))}, {b"cICP": bytes((*PQ, 0, 1))}
ADOBE_RGB = {
    b"gAMA": struct.pack(">I", 45_470),
    b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000),
}
ORANGE, ORANGE_IN_SRGB = (200, 100, 50), (215, 93, 31)


def png(chunks, source=None, **options):
    source = source or Image.new("RGB", (40, 30), (128, 128, 128))
    data = builders.encode(source, "PNG", **options)
    return data[:33] + b"".join(builders.chunk(*each) for each in chunks.items()) + data[33:]


def change_text(prepared):
    return "; ".join(str(change) for change in prepared.changes)


def lossy_changes(prepared):
    return [str(change) for change in prepared.changes if change.lossy]


def assert_color(prepared, color, tolerance=1):
    pixel = prepared.pil().convert("RGB").getpixel((5, 5))
    assert all(abs(a - b) <= tolerance for a, b in zip(pixel, color, strict=True)), pixel
    data = prepared.read()
    assert not [kind for kind in (b"gAMA", b"cHRM", b"cICP", b"sRGB", b"iCCP") if kind in data]


def opened(data):
    return Image.open(io.BytesIO(data))


def loaded(data):
    image = opened(data)
    image.load()
    return image


WAYS = {
    "max_side": lambda data: prepare_image(data, max_side=20),
    "opened": lambda data: prepare_image(opened(data)),
    "JPEG": lambda data: prepare_image(opened(data), max_bytes=60_000),
    "RGB": lambda data: prepare_image(opened(data), mode="RGB"),
    "decoded": lambda data: prepare_image(decode(data)),
    "cropped": lambda data: prepare_image(decode(data).crop((2, 2, 30, 20))),
    "tile": lambda data: next(iter(prepare_image(data).tiles(max_side=20))),
    "data URL": lambda data: prepare_image(data_url(data), max_side=20),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("chunks", "color", "result", "name"),
    [
        (LINEAR, (128, 128, 128), (188, 188, 188), "gamma 1 "),
        ({b"gAMA": struct.pack(">I", 55_556)}, (128, 128, 128), (146, 146, 146), "gamma 1.8"),
        (P3_CHUNK, ORANGE, ORANGE_IN_SRGB, "Display P3"),
        (ADOBE_RGB, (200, 100, 50), (227, 100, 42), "gamma 2.2 and its own primaries"),
        # PQ 112/255 is 50 cd/m2, and 203 cd/m2 are white.
        (PQ_CHUNK, (112, 112, 112), (136, 136, 136), "HDR, PQ"),
    ],
)
def test_a_png(way, chunks, color, result, name):
    prepared = WAYS[way](png(chunks, Image.new("RGB", (40, 30), color)))
    assert_color(prepared, result, 2)
    assert any(name in change and "to sRGB" in change for change in lossy_changes(prepared))


def test_a_png_that_becomes_a_jpeg():
    noise = png(LINEAR, Image.effect_noise((200, 200), 30).convert("RGB"))
    prepared = prepare_image(noise, max_bytes=20_000)
    assert prepared.format == "JPEG"
    mean = sum(prepared.pil().convert("L").resize((1, 1), Image.Resampling.BOX).tobytes())
    assert 183 <= mean <= 192


def test_a_loaded_pillow_image_keeps_its_gamma():
    assert_color(prepare_image(loaded(png(LINEAR))), (188, 188, 188))
    assert_color(prepare_image(loaded(png(LINEAR)).resize((30, 30))), (188, 188, 188))


def test_the_info_of_a_pillow_image_is_not_changed():
    source = opened(png(P3_CHUNK))
    before = dict(source.info)
    prepare_image(source)
    assert source.info == before


def test_a_png_that_is_sent_as_it_is():
    for chunks in (LINEAR, P3_CHUNK, PQ_CHUNK, ADOBE_RGB):
        prepared = prepare_image(png(chunks))
        assert prepared.read() == png(chunks)
        assert prepared.changes == ()


@pytest.mark.parametrize(
    "chunks",
    [
        {b"gAMA": struct.pack(">I", 45_455)},
        {b"sRGB": b"\0", **LINEAR},
        {b"cICP": bytes((1, 13, 0, 1)), **LINEAR},
        {b"cICP": bytes((2, 2, 0, 1))},
        {b"gAMA": bytes(4)},
        {b"cHRM": bytes(32)},
        {b"cICP": b"\x0c\x0d"},
    ],
)
def test_chunks_that_mean_srgb(chunks):
    prepared = prepare_image(opened(png(chunks)))
    assert_color(prepared, (128, 128, 128), 0)
    assert prepared.lossless


def test_an_icc_profile_counts_more_than_gamma_and_less_than_cicp():
    kept = prepare_image(opened(png(LINEAR, icc_profile=SRGB_PROFILE)))
    assert opened(kept.read()).info["icc_profile"] == SRGB_PROFILE
    assert kept.pil().getpixel((5, 5)) == (128, 128, 128)
    assert kept.lossless
    orange = Image.new("RGB", (40, 30), ORANGE)
    replaced = prepare_image(opened(png(P3_CHUNK, orange, icc_profile=SRGB_PROFILE)))
    assert_color(replaced, ORANGE_IN_SRGB)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA"])
def test_every_mode_of_png(mode):
    source = Image.new("RGB", (40, 30), (153, 153, 153)).convert(mode)
    if mode in ("LA", "RGBA"):
        source.putalpha(90)
    prepared = prepare_image(opened(png(LINEAR, source)))
    assert_color(prepared, (203, 203, 203))
    if mode in ("LA", "RGBA"):
        assert prepared.pil().mode == mode
        assert prepared.pil().getpixel((5, 5))[-1] == 90
    else:
        assert prepared.pil().mode == {"L": "L"}.get(mode, "RGB")


def test_16_bits_stay_16_bits():
    prepared = prepare_image(opened(png(LINEAR, opened(builders.gray16_png()))))
    result = prepared.pil()
    assert result.mode.startswith("I")
    values = [result.getpixel((x, 3)) for x in (0, 21, 32, 63)]
    light = [round(65535 * x // 63) / 65535 for x in (0, 21, 32, 63)]
    expected = [65535 * (1.055 * value ** (1 / 2.4) - 0.055) if value else 0 for value in light]
    assert values == pytest.approx(expected, abs=20)


def test_black_and_white_have_no_gamma():
    source = Image.new("1", (40, 30), 1)
    assert prepare_image(opened(png(LINEAR, source))).lossless


def test_transparent_palettes_keep_their_transparency():
    source = Image.new("P", (40, 30), 1)
    source.putpalette([0, 0, 0, 128, 128, 128])
    prepared = prepare_image(opened(png(LINEAR, source, transparency=b"\xff\x30")))
    assert prepared.pil().convert("RGBA").getpixel((5, 5)) == (188, 188, 188, 0x30)


def test_unknown_numbers_are_reported():
    prepared = prepare_image(opened(png({b"cICP": bytes((200, 13, 0, 1))})))
    assert lossy_changes(prepared) == ["colors of an unknown kind (CICP 200/13) taken for sRGB"]


def test_without_color_management_the_colors_are_described(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.ImageCms", None)
    monkeypatch.delattr(PIL, "ImageCms")
    prepared = prepare_image(opened(png(P3_CHUNK, Image.new("RGB", (40, 30), ORANGE))))
    monkeypatch.undo()
    assert prepared.lossless
    assert "colors described with an ICC profile (Display P3)" in change_text(prepared)
    result = opened(prepared.read())
    assert result.getpixel((5, 5)) == ORANGE
    source = io.BytesIO(result.info["icc_profile"])
    shown = ImageCms.profileToProfile(result, source, ImageCms.createProfile("sRGB"))
    assert shown.getpixel((5, 5)) == ORANGE_IN_SRGB


def test_a_png_that_is_turned():
    exif = Image.Exif()
    exif[274] = 6
    prepared = prepare_image(png(LINEAR, exif=exif), upright=True)
    assert prepared.size == (30, 40)
    assert_color(prepared, (188, 188, 188))


def test_a_png_in_a_closed_file():
    source = opened(png(P3_CHUNK))
    source.fp.close()
    with pytest.raises(ImageReadError, match="closed before its pixels"):
        prepare_image(source)


LENGTHS = {b"cICP": 4, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1}
CONTENTS = st.integers(0, 40).flatmap(lambda size: st.binary(min_size=size, max_size=size))
OLD_PILLOW = PIL.__version__ < "12"


def refusal(kind, size):
    """Return words of the error if Pillow does not open a PNG with a chunk of this size."""
    if OLD_PILLOW and kind == b"cHRM":  # any number of values
        return "cannot be decoded" if size % 4 else None
    if size >= LENGTHS[kind] or kind == b"cICP":
        return None
    return "cannot be decoded" if OLD_PILLOW and kind == b"gAMA" else "truncated"


@given(st.sampled_from([*LENGTHS]), CONTENTS)
def test_any_content_of_a_color_chunk(kind, content):
    data = png({kind: content})
    words = refusal(kind, len(content))
    if words is None:
        assert prepare_image(data, max_side=20).size == (20, 15)
    else:
        with pytest.raises(ImageCorruptError, match=words):
            prepare_image(data, max_side=20)
