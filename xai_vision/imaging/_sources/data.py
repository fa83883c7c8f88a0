"""The data of an image, and its conversion to base64 without a second copy.

Data stays in the form that was passed: bytes in memory, a file, or base64 text. The length of the
text is known before it is made.
"""

from __future__ import annotations

import io
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

from xai_vision.errors._image import ImageReadError
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._image_url import Write
from xai_vision.imaging._sources import base64


class ImageData(ABC):
    """The data of an image. Immutable."""

    __slots__ = ()

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of raw bytes."""

    @abstractmethod
    @contextmanager
    def open(self) -> Iterator[ByteReader]:
        """Open the data for random access."""
        raise NotImplementedError

    @contextmanager
    def open_file(self) -> Iterator[BinaryIO]:
        """Open the data as a file for a decoder."""
        yield io.BytesIO(self.read())

    @abstractmethod
    def read(self) -> bytes:
        """Return all raw bytes."""

    @abstractmethod
    def steps(self) -> Iterator[bytes]:
        """Yield the base64 text in steps; errors are raised before the first step if possible."""

    def write_url(self, prefix: bytes, write: Write) -> None:
        """Write ``prefix`` and the base64 text in steps."""
        for step in self.steps():
            if prefix:
                write(prefix)
                prefix = b""
            write(step)

    @property
    def base64_size(self) -> int:
        """The length of the base64 text."""
        return base64.encoded_size(self.size)

    @property
    def in_memory(self) -> bool:
        """Whether the bytes are in memory."""
        return True

    def __copy__(self) -> ImageData:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ImageData:
        return self


class BytesImageData(ImageData):
    """Bytes in memory, without a copy."""

    __slots__ = ("_view",)

    def __init__(self, data: bytes | memoryview) -> None:
        self._view = memoryview(data)

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._view.nbytes

    @contextmanager
    def open(self) -> Iterator[ByteReader]:
        """Read the bytes in place."""
        view = self._view
        yield ByteReader(lambda start, length: bytes(view[start : start + length]), view.nbytes)

    def read(self) -> bytes:
        """Return the bytes; the original object if it was ``bytes``."""
        whole = self._view.obj
        if isinstance(whole, bytes) and len(whole) == self._view.nbytes:
            return whole
        return bytes(self._view)

    def steps(self) -> Iterator[bytes]:
        """Encode the bytes in place."""
        for start in range(0, self._view.nbytes, base64.RAW_STEP):
            yield base64.encode(self._view[start : start + base64.RAW_STEP])

    def __reduce__(self) -> tuple[Any, ...]:
        return BytesImageData, (self.read(),)


class FileImageData(ImageData):
    """A file that is read when its text is written.

    It must not be replaced or changed in between. A pickle contains the bytes.
    """

    __slots__ = ("_path", "_size", "_state")

    def __init__(self, path: Path) -> None:
        """Check the file at ``path``.

        Raises:
            ImageReadError: The file is missing, not regular, or not readable.
        """
        with _translate_errors():
            self._path = path.absolute()
            status = self._path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ImageReadError("is a directory.", remedy="Pass the path of one image.")
        if not stat.S_ISREG(status.st_mode):
            raise ImageReadError(
                "is a device or pipe, not a regular file.",
                remedy="Read it and pass the bytes.",
            )
        self._size = status.st_size
        self._state = _file_state(status)

    @property
    def size(self) -> int:
        """The size of the file when it was prepared."""
        return self._size

    @property
    def in_memory(self) -> bool:
        """False: the bytes are read from the file."""
        return False

    @contextmanager
    def _file(self) -> Iterator[FileIO]:
        with _translate_errors():
            file = _File(self._path, "rb", opener=_open_without_blocking)
        with file:
            self._check(file)
            yield file

    def _check(self, file: FileIO) -> None:
        if _file_state(os.fstat(file.fileno())) != self._state:
            raise _file_changed()

    @contextmanager
    def open(self) -> Iterator[ByteReader]:
        """Read parts of the file."""
        with self._file() as raw, io.BufferedReader(raw) as file:

            def read_at(start: int, length: int) -> bytes:
                file.seek(start)
                return file.read(length)

            yield ByteReader(read_at, self._size)

    @contextmanager
    def open_file(self) -> Iterator[BinaryIO]:
        """Open the file; the decoder reads it in blocks, so that it is never in memory.

        Raises:
            ImageReadError: The file cannot be read, or changed since it was prepared.
        """
        with self._file() as raw, io.BufferedReader(raw) as file:
            try:
                yield file
            finally:
                self._check(raw)

    def read(self) -> bytes:
        """Read the whole file."""
        with self._file() as file:
            data = _read_up_to(file, self._size)
            self._check(file)
        return data

    def steps(self) -> Iterator[bytes]:
        """Read and encode the file in steps.

        Raises:
            ImageReadError: The file cannot be read, or changed after it was prepared.
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


class _File(FileIO):
    """A file whose errors are translated."""

    def readinto(self, buffer: Any, /) -> int | None:
        with _translate_errors():
            return super().readinto(buffer)


def _open_without_blocking(path: str, flags: int) -> int:
    """Open a file; a FIFO that replaced it must not block until it has a writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _file_state(status: os.stat_result) -> tuple[int, ...]:
    """Return the values that differ when a file was changed or replaced.

    Programs can set the time of modification, and systems use the number of a deleted file again,
    but the time of the last change of the status cannot be set.
    """
    kind = stat.S_IFMT(status.st_mode)
    return kind, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _read_up_to(file: FileIO, length: int) -> bytes:
    """Read ``length`` bytes; fewer only at the end of the file."""
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
    """Translate errors of the system to ImageReadError."""
    try:
        yield
    except FileNotFoundError as error:
        raise ImageReadError("file not found.", remedy="Check the path.") from error
    except PermissionError as error:
        raise ImageReadError(
            "permission to read the file denied.", remedy="Check its permissions."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        why = error.strerror if isinstance(error, OSError) else "the path is not valid"
        raise ImageReadError(f"the file could not be read ({why}).") from error


def _file_changed() -> ImageReadError:
    return ImageReadError(
        "the file changed after the image was prepared.",
        remedy="Prepare it again, or pass its bytes if it can change at any time.",
    )
