"""Reading of file objects."""

from __future__ import annotations

import inspect
import io
import os
from typing import Any

from xai_vision.errors._image import (
    ImageEmptyError,
    ImageError,
    ImageReadError,
    ImageSourceError,
    ImageTooLargeError,
)
from xai_vision.imaging._limits import MAX_SOURCE_BYTES, over_limit, printable
from xai_vision.imaging._sources.resolved import SUPPORTED_SOURCES

_READ_STEP = 1024 * 1024


def file_name(file: Any) -> str:
    """Return the name of a file object for messages."""
    name = getattr(file, "name", None)
    if isinstance(name, str) and name:
        return printable(os.path.basename(name)) or "file object"  # noqa: PTH119
    return "file object"


def read_file(file: Any) -> bytes:
    """Read a file object from its position to its end.

    Raises:
        ImageReadError: The object cannot be read.
        ImageSourceError: It does not return bytes.
        ImageEmptyError: Nothing is left to read.
        ImageTooLargeError: The file is over 512 MiB.
    """
    try:
        return _read_rest(file)
    except ImageError:
        raise
    except Exception as error:  # whatever the object's own read() raises
        reason, remedy = _read_failure(file, error)
        raise ImageReadError(reason, remedy=remedy) from error


def _read_failure(file: Any, error: Exception) -> tuple[str, str]:
    """Return why a file object could not be read, and the remedy."""
    if getattr(file, "closed", False) is True:
        return (
            "the file object is closed.",
            "Pass it while it is open, or pass pathlib.Path(...).",
        )
    if isinstance(error, io.UnsupportedOperation):
        return "the file object is open for writing only.", "Open it with open(path, 'rb')."
    if isinstance(error, UnicodeError):
        return "the file object is open in text mode.", "Open it in binary mode: open(path, 'rb')."
    return "the file object could not be read.", "Pass its bytes, or pass pathlib.Path(...)."


def _read_rest(file: Any) -> bytes:
    untouched = isinstance(file, io.BytesIO) and file.tell() == 0
    data = file.getvalue() if untouched else _read_all(file)  # getvalue() does not copy
    if not data:
        raise ImageEmptyError(
            "the file object has no data left to read.",
            remedy="Call .seek(0) if it was written or read before.",
        )
    return data


def _read_all(file: Any) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := _read_part(file, first=not parts):
        parts.append(part)
        size += len(part)
        if size > MAX_SOURCE_BYTES:
            raise ImageTooLargeError(
                over_limit(size, MAX_SOURCE_BYTES), size=None, limit=MAX_SOURCE_BYTES
            )
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _read_part(file: Any, *, first: bool) -> bytes:
    """Read the next part; all at once if read() does not accept a length."""
    try:
        data = file.read(_READ_STEP)
    except TypeError:
        data = file.read() if first else b""
    if data is None:
        raise ImageSourceError("the file object is not ready to be read.", remedy=SUPPORTED_SOURCES)
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise _not_bytes(data)
    return bytes(data)


def _not_bytes(data: object) -> ImageSourceError:
    if isinstance(data, str):
        return ImageSourceError(
            "the file object returns text.", remedy="Open it in binary mode: open(path, 'rb')."
        )
    if inspect.iscoroutine(data):
        data.close()
    if inspect.isawaitable(data):
        return ImageSourceError(
            "the file object is asynchronous.", remedy="Pass its bytes: await file.read()."
        )
    return ImageSourceError(
        f"the file object returns {type(data).__name__} instead of bytes.", remedy=SUPPORTED_SOURCES
    )
