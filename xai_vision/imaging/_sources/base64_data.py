"""Images that are stored as base64 text."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._image_url import STEP, BodyStore
from xai_vision.imaging._sources import base64
from xai_vision.imaging._sources.data import BytesImageData, ImageData


class EncodedImageData(ImageData):
    """Valid base64 text."""

    __slots__ = ("_size",)

    def __init__(self, size: int) -> None:
        """Represent ``size`` raw bytes."""
        self._size = size

    @property
    def size(self) -> int:
        """The number of raw bytes."""
        return self._size

    @abstractmethod
    def _text(self, start: int, length: int) -> bytes:
        """Return a part of the text; shorter at its end."""

    @contextmanager
    def open(self) -> Iterator[ByteReader]:
        """Decode the parts that are read."""
        yield ByteReader(self._read_at, self._size)

    def _read_at(self, start: int, length: int) -> bytes:
        first, skip = divmod(start, 3)
        last = (start + length + 2) // 3
        part = self._text(4 * first, 4 * (last - first))
        return base64.decode(part)[skip : skip + length]

    def read(self) -> bytes:
        """Decode the whole text."""
        return base64.decode(self._text(0, self.base64_size))

    def steps(self) -> Iterator[bytes]:
        """Yield the text in steps."""
        whole = self.base64_size
        for start in range(0, whole, STEP):
            yield self._text(start, min(STEP, whole - start))


class Base64ImageData(EncodedImageData):
    """Text in a string."""

    __slots__ = ("_start", "_value")

    def __init__(self, text: str, start: int, size: int) -> None:
        """Use ``text`` from ``start`` on, which represents ``size`` raw bytes."""
        super().__init__(size)
        self._value = text
        self._start = start

    def _text(self, start: int, length: int) -> bytes:
        start += self._start
        return self._value[start : start + length].encode("ascii")

    def __reduce__(self) -> tuple[Any, ...]:
        return Base64ImageData, (self._value, self._start, self._size)


class BufferedImageData(EncodedImageData):
    """Text in a buffer, such as the cached request body of a conversation.

    A pickle contains the bytes.
    """

    __slots__ = ("__weakref__", "_start", "_store")

    def __init__(self, store: BodyStore, start: int, size: int) -> None:
        """Use the text in ``store`` from ``start`` on, which represents ``size`` raw bytes."""
        super().__init__(size)
        self._store = store
        self._start = start
        store.pin(start, self.base64_size, self)

    def _text(self, start: int, length: int) -> bytes:
        return self._store.read(self._start + start, length)

    def __reduce__(self) -> tuple[Any, ...]:
        return BytesImageData, (self.read(),)
