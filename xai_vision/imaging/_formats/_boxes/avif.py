"""The colors, bits and further images of an AVIF, which Pillow does not tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xai_vision.imaging._formats._boxes.av1 import read_cicp
from xai_vision.imaging._formats._boxes.boxes import Box, Fields, content, find_box, iter_boxes
from xai_vision.imaging._formats._boxes.items import ItemTable, read_items
from xai_vision.imaging._formats.byte_reader import ByteReader

_SAMPLE_ENTRY = 78  # bytes of a video's sample entry before its boxes
_CONFIG_HEADER = 4  # bytes of av1C before its OBUs
_MAX_PROPERTY = 16  # bytes of colr and av1C that are needed
_MAX_START = 4096  # bytes of the compressed image in which its header is
_HIGH_BITS, _TWELVE_BITS = 0x40, 0x20


@dataclass
class AvifProperties:
    """Properties of the image in an AVIF.

    Attributes:
        cicp: Primaries and transfer function as numbers of ITU-T H.273; None if unspecified.
        bits: Bits per channel.
        other_images: Number of further images in the file.
        has_gain_map: Whether a gain map makes the image an HDR image.
    """

    cicp: tuple[int, int] | None = None
    bits: int = 8
    other_images: int = 0
    has_gain_map: bool = False


def read_avif(reader: ByteReader) -> AvifProperties:
    """Read the properties of an AVIF; damaged boxes are skipped, because it was decoded."""
    result = AvifProperties()
    file = Box(b"", 0, reader.size)
    table = ItemTable()
    if meta := find_box(reader, file, b"meta"):
        table = read_items(reader, meta)
        result.other_images, result.has_gain_map = table.other_images, table.has_gain_map
    boxes = table.primary_properties or _track_boxes(reader, file)
    if not any(box.kind == b"av1C" for box in boxes):  # a grid: its tiles have it
        boxes = [*boxes, *(box for box in table.properties if box.kind == b"av1C")]
    _apply(reader, boxes, result)
    if result.cicp is None:  # libavif does the same
        result.cicp = read_cicp(_coded_start(reader, file, table))
    return result


def _apply(reader: ByteReader, boxes: Iterable[Box], result: AvifProperties) -> None:
    for box in boxes:
        data = content(reader, box, _MAX_PROPERTY)
        if box.kind == b"colr" and data[:4] == b"nclx" and len(data) >= 8:
            fields = Fields(data[4:])
            result.cicp = fields.number(2), fields.number(2)
        elif box.kind == b"av1C" and len(data) >= _CONFIG_HEADER:
            high = 12 if data[2] & _TWELVE_BITS else 10
            result.bits = max(result.bits, high if data[2] & _HIGH_BITS else 8)


def _track_boxes(reader: ByteReader, file: Box) -> list[Box]:
    """Return the boxes that describe the first track of a file without items."""
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    table = find_box(reader, file, *path)
    if table is None:
        return []
    entry = find_box(reader, table._replace(start=table.start + 8), b"av01")
    if entry is None:
        return []
    return list(iter_boxes(reader, entry.start + _SAMPLE_ENTRY, entry.end))


def _coded_start(reader: ByteReader, file: Box, table: ItemTable) -> bytes:
    """Return the start of the primary item's data, of a grid's first tile, or of a video's."""
    item = table.primary
    if table.kinds.get(item) != b"av01":
        item = next((item for item, kind in table.kinds.items() if kind == b"av01"), 0)
    if item in table.locations:
        start, length = table.locations[item]
    elif data := find_box(reader, file, b"mdat"):
        start, length = data.start, data.end - data.start
    else:
        return b""
    return reader.peek(start, min(length, _MAX_START))
