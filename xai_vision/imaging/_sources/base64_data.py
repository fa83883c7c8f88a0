"""Pictures that are held as base64 text already, and sent as that."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._image_url import STEP, Store
from xai_vision.imaging._sources import base64
from xai_vision.imaging._sources.data import ImageData, BytesImageData


class EncodedImageData(ImageData):
    """Base64 text that was found to be sound, wherever it lies."""

    __slots__ = ("_size",)

    def __init__(self, size: int) -> None:
        """Stand for ``size`` raw bytes."""
        self._size = size

    @property
    def size(self) -> int:
        """How many bytes the text stands for."""
        return self._size

    @abstractmethod
    def _text(self, start: int, length: int) -> bytes:
        """Some of the text; less of it at its end."""

    @contextmanager
    def opened(self) -> Iterator[ByteReader]:
        """Decode the parts that are looked at."""
        yield ByteReader(self._read_at, self._size)

    def _read_at(self, start: int, length: int) -> bytes:
        first, skip = divmod(start, 3)
        last = (start + length + 2) // 3
        part = self._text(4 * first, 4 * (last - first))
        return base64.decode(part)[skip : skip + length]

    def read(self) -> bytes:
        """Decode it all."""
        return base64.decode(self._text(0, self.base64_size))

    def steps(self) -> Iterator[bytes]:
        """Hand over the text."""
        whole = self.base64_size
        for start in range(0, whole, STEP):
            yield self._text(start, min(STEP, whole - start))


class Base64ImageData(EncodedImageData):
    """Text kept as it was given."""

    __slots__ = ("_value", "_start")

    def __init__(self, text: str, start: int, size: int) -> None:
        """Hold ``text`` from ``start`` on, which stands for ``size`` raw bytes."""
        super().__init__(size)
        self._value = text
        self._start = start

    def _text(self, start: int, length: int) -> bytes:
        start += self._start
        return self._value[start : start + length].encode("ascii")

    def __reduce__(self) -> tuple[Any, ...]:
        return Base64ImageData, (self._value, self._start, self._size)


class BufferedImageData(EncodedImageData):
    """Text that lies in a store of many, which is where a conversation holds its pictures.

    Pickled, it carries its bytes.
    """

    __slots__ = ("__weakref__", "_start", "_store")

    def __init__(self, store: Store, start: int, size: int) -> None:
        """Read from ``store``, from ``start`` on, what stands for ``size`` raw bytes."""
        super().__init__(size)
        self._store = store
        self._start = start
        store.pin(start, self.base64_size, self)

    def _text(self, start: int, length: int) -> bytes:
        return self._store.read(self._start + start, length)

    def __reduce__(self) -> tuple[Any, ...]:
        return BytesImageData, (self.read(),)
