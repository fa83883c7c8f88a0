"""The colors of a HEIC that pillow_heif does not tell: those in its compressed data."""

from __future__ import annotations

from xai_vision.imaging._formats._boxes.boxes import Box, content, find_box
from xai_vision.imaging._formats._boxes.hevc import read_hevc_cicp
from xai_vision.imaging._formats._boxes.items import read_items
from xai_vision.imaging._formats.byte_reader import ByteReader


def read_heic_cicp(reader: ByteReader) -> tuple[int, int] | None:
    """Return primaries and transfer function as numbers of ITU-T H.273; None if unspecified."""
    meta = find_box(reader, Box(b"", 0, reader.size), b"meta")
    if meta is None:
        return None
    table = read_items(reader, meta)
    # A grid has no configuration, but its tiles have.
    for box in (*table.primary_properties, *table.properties):
        if box.kind == b"hvcC":
            return read_hevc_cicp(content(reader, box))
    return None
