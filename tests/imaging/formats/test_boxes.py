"""The parsers of the boxes of AVIF and JPEG 2000, and of the sequence header of AV1."""

from __future__ import annotations

import struct

import PIL
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.formats import avif_files
from tests.imaging.formats.avif_files import (
    DISPLAY_P3,
    HDR_PQ,
    P3,
    PQ,
    avif,
    box,
    item,
    nclx,
    reference,
)
from tests.sample_images import builders
from xai_vision.imaging._formats._boxes.av1 import read_cicp
from xai_vision.imaging._formats._boxes.avif import AvifProperties, read_avif
from xai_vision.imaging._formats._boxes.hevc import read_hevc_cicp
from xai_vision.imaging._formats._boxes.jpeg2000 import read_jpeg2000
from xai_vision.imaging._formats.byte_reader import ByteReader


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
    assert read(data).cicp == read(without_items).cicp == (1, 13)
    if PIL.__version__ >= "12":  # the encoder of older ones writes them into the container only
        assert read(without_items.replace(b"colr", b"free")).cicp == (1, 13)


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


class BitWriter:
    """Writes numbers of bits."""

    def __init__(self):
        self.bits = ""

    def put(self, *pairs):
        for value, count in pairs:
            self.bits += format(value, f"0{count}b")

    def golomb(self, *values):
        for value in values:
            digits = format(value + 1, "b")
            self.bits += "0" * (len(digits) - 1) + digits

    def config(self):
        """Return the content of hvcC, with the bytes that prevent start codes."""
        padded = self.bits + "1" + "0" * (-(len(self.bits) + 1) % 8)
        unit, zeros = bytearray(b"\x42\x01"), 0
        for byte in int(padded, 2).to_bytes(len(padded) // 8, "big"):
            if zeros == 2 and byte <= 3:
                unit.append(3)
                zeros = 0
            unit.append(byte)
            zeros = 0 if byte else zeros + 1
        other = b"\x20\0\1\0\2\x40\1"  # another unit before it
        size = len(unit).to_bytes(2, "big")
        return bytes(22) + b"\2" + other + b"\x21\0\1" + size + bytes(unit)


def hevc_config(*, layers=0, lists=False, references=False, ratio=1, pcm=False, colors=(9, 16, 9)):
    """Write sequence parameters with everything that is optional."""
    out = BitWriter()
    out.put((0, 4), (layers, 3), (1, 1), (0, 96))
    out.put(*[(3, 2)] * layers)
    if layers:
        out.put((0, 2 * (8 - layers)), (0, 96 * layers))
    out.golomb(0, 3)
    out.put((0, 1))
    out.golomb(64, 48)
    out.put((1, 1))
    out.golomb(0, 1, 2, 3, 2, 2, 4)
    out.put((1, 1))
    out.golomb(*(4, 2, 5) * (layers + 1), 0, 1, 0, 2, 0, 0)
    out.put((int(lists), 1))
    if lists:
        out.put((1, 1))
        for size in range(4):
            for matrix in range(0, 6, 3 if size == 3 else 1):
                out.put((matrix % 2, 1))
                count = (1 if size > 1 else 0) + min(64, 1 << (4 + 2 * size))
                out.golomb(*([matrix] * count if matrix % 2 else [0]))
    out.put((1, 1), (0, 1), (int(pcm), 1))
    if pcm:
        out.put((0x77, 8))
        out.golomb(0, 2)
        out.put((1, 1))
    out.golomb(3 if references else 0)
    if references:
        out.golomb(2, 1)  # three pictures
        for delta in (0, 1, 4):
            out.golomb(delta)
            out.put((1, 1))
        out.put((1, 1), (0, 1))  # predicted from them: of four, three are left
        out.golomb(1)
        out.put((1, 1), (0, 1), (1, 1), (0, 1), (0, 1), (1, 1))
        out.put((0, 1))
        out.golomb(0, 1)
        out.golomb(2)
        out.put((0, 1))
    out.put((int(references), 1))
    if references:
        out.golomb(2)
        out.put((5, 9), (6, 9))
    out.put((0, 2), (1, 1), (1, 1), (ratio, 8))
    if ratio == 255:
        out.put((1, 16), (2, 16))
    out.put((1, 1), (0, 1), (1, 1), (5, 3), (1, 1), (int(bool(colors)), 1))
    out.put(*((number, 8) for number in colors))
    return out.config()


@given(
    st.fixed_dictionaries(
        {
            "layers": st.integers(0, 6),
            "lists": st.booleans(),
            "references": st.booleans(),
            "ratio": st.sampled_from([1, 255]),
            "pcm": st.booleans(),
            "colors": st.sampled_from([(9, 16, 9), (1, 1, 1), ()]),
        }
    )
)
def test_colors_of_hevc(options):
    assert read_hevc_cicp(hevc_config(**options)) == (options["colors"][:2] or None)


@given(st.data())
def test_damaged_hevc(data):
    damaged = bytearray(hevc_config(lists=True, references=True, pcm=True, layers=2))
    for _ in range(data.draw(st.integers(0, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cicp = read_hevc_cicp(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))
    assert cicp is None or all(0 <= number <= 255 for number in cicp)


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
