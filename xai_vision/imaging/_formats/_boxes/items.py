"""The items of an AVIF or HEIC: which one is the image, and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from xai_vision.imaging._formats._boxes.boxes import Box, Fields, content, iter_boxes
from xai_vision.imaging._formats.byte_reader import ByteReader

_IMAGES = (b"av01", b"hvc1", b"grid", b"iovl", b"iden", b"jpeg")
_HIDDEN = 1
_MAX_TABLES = 1024 * 1024  # bytes; real tables are much shorter, and reading more takes seconds
_THUMBNAIL, _AUXILIARY, _PART = b"thmb", b"auxl", b"dimg"


@dataclass
class ItemTable:
    """The tables of a meta box.

    Attributes:
        primary: The number of the item that is the image.
        kinds: The types of the items by number.
        hidden: The items that are not to be shown alone.
        properties: The boxes that describe items.
        associations: The positions in ``properties`` by item, starting at 1.
        locations: Offset and length of each item's data.
        budget: The number of bytes of tables that are still read.
    """

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    properties: list[Box] = field(default_factory=list)
    associations: dict[int, list[int]] = field(default_factory=dict)
    locations: dict[int, tuple[int, int]] = field(default_factory=dict)
    budget: int = _MAX_TABLES

    @property
    def primary_properties(self) -> list[Box]:
        """The boxes that describe the primary item."""
        positions = self.associations.get(self.primary, [])
        return [self.properties[at - 1] for at in positions if 0 < at <= len(self.properties)]

    @property
    def other_images(self) -> int:
        """The number of images besides the primary one, without thumbnails and masks."""
        others = self.kinds.keys() - self.hidden - {self.primary}
        return sum(self.kinds[item] in _IMAGES for item in others)

    @property
    def has_gain_map(self) -> bool:
        """Whether a gain map makes the image an HDR image."""
        return b"tmap" in self.kinds.values()


def read_items(reader: ByteReader, meta: Box) -> ItemTable:
    """Read the tables of a meta box, each as far as it is valid."""
    table = ItemTable()
    for box in iter_boxes(reader, meta.start + 4, meta.end):
        if box.kind == b"iinf" and not table.kinds:
            _read_kinds(reader, box, table)
        elif box.kind == b"iprp":
            for child in iter_boxes(reader, box.start, box.end):
                if child.kind == b"ipco" and not table.properties:
                    table.properties = list(iter_boxes(reader, child.start, child.end))
                _read_table(reader, child, table)
        _read_table(reader, box, table)
    return table


def _read_table(reader: ByteReader, box: Box, table: ItemTable) -> None:
    read = _READERS.get(box.kind)
    if read is not None:
        data = content(reader, box, table.budget)
        table.budget -= len(data)
        try:
            read(Fields(data), table)
        except EOFError:
            return


def _read_primary(fields: Fields, table: ItemTable) -> None:
    version = fields.number(4) >> 24
    table.primary = fields.number(4 if version else 2)


def _read_kinds(reader: ByteReader, box: Box, table: ItemTable) -> None:
    version = reader.peek(box.start, 1)
    skip = 8 if version and version[0] else 6
    for child in iter_boxes(reader, box.start + skip, box.end):
        fields = Fields(reader.peek(child.start, 12))
        try:
            version_flags = fields.number(4)
            item = fields.number(4 if version_flags >> 24 > 2 else 2)
            fields.number(2)
            table.kinds[item] = fields.number(4).to_bytes(4, "big")
        except EOFError:
            continue
        if version_flags & _HIDDEN:
            table.hidden.add(item)


def _read_references(fields: Fields, table: ItemTable) -> None:
    size = 4 if fields.number(4) >> 24 else 2
    while fields.position < len(fields.data):
        fields.number(4)
        kind = fields.number(4).to_bytes(4, "big")
        source = fields.number(size)
        targets = [fields.number(size) for _ in range(fields.number(2))]
        if kind in (_THUMBNAIL, _AUXILIARY):
            table.hidden.add(source)
        elif kind == _PART:
            table.hidden.update(targets)


def _read_associations(fields: Fields, table: ItemTable) -> None:
    version_flags = fields.number(4)
    wide = version_flags & 1
    for _ in range(fields.number(4)):
        item = fields.number(4 if version_flags >> 24 else 2)
        positions = [fields.number(2 if wide else 1) for _ in range(fields.number(1))]
        mask = 0x7FFF if wide else 0x7F  # without the mark of an essential property
        table.associations[item] = [position & mask for position in positions]


def _read_locations(fields: Fields, table: ItemTable) -> None:
    version = fields.number(4) >> 24
    sizes = fields.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    for _ in range(fields.number(4 if version > 1 else 2)):
        item = fields.number(4 if version > 1 else 2)
        method = fields.number(2) & 15 if version else 0
        fields.number(2)
        base = fields.number(base_size)
        extents = fields.number(2)
        if not extents:
            continue
        fields.skip(index_size)
        offset, length = fields.number(offset_size), fields.number(length_size)
        fields.skip((extents - 1) * (index_size + offset_size + length_size))
        if method == 0:
            table.locations[item] = base + offset, length


_READERS: dict[bytes, Callable[[Fields, ItemTable], None]] = {
    b"pitm": _read_primary,
    b"iref": _read_references,
    b"ipma": _read_associations,
    b"iloc": _read_locations,
}
