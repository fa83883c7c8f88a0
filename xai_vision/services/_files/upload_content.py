"""The content of an upload: a path, bytes, a file object or a prepared image."""

from __future__ import annotations

import inspect
import io
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from xai_vision._validation import short_repr
from xai_vision.errors import InvalidRequestError

if TYPE_CHECKING:
    from xai_vision.imaging import PreparedImage

FileLike: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | PreparedImage"
)
"""The files that can be uploaded."""

_EXTENSIONS: Final = {"JPEG": ".jpg", "PNG": ".png"}


Read: TypeAlias = "Callable[[int], bytes | memoryview]"
"""Returns at most a number of bytes of a content, and none at its end."""


class UploadContent(ABC):
    """What an upload sends.

    Attributes:
        name: The file's name, if the content has one.
        total: The number of bytes; None if unknown.
    """

    name: str | None = None
    total: int | None = None

    @abstractmethod
    @contextmanager
    def open(self) -> Iterator[Read]:
        """Open the content; yield the function that reads it."""
        raise NotImplementedError

    @property
    def repeatable(self) -> bool:
        """Whether ``open`` can be called again."""
        return True


class _Bytes(UploadContent):
    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data)
        # Only a contiguous view can be read byte by byte, and one without items not even then.
        self._view = view.cast("B") if view.contiguous and view.nbytes else memoryview(bytes(view))
        self.total = self._view.nbytes

    @contextmanager
    def open(self) -> Iterator[Read]:
        position = 0

        def read(size: int) -> memoryview:
            nonlocal position
            start, position = position, position + size
            return self._view[start:position]

        yield read


class _Path(UploadContent):
    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.name
        # Opened once before anything is sent, so that an unreadable file is an error here.
        with path.open("rb") as file:
            self.total = os.fstat(file.fileno()).st_size

    @contextmanager
    def open(self) -> Iterator[Read]:
        with self._path.open("rb") as file:
            yield file.read


class _Image(UploadContent):
    def __init__(self, image: PreparedImage) -> None:
        if image.format is None:
            image.read()  # raises the error for an image that is a URL
        # The name of the source, with the extension of the format that it was converted to.
        stem, dot, _ = image.source.rpartition(".")
        extension = _EXTENSIONS.get(str(image.format), "")
        self.name = (stem if dot and stem else "image") + extension
        self.total = image.size_bytes
        self._image = image

    @contextmanager
    def open(self) -> Iterator[Read]:
        with _Bytes(self._image.read()).open() as read:
            yield read


class _FileObject(UploadContent):
    def __init__(self, file: Any) -> None:
        _check_readable(file)
        self._file = file
        name = getattr(file, "name", None)
        self.name = os.path.basename(name) if isinstance(name, str) else None  # noqa: PTH119
        self._start = _position(file)
        if self._start is not None:
            self.total = max(file.seek(0, os.SEEK_END) or file.tell(), self._start) - self._start
            file.seek(self._start)
        self._lock = threading.Lock()
        self._attempt = 0
        self._untouched = True

    @property
    def repeatable(self) -> bool:
        return self._start is not None or self._untouched

    @contextmanager
    def open(self) -> Iterator[Read]:
        # An attempt that failed may still read in another thread when the next one starts.
        with self._lock:
            self._attempt += 1
            attempt = self._attempt
            if self._start is not None and not self._untouched:
                self._file.seek(self._start)

        def read(size: int) -> bytes:
            with self._lock:
                if attempt != self._attempt:
                    return b""
                self._untouched = False
                data: bytes = self._file.read(size)
            _check_bytes(data)
            return data

        yield read


def upload_content(file: Any) -> UploadContent:
    """Return the content of what ``upload()`` gets.

    Raises:
        FileNotFoundError: The path does not exist.
        OSError: The file cannot be read.
        InvalidRequestError: ``file`` is something else.
        ImageReadError: The prepared image is a URL.
    """
    if isinstance(file, (str, os.PathLike)):
        return _Path(_existing_file(file))
    if isinstance(file, (bytes, bytearray, memoryview)):
        return _Bytes(file)
    if callable(getattr(file, "read", None)):
        from xai_vision.imaging import PreparedImage  # on use: it is rarely needed

        return _Image(file) if isinstance(file, PreparedImage) else _FileObject(file)
    raise InvalidRequestError(
        "upload(): file must be a path, bytes, a binary file object or a prepared image, not "
        f"{type(file).__name__}"
    )


def _existing_file(file: str | os.PathLike[str]) -> Path:
    name = os.fsdecode(file)
    if not name:
        raise InvalidRequestError("upload(): file is an empty string. Pass a path, or bytes")
    path = Path(name)
    try:
        is_file, exists = path.is_file(), path.exists()
    except (OSError, ValueError):  # too long for a path, or with a null character
        is_file = exists = False
    if not exists:
        remedy = "" if isinstance(file, Path) else ". A string is a path; pass content as bytes"
        raise FileNotFoundError(f"upload(): no such file: {short_repr(name)}{remedy}")
    if not is_file:
        raise InvalidRequestError(
            f"upload(): {short_repr(name)} is not a regular file. Pass the path of a file, or an "
            "open file object with filename="
        )
    return path


def _check_readable(file: Any) -> None:
    """Check that ``read`` returns bytes, by reading none."""
    if inspect.iscoroutinefunction(file.read):
        raise _unreadable("is asynchronous. Pass its content: await file.read()")
    try:
        _check_bytes(file.read(0))
    except InvalidRequestError:
        raise
    except io.UnsupportedOperation:
        raise _unreadable("is open for writing only. Open it with open(path, 'rb')") from None
    except ValueError:
        if not getattr(file, "closed", False):
            raise
        raise _unreadable("is closed. Pass it while it is open, or pass its path") from None


def _check_bytes(data: Any) -> None:
    if isinstance(data, str):
        raise _unreadable("is in text mode. Open it in binary mode: open(path, 'rb')")
    if inspect.isawaitable(data):
        if inspect.iscoroutine(data):
            data.close()
        raise _unreadable("is asynchronous. Pass its content: await file.read()")
    if data is None:
        raise _unreadable("does not block until there is data. Pass its content as bytes")
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise _unreadable(f"returns {type(data).__name__} instead of bytes")


def _unreadable(problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"upload(): the file object {problem}")


def _position(file: Any) -> int | None:
    """Return the current position; None if the object cannot be rewound to it."""
    try:
        seekable = getattr(file, "seekable", None)
        if seekable is not None and not seekable():
            return None
        position = file.tell()
        file.seek(position)
    except (AttributeError, OSError):  # io.UnsupportedOperation is an OSError
        return None
    return int(position)
