"""The directory of a TIFF, which is also the format of EXIF."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from xai_vision.errors._image import ImageFormatError, ImageTruncatedError
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.sniff import HOW_TO_DEVELOP
from xai_vision.imaging._sources.data import BytesImageData

SUBFILE_TYPE, OLD_SUBFILE_TYPE, SUB_DIRECTORIES = 254, 255, 330
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
ORIENTATION, CHANNELS, PLANAR, TILE_WIDTH = 274, 277, 284, 322
INK_SET, SAMPLE_FORMAT, SUBSAMPLING = 332, 339, 530
WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1
# Sizes of integers: BYTE, SHORT, LONG, LONG8, IFD, IFD8, and signed types. No value here is
# negative.
_SIZES = {1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8, 6: 1, 8: 2, 9: 4, 17: 8}
_BYTE = 1
_REDUCED, _MASK = 1, 4
_OLD_REDUCED = 2
_SENSOR_DATA = (32803, 34892)  # CFA and LinearRaw, the pixels of a camera's sensor
_MAX_PAGES = 64
_MAX_SUB_DIRECTORIES = 16
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
    """A directory of a TIFF, as far as its values are integers.

    Attributes:
        next: The offset of the next directory; 0 if there is none.
    """

    def __init__(
        self, reader: ByteReader, offset: int | None = None, *, complete: bool = True
    ) -> None:
        """Read the directory; values beyond the data are omitted.

        Args:
            reader: The TIFF.
            offset: The directory's offset; by default that of the first one.
            complete: Whether all entries have to exist; otherwise missing entries are ignored.

        Raises:
            ImageTruncatedError: The directory's end is missing.
        """
        self._reader = reader
        is_big = reader.peek(2, 2) in (b"+\0", b"\0+")
        start = reader.read_exact(0, 16 if is_big else 8)
        self.order: Order = "little" if start[:1] == b"I" else "big"
        layout = self._layout = _BIG if is_big else _CLASSIC
        at = self._number(start[8:16] if is_big else start[4:8]) if offset is None else offset
        count = self._number(reader.read_exact(at, layout.counter))
        at += layout.counter
        entries = (reader.read_exact if complete else reader.peek)(at, count * layout.entry)
        self.next = self._number(reader.peek(at + len(entries), layout.word))
        self._values: dict[int, int] = {}
        self._places: dict[int, tuple[int, int, int]] = {}
        for start_of_entry in range(0, len(entries), layout.entry):
            entry = entries[start_of_entry : start_of_entry + layout.entry]
            self._add(reader, entry, at + start_of_entry)

    def _number(self, data: bytes) -> int:
        return int.from_bytes(data, self.order)

    def _add(self, reader: ByteReader, entry: bytes, position: int) -> None:
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
        position += 4 + word
        if count * size > word:  # the values are elsewhere; only the first is needed
            position = self._number(value)
            value = reader.peek(position, size)
        if count and len(value) >= size:
            self._values[tag] = self._number(value[:size])
            self._places[tag] = position, size, count

    def __contains__(self, tag: int) -> bool:
        return tag in self._values

    def get(self, tag: int, default: int = 0) -> int:
        """Return the first value of a tag."""
        return self._values.get(tag, default)

    def get_all(self, tag: int, maximum: int) -> list[int]:
        """Return up to ``maximum`` values of a tag."""
        position, size, count = self._places.get(tag, (0, 1, 0))
        data = self._reader.peek(position, size * min(count, maximum))
        return [self._number(data[at : at + size]) for at in range(0, len(data) - size + 1, size)]

    def with_value(self, data: bytes, tag: int, value: int) -> bytes:
        """Return the file ``data`` with another first value of a tag that exists."""
        position, size, _ = self._places[tag]
        return data[:position] + value.to_bytes(size, self.order) + data[position + size :]

    @property
    def is_reduced(self) -> bool:
        """Whether the image is a smaller copy of another one in the file."""
        return is_reduced(self.get)

    @property
    def is_auxiliary(self) -> bool:
        """Whether the image is a smaller copy or a transparency mask of another one."""
        return self.is_reduced or bool(self.get(SUBFILE_TYPE) & _MASK)

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return self.get(WIDTH) * self.get(HEIGHT)


def is_reduced(get: Callable[[int], int]) -> bool:
    """Return whether the tags are those of a smaller copy of another image in the file."""
    return bool(get(SUBFILE_TYPE) & _REDUCED or get(OLD_SUBFILE_TYPE) == _OLD_REDUCED)


class Page(NamedTuple):
    """The page of a TIFF that is its image.

    Attributes:
        number: Its position in the chain of directories.
        directory: Its directory.
        others: Whether other pages are not just smaller copies.
    """

    number: int
    directory: Directory
    others: bool


def find_page(reader: ByteReader) -> Page:
    """Find the first page that is not a smaller copy of another one.

    Raises:
        ImageFormatError: The file is a camera RAW file, whose pages are previews.
        ImageTruncatedError: The end of a directory is missing.
    """
    first = Directory(reader)
    number, page = 0, first
    if first.is_auxiliary:
        for position, other in enumerate(_following(reader, first), start=1):
            if not other.is_auxiliary:
                number, page = position, other
                break
    is_canon = reader.peek(8, 3) == b"CR\x02"
    has_sensor_data = any(directory.get(PHOTOMETRIC) in _SENSOR_DATA for directory in (first, page))
    if is_canon or has_sensor_data or _has_larger_image(reader, first, page):
        raise ImageFormatError(
            "the file is a camera RAW file, or a TIFF laid out like one: only a reduced preview "
            "can be read, not the full image.",
            remedy=HOW_TO_DEVELOP,
        )
    return Page(number, page, _has_other_pages(reader, page))


def page_at(reader: ByteReader, number: int) -> Directory:
    """Return the directory of a page by its position.

    Raises:
        ImageTruncatedError: The end of a directory is missing.
    """
    directory = Directory(reader)
    for _ in range(number):
        directory = Directory(reader, directory.next)
    return directory


def _following(reader: ByteReader, directory: Directory) -> Iterator[Directory]:
    """Yield the directories after one, up to a limit, which also ends a circle."""
    for _ in range(_MAX_PAGES):
        if not directory.next:
            return
        directory = Directory(reader, directory.next)
        yield directory


def _has_larger_image(reader: ByteReader, first: Directory, page: Directory) -> bool:
    """Return whether a sub-directory of the pages has the full image."""
    for directory in (first, page):
        for offset in directory.get_all(SUB_DIRECTORIES, _MAX_SUB_DIRECTORIES):
            try:
                inner = Directory(reader, offset)
            except ImageTruncatedError:
                if page.is_reduced:  # the full image cannot be ruled out
                    raise
                continue
            if not inner.is_auxiliary and inner.pixels > page.pixels:
                return True
    return False


def _has_other_pages(reader: ByteReader, page: Directory) -> bool:
    """Return whether another page is not just a smaller copy, as far as that can be read."""
    copies = 0
    try:
        for other in _following(reader, page):
            if not other.is_reduced:  # a transparency mask is lost like any other page
                return True
            copies += 1
    except ImageTruncatedError:
        return True
    return copies == _MAX_PAGES


def parse(reader: ByteReader) -> ImageHeader:
    """Parse the header of the page that is the image."""
    _, directory, others = find_page(reader)
    bits = directory.get(BITS, 1)
    mode = _MODES.get((directory.get(PHOTOMETRIC, -1), directory.get(CHANNELS, 1)), "")
    return ImageHeader(
        "TIFF",
        directory.get(WIDTH),
        directory.get(HEIGHT),
        valid_orientation(directory.get(ORIENTATION, 1)),
        "1" if (mode, bits) == ("L", 1) else mode,
        bits,
        animated=others,
        multi_image=others,
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
