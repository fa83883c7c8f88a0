"""Random access to the bytes of an image."""

from __future__ import annotations

from collections.abc import Callable

from xai_vision.errors._image import ImageTruncatedError


class ByteReader:
    """Reads parts of an image's bytes from memory, a file or base64 text.

    Attributes:
        size: The number of bytes.
    """

    __slots__ = ("_read_at", "size")

    def __init__(self, read_at: Callable[[int, int], bytes], size: int) -> None:
        self._read_at = read_at
        self.size = size

    @classmethod
    def from_bytes(cls, data: bytes) -> ByteReader:
        """Read parts of bytes."""
        return cls(lambda start, length: data[start : start + length], len(data))

    def peek(self, start: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``start`` on."""
        length = min(length, self.size - start)
        return self._read_at(start, length) if start >= 0 and length > 0 else b""

    def read_exact(self, start: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``start`` on.

        Raises:
            ImageTruncatedError: The data ends before.
        """
        data = self.peek(start, length)
        if len(data) != length:
            raise truncated_error()
        return data


def truncated_error() -> ImageTruncatedError:
    """Return the error of an image whose end is missing."""
    return ImageTruncatedError(
        "image data is truncated.",
        remedy="Get the complete file again; the download or upload was probably interrupted.",
    )
