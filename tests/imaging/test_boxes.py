"""The parsers of the boxes of AVIF and JPEG 2000, and of the sequence header of AV1."""

from __future__ import annotations

import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.imaging import avif_files
from tests.imaging.avif_files import DISPLAY_P3, HDR_PQ, P3, PQ, avif, box, item, nclx, reference
from tests.sample_images import builders
from xai_vision.imaging._formats.av1 import read_cicp
from xai_vision.imaging._formats.avif import AvifProperties, read_avif
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.jpeg2000 import read_jpeg2000


def reader_of(data):
    return ByteReader(lambda start, length: data[start : start + length], len(data))


def read(data):
    return read_avif(reader_of(data))


def sequence(**options):
    """Encode an animation, which Pillow writes as tracks."""
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    return builders.encode(frames[0], "AVIF", save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize("build", [avif_files.box, avif_files.wide_box])
def test_colors_and_bits(build):
    assert read(avif(DISPLAY_P3, nclx(P3), build=build)) == AvifProperties(P3, 8)
    assert read(avif(HDR_PQ, nclx(PQ), bits=10, build=build)) == AvifProperties(PQ, 10)
    assert read(avif(HDR_PQ, nclx(PQ), bits=12, build=build)) == AvifProperties(PQ, 12)


def test_the_container_counts_more_than_the_sequence_header():
    assert read(avif(DISPLAY_P3, nclx((9, 1)))).cicp == (9, 1)


@pytest.mark.parametrize(("data", "numbers"), [(DISPLAY_P3, P3), (HDR_PQ, PQ)])
def test_colors_of_the_sequence_header(data, numbers):
    assert read(avif(data)).cicp == numbers
    assert read_cicp(data) == numbers


def test_colors_of_an_animation():
    data = sequence()
    without_items = data.replace(b"meta", b"free")
    for each in (data, without_items, without_items.replace(b"colr", b"free")):
        assert read(each).cicp == (1, 13)


def test_other_images():
    others = (item(2), item(3, b"grid"))
    assert read(avif(others=others)).other_images == 2


@pytest.mark.parametrize(
    ("others", "references"),
    [
        ((item(2, hidden=True),), ()),
        ((item(2, b"Exif"), item(3, b"mime")), ()),
        ((item(2),), (reference(b"thmb", 2, 1),)),
        ((item(2),), (reference(b"auxl", 2, 1),)),
        ((item(2), item(3)), (reference(b"dimg", 1, 2, 3),)),
    ],
)
def test_items_that_are_not_images_to_be_shown(others, references):
    assert read(avif(others=others, references=references)).other_images == 0


def test_a_gain_map():
    others = (item(2, b"tmap"), item(3, hidden=True))
    properties = read(avif(others=others, references=(reference(b"dimg", 2, 1, 3),)))
    assert properties.has_gain_map
    assert properties.other_images == 0
    assert not read(avif()).has_gain_map


@given(st.data())
def test_damaged_boxes(data):
    """Damage is found by decoding. Here it must not raise."""
    whole = data.draw(st.sampled_from([avif(HDR_PQ, nclx(PQ), bits=10), avif(), SEQUENCE, JP2]))
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 6))):
        if damaged:
            at = data.draw(st.integers(0, len(damaged) - 1))
            damaged[at] = data.draw(st.integers(0, 255))
    reader = reader_of(bytes(damaged))
    assert read_avif(reader).bits in (8, 10, 12)
    assert 1 <= read_jpeg2000(reader).bits <= 128


@given(st.binary(max_size=80))
def test_a_damaged_sequence_header(data):
    for start in (b"", DISPLAY_P3[:2], DISPLAY_P3[:6], b"\x0a\x40", b"\x08"):
        cicp = read_cicp(start + data)
        assert cicp is None or all(0 <= number <= 255 for number in cicp)


def test_a_sequence_header_of_every_length():
    for length in range(len(DISPLAY_P3)):
        assert read_cicp(DISPLAY_P3[:length]) == (P3 if length >= 11 else None)


def many_boxes(n):
    return avif() + box(b"free") * (n // 8)


def many_items(n):
    return avif(others=tuple(item(2 + index % 60_000) for index in range(n // 20)))


def many_references(n):
    return avif(references=(reference(b"dimg", 1, *range(2, 2 + n // 2)),))


def many_properties(n):
    return avif(DISPLAY_P3, nclx(P3), box(b"free", box(b"free") * (n // 8)))


@pytest.mark.parametrize("make", [many_boxes, many_items, many_references, many_properties])
def test_twice_the_data_takes_at_most_twice_the_steps(make):
    def cost(data):
        lines = amount = 0

        def trace(frame, event, arg):
            nonlocal lines
            lines += event == "line"
            return trace

        def read_at(start, length):
            nonlocal amount
            amount += length
            return data[start : start + length]

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            read_avif(ByteReader(read_at, len(data)))
        finally:
            sys.settrace(before)
        return lines, amount

    data = make(20_000)
    (lines, amount), (more_lines, more_amount) = cost(data), cost(make(40_000))
    assert more_lines <= 2.5 * lines
    assert more_amount <= 2.5 * amount
    assert amount <= 20 * len(data)


SRGB_BOX = box(b"colr", struct.pack(">BBBI", 1, 0, 0, 16))


def jp2(bits=8, colors=SRGB_BOX):
    stream = b"\xff\x4f\xff\x51" + struct.pack(">HH8IH", 47, 0, 4, 4, 0, 0, 4, 4, 0, 0, 3)
    stream += bytes((bits - 1, 1, 1)) * 3
    header = box(b"jp2h", box(b"ihdr", bytes(14)), colors)
    return box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 ") + header + box(b"jp2c", stream)


SEQUENCE, JP2 = sequence(), jp2(12)


@pytest.mark.parametrize("bits", [1, 8, 12, 16])
def test_bits_of_a_jpeg_2000(bits):
    data = jp2(bits)
    assert read_jpeg2000(reader_of(data)).bits == bits
    assert read_jpeg2000(reader_of(data[data.index(b"\xff\x4f") :])).bits == bits


def test_colors_of_a_jpeg_2000():
    profile = read_jpeg2000(reader_of(jp2(colors=box(b"colr", b"\2\0\0", b"profile"))))
    assert profile.icc == b"profile"
    assert profile.unknown_space is None
    unknown = jp2(colors=box(b"colr", struct.pack(">BBBI", 1, 0, 0, 21)))
    assert read_jpeg2000(reader_of(unknown)).unknown_space == 21
    assert read_jpeg2000(reader_of(jp2())).unknown_space is None
