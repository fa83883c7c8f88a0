"""Where a picture's bytes are, and how they become text without a second copy of them.

A picture is held as it was given: bytes in memory, a file on disk, base64 text, or an address of
the web. Each knows how long its text will be before any of it is made.
"""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

from xai_vision.errors._image import ImageReadError
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._image_url import Write
from xai_vision.imaging._sources import base64


class ImageData(ABC):
    """A picture's bytes, wherever they are. Never changes once made."""

    __slots__ = ()

    @property
    @abstractmethod
    def size(self) -> int:
        """How many raw bytes there are."""

    @abstractmethod
    @contextmanager
    def open(self) -> Iterator[ByteReader]:
        """Open it to look at parts of it."""
        raise NotImplementedError

    @abstractmethod
    def read(self) -> bytes:
        """All raw bytes at once."""

    @abstractmethod
    def steps(self) -> Iterator[bytes]:
        """The base64 text in steps; what can be checked is checked before the first."""

    def write_url(self, prefix: bytes, write: Write) -> None:
        """Hand ``prefix`` and the base64 text over in steps."""
        for step in self.steps():
            if prefix:
                write(prefix)
                prefix = b""
            write(step)

    @property
    def base64_size(self) -> int:
        """How many bytes the base64 text takes."""
        return base64.encoded_size(self.size)

    @property
    def in_memory(self) -> bool:
        """Whether it takes memory of its own, and not only says where the bytes are."""
        return True

    def __copy__(self) -> ImageData:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ImageData:
        return self


class BytesImageData(ImageData):
    """Bytes in memory, not copied."""

    __slots__ = ("_view",)

    def __init__(self, data: bytes | memoryview) -> None:
        self._view = memoryview(data)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._view.nbytes

    @contextmanager
    def opened(self) -> Iterator[ByteReader]:
        """Look at the bytes in place."""
        view = self._view
        yield ByteReader(lambda start, length: bytes(view[start : start + length]), view.nbytes)

    def read(self) -> bytes:
        """The bytes; the same object that was given if that was ``bytes``."""
        whole = self._view.obj
        if isinstance(whole, bytes) and len(whole) == self._view.nbytes:
            return whole
        return bytes(self._view)

    def steps(self) -> Iterator[bytes]:
        """Encode the bytes where they lie."""
        for start in range(0, self._view.nbytes, base64.RAW_STEP):
            yield base64.encode(self._view[start : start + base64.RAW_STEP])

    def __reduce__(self) -> tuple[Any, ...]:
        return BytesImageData, (self.read(),)


class FileImageData(ImageData):
    """A file, read only when its text is written.

    It has to be the file then that it was when it was prepared, by its size and its time of
    change. Pickled, it carries its bytes.
    """

    __slots__ = ("_state", "_path", "_size")

    def __init__(self, path: Path) -> None:
        """Look at the file at ``path``.

        Raises:
            ImageReadError: There is none, it is no regular file, or it may not be read.
        """
        with _translate_errors():
            self._path = path.absolute()
            found = self._path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise ImageReadError("It is a folder.", remedy="Give the path of one picture.")
        if not stat.S_ISREG(found.st_mode):
            raise ImageReadError(
                "It is a device or pipe, not a file.",
                remedy="Read it and pass the bytes.",
            )
        self._size = found.st_size
        self._state = _file_state(found)

    @property
    def size(self) -> int:
        """How many bytes the file had when it was prepared."""
        return self._size

    @property
    def in_memory(self) -> bool:
        """No: it is read from the file whenever it is wanted."""
        return False

    @contextmanager
    def _file(self) -> Iterator[FileIO]:
        with _translate_errors():
            file = self._path.open("rb", buffering=0)
        with file:
            self._check(file)
            yield file

    def _check(self, file: FileIO) -> None:
        if _file_state(os.fstat(file.fileno())) != self._state:
            raise _file_changed()

    @contextmanager
    def opened(self) -> Iterator[ByteReader]:
        """Read the parts that are looked at."""
        with self._file() as file:

            def read_at(start: int, length: int) -> bytes:
                with _translate_errors():
                    file.seek(start)
                return _read_up_to(file, length)

            yield ByteReader(read_at, self._size)

    def read(self) -> bytes:
        """Read the whole file."""
        with self._file() as file:
            data = _read_up_to(file, self._size)
            self._check(file)
        return data

    def steps(self) -> Iterator[bytes]:
        """Read and encode the file in steps.

        Raises:
            ImageReadError: The file cannot be read, or is not as it was when it was prepared.
        """
        with self._file() as file:
            for start in range(0, self._size, base64.RAW_STEP):
                length = min(base64.RAW_STEP, self._size - start)
                data = _read_up_to(file, length)
                if len(data) != length:
                    raise _file_changed()
                yield base64.encode(data)
            self._check(file)

    def __reduce__(self) -> tuple[Any, ...]:
        return BytesImageData, (self.read(),)


def _file_state(found: os.stat_result) -> tuple[int, int]:
    """What tells one state of a file from the next."""
    return found.st_size, found.st_mtime_ns


def _read_up_to(file: FileIO, length: int) -> bytes:
    """Read ``length`` bytes, fewer only at the end of the file."""
    with _translate_errors():
        data = file.read(length) or b""
        if len(data) in (0, length):
            return data
        parts = [data]
        left = length - len(data)
        while left and (data := file.read(left) or b""):
            parts.append(data)
            left -= len(data)
        return b"".join(parts)


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Turn what the system says into an ImageReadError."""
    try:
        yield
    except FileNotFoundError as error:
        raise ImageReadError("There is no such file.", remedy="Check the path.") from error
    except PermissionError as error:
        raise ImageReadError(
            "The file may not be read by this program.", remedy="Check its permissions."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        why = error.strerror if isinstance(error, OSError) else "the path is not valid"
        raise ImageReadError(f"The file could not be read ({why}).") from error


def _file_changed() -> ImageReadError:
    return ImageReadError(
        "The file changed after the picture was prepared.",
        remedy="Prepare it again, or pass its bytes if it may change at any time.",
    )
