"""Looking at parts of a picture's bytes, wherever they are."""

from __future__ import annotations

from collections.abc import Callable

from xai_vision.errors._image import ImageTruncatedError


class ByteReader:
    """A look at any part of a picture's bytes.

    Attributes:
        size: How many bytes there are.
    """

    __slots__ = ("_read_at", "size")

    def __init__(self, read_at: Callable[[int, int], bytes], size: int) -> None:
        self._read_at = read_at
        self.size = size

    def peek(self, start: int, length: int) -> bytes:
        """The bytes from ``start`` on, as many of ``length`` as there are."""
        length = min(length, self.size - start)
        return self._read_at(start, length) if start >= 0 and length > 0 else b""

    def read_exact(self, start: int, length: int) -> bytes:
        """Exactly ``length`` bytes from ``start`` on.

        Raises:
            ImageTruncatedError: The data ends before that.
        """
        data = self.peek(start, length)
        if len(data) != length:
            raise truncated_error()
        return data


def truncated_error() -> ImageTruncatedError:
    """The error of a picture whose end is missing."""
    return ImageTruncatedError(
        "The data ends before the picture does.",
        remedy="Get the whole file again; it looks like a broken download or upload.",
    )
