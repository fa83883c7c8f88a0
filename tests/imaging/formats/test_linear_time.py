"""Parsing takes time in proportion to the data, whatever the data is."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import re
import struct
import sys
import zlib

import pytest

from tests.imaging.formats.parsing_cost import parsing_cost
from tests.sample_images import jpeg, png
from xai_vision.imaging import (
    ImageCorruptError,
    ImageError,
    ImageTruncatedError,
    _formats,
    prepare_image,
)
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.parse import parse_header, sniff

REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def fill_bytes(n):
    return b"\xff\xd8" + b"\xff" * n


def fill_bytes_between_segments(n):
    gap = b"\xff" * 997 + b"\0" + b"\xff\xfe\0\2"
    return b"\xff\xd8" + gap * (n // len(gap)) + jpeg()[2:]


def garbage_between_segments(n):
    gap = b"\xff\xfe\0\2" + b"\0"
    return b"\xff\xd8" + gap * (n // len(gap)) + jpeg()[2:]


def fill_bytes_between_scans(n):
    end = len(jpeg()) - 2
    return jpeg()[:end] + (b"\xff" * 500 + b"\0") * (n // 501) + jpeg()[end:]


def multi_picture_segments(n):
    entries = struct.pack(">HHII", 0xB001, 4, 1, 1) * 20
    payload = b"MPF\0MM\0*\0\0\0\x08" + struct.pack(">H", 20) + entries
    segment = b"\xff\xe2" + struct.pack(">H", len(payload) + 2) + payload
    return b"\xff\xd8" + segment * (n // len(segment)) + jpeg()[2:]


def png_chunks(n):
    chunk = struct.pack(">I", 4) + b"tEXtabcd" + struct.pack(">I", zlib.crc32(b"tEXtabcd"))
    return png()[:33] + chunk * (n // len(chunk)) + png()[33:]


def tiff_entries(n):
    count = n // 12
    entry = struct.pack(">HHII", 1, 4, 9, 8)
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", count) + entry * count + bytes(4)


MAKERS = [
    fill_bytes,
    fill_bytes_between_segments,
    garbage_between_segments,
    fill_bytes_between_scans,
    multi_picture_segments,
    png_chunks,
    tiff_entries,
]


def parse_any(reader):
    with contextlib.suppress(ImageError):  # refusing the data takes as many steps
        parse_header(reader, sniff(reader))


def cost(data):
    return parsing_cost(parse_any, data)


@pytest.mark.parametrize("make", MAKERS)
def test_twice_the_data_takes_at_most_twice_the_steps(make):
    lines, read = cost(make(20_000))
    more_lines, more_read = cost(make(40_000))
    assert more_lines <= 2.5 * lines
    assert more_read <= 2.5 * read


@pytest.mark.parametrize("make", MAKERS)
def test_bytes_are_read_a_few_times_at_most(make):
    data = make(40_000)
    assert cost(data)[1] <= 20 * len(data)


def test_no_pattern_of_a_parser_repeats_without_bound():
    """A search with an unbounded repeat is quadratic; it also holds the GIL."""
    parser = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
    patterns = {}
    for module in pkgutil.walk_packages(_formats.__path__, f"{_formats.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                patterns[f"{module.name}.{name}"] = value
    assert any("jpeg" in name for name in patterns)
    for name, pattern in patterns.items():
        tree = parser.parse(pattern.pattern)
        assert not [op for op, _ in tree if str(op) in REPEATS], name


def test_a_jpeg_of_fill_bytes_is_rejected():
    with pytest.raises(ImageTruncatedError, match="truncated") as caught:
        prepare_image(fill_bytes(40_000))
    assert "complete file" in caught.value.remedy
    with pytest.raises(ImageCorruptError, match="a segment is missing") as caught:
        prepare_image(fill_bytes(20_000_000))
    assert "Save it again" in caught.value.remedy


def test_fill_bytes_and_garbage_between_segments_are_accepted():
    for data in (fill_bytes_between_segments(300_000), garbage_between_segments(20_000)):
        prepared = prepare_image(data)
        assert prepared.read() == data
        assert prepared.size == (640, 480)


@pytest.mark.parametrize("gap", [0, 1, 2, 61, 62, 63, 64, 65, 126, 127, 128, 500, 65_533])
@pytest.mark.parametrize("byte", [b"\xff", b"\0", b"A"])
def test_a_marker_is_found_after_a_gap(gap, byte):
    data = jpeg()[:2] + byte * gap + jpeg()[2:]
    if not data.startswith(b"\xff\xd8\xff"):
        data = jpeg()[:20] + byte * gap + jpeg()[20:]
    assert prepare_image(data).size == (640, 480)


def test_metadata_after_fill_bytes_is_removed():
    end = len(jpeg()) - 2
    comment = b"\xff" * 100 + b"\xff\xfe\0\x08secret"
    data = jpeg()[:end] + comment + jpeg()[end:]
    prepared = prepare_image(data, strip_metadata=True)
    assert prepared.read() == prepare_image(jpeg(), strip_metadata=True).read()


def test_invalid_texts_are_not_unpacked_without_end(monkeypatch):
    """Each unpacks to a MiB; after 64 of them no more are unpacked."""
    packed = b"name\0\0" + zlib.compress(bytes(1024 * 1024))
    chunk = struct.pack(">I", len(packed)) + b"zTXt" + packed
    chunk += struct.pack(">I", zlib.crc32(b"zTXt" + packed))
    data = png()[:33] + chunk * 500 + png()[33:]
    calls = 0
    original = zlib.decompressobj

    def counted():
        nonlocal calls
        calls += 1
        return original()

    monkeypatch.setattr("xai_vision.imaging._formats.png.zlib.decompressobj", counted)
    reader = ByteReader(lambda start, length: data[start : start + length], len(data))
    assert parse_header(reader, "PNG").needs_decode
    assert calls == 64
