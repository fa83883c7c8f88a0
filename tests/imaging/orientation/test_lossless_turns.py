"""upright= turns the blocks of a JPEG without loss, with the extra ``lossless``."""

from __future__ import annotations

import io
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.orientation.turned_files import (
    ORIENTATIONS,
    SRGB,
    encode,
    reference,
    scene,
    sent,
)
from xai_vision.imaging import prepare_image
from xai_vision.imaging._formats import jpeg
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._pillow import jpeg_blocks

jpeglib = pytest.importorskip("jpeglib", reason="needs the extra lossless")

LOSSLESS = "turned upright without loss"
LOSSY = "encoded again as JPEG of the same quality"
BACK = {6: 8, 8: 6}
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # Pillow's numbers
SIDES = {"4:4:4": (8, 8), "4:2:2": (16, 8), "4:2:0": (16, 16)}
FLIPS_COLUMNS, FLIPS_ROWS, TRANSPOSED = {2, 3, 7, 8}, {3, 4, 6, 7}, {5, 6, 7, 8}


def changes(prepared):
    return [str(change) for change in prepared.changes]


def stored(data):
    """Return the luminance and chroma of the stored pixels."""
    image = Image.open(io.BytesIO(data))
    if image.mode == "RGB":
        image.draft("YCbCr", None)
    image.load()
    return image


def coefficients(data, tmp_path):
    path = tmp_path / "coefficients.jpg"
    path.write_bytes(data)
    image = jpeglib.read_dct(str(path))
    image.load()
    return [part for part in (image.Y, image.Cb, image.Cr) if part is not None], image.qt


def with_orientation(data, orientation):
    """Insert an orientation before the first segment of an upright JPEG."""
    with_tag = encode(Image.new("L", (8, 8)), "JPEG", orientation)
    for segment in jpeg.segments(ByteReader.from_bytes(with_tag)):
        if segment.marker == jpeg.APP1:
            end = segment.start + segment.length
            return data[:2] + with_tag[segment.start - 4 : end] + data[2:]
    raise AssertionError


def largest_difference(data, turned, orientation):
    expected = stored(data).transpose(TURNS[orientation])
    image = stored(turned)
    assert (image.size, image.mode) == (expected.size, expected.mode)
    return np.abs(np.asarray(image, int) - np.asarray(expected, int)).max()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("subsampling", SIDES)
@pytest.mark.parametrize("progressive", [False, True])
def test_blocks_are_turned_without_loss(orientation, mode, subsampling, progressive, tmp_path):
    tables = [list(range(1, 65)), list(range(64, 0, -1))]
    data = encode(
        scene().convert(mode),
        "JPEG",
        orientation,
        qtables=tables[: 1 if mode == "L" else 2],
        subsampling=subsampling,
        progressive=progressive,
        icc_profile=SRGB if mode == "RGB" else None,
    )
    prepared = prepare_image(data, upright=True)
    turned = prepared.read()
    assert prepared.lossless
    assert changes(prepared)[-1] == LOSSLESS
    assert f"applied EXIF orientation {orientation}" in changes(prepared)
    assert prepared.orientation == 1
    image = sent(prepared)
    assert 0x0112 not in image.getexif()
    assert image.info.get("icc_profile") == (SRGB if mode == "RGB" else None)
    assert prepared.size == image.size == reference(data).size
    assert largest_difference(data, turned, orientation) <= 2  # of rounding
    back = BACK.get(orientation, orientation)
    again = prepare_image(with_orientation(turned, back), upright=True)
    assert changes(again)[-1] == LOSSLESS
    (first, first_tables), (last, last_tables) = (
        coefficients(content, tmp_path) for content in (data, again.read())
    )
    assert len(first) == (1 if mode == "L" else 3)
    assert all(np.array_equal(*parts) for parts in zip(first, last, strict=True))
    assert np.array_equal(first_tables, last_tables)


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 50),
    height=st.integers(1, 50),
    orientation=st.sampled_from(ORIENTATIONS),
    gray=st.booleans(),
    subsampling=st.sampled_from(list(SIDES)),
    quality=st.integers(30, 100),
)
def test_only_whole_blocks_are_turned(width, height, orientation, gray, subsampling, quality):
    image = scene(width, height).convert("L" if gray else "RGB")
    data = encode(image, "JPEG", orientation, subsampling=subsampling, quality=quality)
    across, down = (8, 8) if gray else SIDES[subsampling]
    fits = not (orientation in FLIPS_COLUMNS and width % across) and not (
        orientation in FLIPS_ROWS and height % down
    )
    if orientation in TRANSPOSED:
        # libjpeg interpolates the colors of an image that is more than four pixels wide.
        fits = fits and (across == 16 and width <= 4) == (down == 16 and height <= 4)
    prepared = prepare_image(data, upright=True)
    assert prepared.lossless == fits
    assert changes(prepared)[-1] == (LOSSLESS if fits else LOSSY)
    assert prepared.size == reference(data).size
    if fits:
        assert largest_difference(data, prepared.read(), orientation) <= 3


def test_a_partial_block_at_the_end_stays_there():
    data = encode(scene(48, 29), "JPEG", 2)
    assert prepare_image(data, upright=True).lossless
    assert not prepare_image(encode(scene(48, 29), "JPEG", 4), upright=True).lossless


def test_a_4_2_2_keeps_its_sampling():
    data = encode(scene(), "JPEG", 6, subsampling="4:2:2")
    assert sent(prepare_image(data, upright=True)).layer[0][1:3] == (1, 2)


@pytest.mark.parametrize("options", [{"keep_rgb": True}, {"mode": "CMYK"}])
def test_colors_that_the_library_does_not_write_are_encoded_again(options):
    mode = options.pop("mode", "RGB")
    data = encode(scene().convert(mode), "JPEG", 6, quality=95, **options)
    prepared = prepare_image(data, upright=True)
    assert changes(prepared)[-1] == LOSSY
    assert sent(prepared).mode == mode
    assert np.abs(np.asarray(sent(prepared), int) - np.asarray(reference(data), int)).mean() < 2


def test_a_conversion_encodes_again():
    data = encode(scene().convert("L"), "JPEG", 6)
    prepared = prepare_image(data, upright=True, mode="RGB")
    assert changes(prepared)[-1] == LOSSY
    assert sent(prepared).mode == "RGB"


def test_a_long_profile_is_kept():
    profile = SRGB + bytes(150_000)
    prepared = prepare_image(encode(scene(), "JPEG", 3, icc_profile=profile), upright=True)
    assert changes(prepared)[-1] == LOSSLESS
    assert sent(prepared).info["icc_profile"] == profile


def test_many_segments_do_not_reach_the_library():
    comments = b"\xff\xfe\0\x06text" * 30 + b"\xff\xe5\0\x02" * 100
    data = encode(scene(), "JPEG", 6)
    prepared = prepare_image(data[:2] + comments + data[2:], upright=True)
    assert changes(prepared)[-2:] == ["metadata removed", LOSSLESS]
    assert b"text" not in prepared.read()
    assert prepared.read() == prepare_image(data, upright=True).read()


def test_damaged_data_does_not_reach_the_library(monkeypatch):
    monkeypatch.setattr(jpeglib, "read_dct", lambda path: pytest.fail("was called"))
    data = encode(Image.effect_noise((64, 64), 90), "JPEG", 6)
    cut = data[: len(data) * 3 // 4] + b"\xff\xd9"
    prepared = prepare_image(cut, upright=True)
    assert changes(prepared)[-1] == LOSSY


@pytest.mark.parametrize("error", [OSError("reading failed"), KeyError("JCS_UNKNOWN"), MemoryError])
def test_an_error_of_the_library_encodes_again(monkeypatch, error):
    def fail(path):
        raise error

    monkeypatch.setattr(jpeglib, "read_dct", fail)
    prepared = prepare_image(encode(scene(), "JPEG", 6), upright=True)
    assert changes(prepared)[-1] == LOSSY
    assert prepared.size == (32, 48)


@pytest.mark.parametrize("cut", [0, 2, 20, 200, 390])
def test_a_damaged_result_of_the_library_encodes_again(monkeypatch, cut):
    turn = jpeg_blocks._turn
    monkeypatch.setattr(jpeg_blocks, "_turn", lambda *arguments: turn(*arguments)[:cut])
    data = encode(scene(), "JPEG", 6)
    assert len(turn(data, 6)) > cut
    prepared = prepare_image(data, upright=True)
    assert changes(prepared)[-1] == LOSSY
    assert sent(prepared).size == (32, 48)


def test_other_pixels_are_never_sent(monkeypatch):
    read = jpeglib.read_dct

    def wrong(path):
        image = read(path)
        image.load()
        image.Y[0, 0, 0, 0] += 20
        return image

    monkeypatch.setattr(jpeglib, "read_dct", wrong)
    prepared = prepare_image(encode(scene(), "JPEG", 6), upright=True)
    assert changes(prepared)[-1] == LOSSY
    assert (
        np.abs(
            np.asarray(sent(prepared), int) - np.asarray(scene().rotate(270, expand=True), int)
        ).mean()
        < 5
    )


def test_the_library_keeps_its_version_and_threads_do_not_disturb_each_other():
    version = jpeglib.version.get()
    files = [encode(scene(16 * n, 32), "JPEG", 6) for n in range(1, 9)]
    expected = [prepare_image(data, upright=True).read() for data in files]
    results = {}

    def turn(number):
        results[number] = prepare_image(files[number % 8], upright=True).read()

    threads = [threading.Thread(target=turn, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [results[number] for number in range(32)] == expected * 4
    assert jpeglib.version.get() == version


def test_without_the_library_the_change_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "jpeglib", None)
    fits, other = (
        prepare_image(encode(scene(*size), "JPEG", 6), upright=True)
        for size in ((48, 32), (48, 31))
    )
    assert changes(fits)[-1] == f"{LOSSY}; the extra xai-vision[lossless] turns it without loss"
    assert changes(other)[-1] == LOSSY
    assert not fits.lossless


def test_the_limit_of_pixels_holds():
    data = encode(scene(), "JPEG", 6)
    header = jpeg.parse(ByteReader.from_bytes(data))
    assert jpeg_blocks.can_turn_blocks(header, (2, 2))
    assert not jpeg_blocks.can_turn_blocks(replace(header, width=16000, height=3200), (2, 2))
