"""The directory of a TIFF, which is also the format of EXIF."""

from __future__ import annotations

from typing import Literal, NamedTuple

from xai_vision.errors._image import ImageTruncatedError
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._sources.data import BytesImageData

WIDTH, HEIGHT, BITS, PHOTOMETRIC, ORIENTATION, CHANNELS = 256, 257, 258, 262, 274, 277
# Sizes of integers: BYTE, SHORT, LONG, LONG8, and signed types. No value here is negative.
_SIZES = {1: 1, 3: 2, 4: 4, 16: 8, 6: 1, 8: 2, 9: 4, 17: 8}
_BYTE = 1
_MODES = {
    (0, 1): "L",
    (1, 1): "L",
    (1, 2): "LA",
    (2, 3): "RGB",
    (2, 4): "RGBA",
    (3, 1): "P",
    (5, 4): "CMYK",
    (6, 3): "YCbCr",
    (8, 3): "LAB",
}

Order = Literal["little", "big"]


class _Layout(NamedTuple):
    """The sizes of numbers in a directory: a BigTIFF has 8-byte offsets."""

    counter: int
    entry: int
    word: int


_CLASSIC = _Layout(2, 12, 4)
_BIG = _Layout(8, 20, 8)


class Directory:
    """The first directory of a TIFF, as far as its values are integers."""

    def __init__(self, reader: ByteReader, *, complete: bool = True) -> None:
        """Read the directory; values beyond the data are omitted.

        Args:
            reader: The TIFF.
            complete: Whether all entries have to exist; otherwise missing entries are ignored.

        Raises:
            ImageTruncatedError: The directory's end is missing.
        """
        is_big = reader.peek(2, 2) in (b"+\0", b"\0+")
        start = reader.read_exact(0, 16 if is_big else 8)
        self._order: Order = "little" if start[:1] == b"I" else "big"
        layout = self._layout = _BIG if is_big else _CLASSIC
        at = self._number(start[8:16] if is_big else start[4:8])
        count = self._number(reader.read_exact(at, layout.counter))
        at += layout.counter
        entries = (reader.read_exact if complete else reader.peek)(at, count * layout.entry)
        self.more = any(reader.peek(at + len(entries), layout.word))
        self._values: dict[int, int] = {}
        for offset in range(0, len(entries), layout.entry):
            self._add(reader, entries[offset : offset + layout.entry])

    def _number(self, data: bytes) -> int:
        return int.from_bytes(data, self._order)

    def _add(self, reader: ByteReader, entry: bytes) -> None:
        tag = self._number(entry[:2])
        kind = self._number(entry[2:4])
        size = _SIZES.get(kind)
        if size is None or tag in self._values or len(entry) < self._layout.entry:
            return
        if tag == ORIENTATION and kind == _BYTE:  # Pillow does not accept this type
            return
        word = self._layout.word
        count = self._number(entry[4 : 4 + word])
        value = entry[4 + word :]
        if count * size > word:  # the values are elsewhere; only the first is needed
            value = reader.peek(self._number(value), size)
        if count and len(value) >= size:
            self._values[tag] = self._number(value[:size])

    def get(self, tag: int, default: int = 0) -> int:
        """Return the first value of a tag."""
        return self._values.get(tag, default)


def parse(reader: ByteReader) -> ImageHeader:
    """Parse the header of the first page."""
    directory = Directory(reader)
    bits = directory.get(BITS, 1)
    mode = _MODES.get((directory.get(PHOTOMETRIC, -1), directory.get(CHANNELS, 1)), "")
    return ImageHeader(
        "TIFF",
        directory.get(WIDTH),
        directory.get(HEIGHT),
        valid_orientation(directory.get(ORIENTATION, 1)),
        "1" if (mode, bits) == ("L", 1) else mode,
        bits,
        animated=directory.more,
        multi_image=directory.more,
    )


def read_tag(data: bytes, tag: int) -> int | None:
    """Read a tag of a possibly damaged directory, such as EXIF.

    Returns:
        The value, or None if the tag is missing or the data is not a directory.
    """
    if data[:4] not in (b"II*\0", b"MM\0*"):
        return None
    with BytesImageData(data).open() as reader:
        try:
            value = Directory(reader, complete=False).get(tag, -1)
        except ImageTruncatedError:
            return None
    return value if value >= 0 else None


def valid_orientation(value: int) -> int:
    """Return the orientation, or 1 if it is invalid."""
    return value if 1 <= value <= 8 else 1
