"""The color space of a PNG that Pillow does not read."""

from __future__ import annotations

from xai_vision.errors._image import ImageTruncatedError
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.png import iter_chunks

_MAX_CHUNKS = 5000
_LENGTH = 4


def read_cicp(reader: ByteReader) -> tuple[int, int, bool] | None:
    """Read the chunk cICP, which counts more than the other chunks of colors.

    Returns:
        Primaries and transfer function as numbers of ITU-T H.273, and whether the range is full;
        None without the chunk.
    """
    try:
        for count, chunk in enumerate(iter_chunks(reader)):
            if chunk.kind in (b"IDAT", b"IEND") or count > _MAX_CHUNKS:
                return None
            data = reader.peek(chunk.start, _LENGTH)
            if chunk.kind == b"cICP" and chunk.length == _LENGTH == len(data):
                return data[0], data[1], data[3] != 0
    except ImageTruncatedError:
        pass
    return None
