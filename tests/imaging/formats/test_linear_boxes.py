"""Reading the tables of an AVIF or HEIC takes time in proportion to the data, and not too much."""

from __future__ import annotations

import struct

import pytest

from tests.imaging.formats.avif_files import DISPLAY_P3, P3, avif, box, item, nclx, reference
from tests.imaging.formats.parsing_cost import parsing_cost
from xai_vision.imaging._formats._boxes.avif import read_avif
from xai_vision.imaging._formats._boxes.hevc import read_hevc_cicp


def many_boxes(n):
    return avif() + box(b"free") * (n // 8)


def many_items(n):
    return avif(others=tuple(item(2 + index % 60_000) for index in range(n // 20)))


def many_references(n):
    return avif(references=(reference(b"dimg", 1, *range(2, 2 + n // 2)),))


def many_properties(n):
    return avif(DISPLAY_P3, nclx(P3), box(b"free", box(b"free") * (n // 8)))


def many_empty_extents(n):
    """Extents of no bytes: each item has 65,535 of them in 6 bytes."""
    items = struct.pack(">HHH", 2, 0, 65_535) * (n // 6)
    return tables(box(b"iloc", bytes(6) + b"\xff\xff" + items))


def many_tables(n):
    table = box(b"ipma", struct.pack(">IIHB", 0, 1, 2, 255) + bytes(255))
    return tables(box(b"iprp", table * (n // len(table))))


def tables(*boxes):
    return box(b"ftyp", b"avif") + box(b"meta", bytes(4), *boxes)


MAKERS = [
    many_boxes,
    many_items,
    many_references,
    many_properties,
    many_empty_extents,
    many_tables,
]


def cost(data):
    return parsing_cost(read_avif, data)


@pytest.mark.parametrize("make", MAKERS)
def test_twice_the_data_takes_at_most_twice_the_steps(make):
    data = make(20_000)
    (lines, amount), (more_lines, more_amount) = cost(data), cost(make(40_000))
    assert more_lines <= 2.5 * lines
    assert more_amount <= 2.5 * amount
    assert lines <= 20 * len(data)
    assert amount <= 20 * len(data)


def test_tables_are_read_up_to_a_limit():
    """Real ones have a few KiB; a table of 4 MiB would take seconds."""
    size = 3 * 1024 * 1024
    one_table = box(b"ipma", struct.pack(">II", 0, 1_000_000) + b"\0\2\1\1" * (size // 4))
    for data in (tables(box(b"iprp", one_table)), many_tables(size)):
        _, amount = cost(data)
        assert amount < 1.5 * 1024 * 1024


def test_units_of_hevc_are_not_copied_with_all_that_follows():
    class Counted(bytes):
        copied = 0

        def __getitem__(self, key):
            part = super().__getitem__(key)
            if isinstance(key, slice):
                Counted.copied += len(part)
                return Counted(part)
            return part

    units = struct.pack(">BH", 33, 20_000) + bytes(2 * 20_000)
    config = Counted(bytes(22) + b"\1" + units)
    assert read_hevc_cicp(config) is None
    assert Counted.copied < 4 * len(config)
