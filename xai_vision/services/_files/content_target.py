"""Write the content of a file to a path or a file object."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from xai_vision._validation import short_repr
from xai_vision.errors import InvalidRequestError

ContentTarget: TypeAlias = "str | os.PathLike[str] | BinaryIO"
"""The targets that content can be written to."""
Write: TypeAlias = Callable[[bytes], int]


@contextmanager
def content_target(target: Any) -> Iterator[Write]:
    """Open a target; yield the function that writes to it and returns the number of bytes.

    A path gets the content when the context ends without an exception. Until then the content is
    in a temporary file beside it, so that the path never has half of it.

    Raises:
        OSError: The path cannot be written.
        InvalidRequestError: ``target`` is neither a path nor a binary file object.
    """
    if not isinstance(target, (str, os.PathLike)):
        yield _file_object(target)
        return
    if not os.fspath(target):
        raise InvalidRequestError("content_to(): target is an empty string. Pass a path")
    # The file behind a symbolic link is replaced, not the link.
    path = Path(os.path.realpath(os.fsdecode(target)))
    if path.is_dir():
        raise IsADirectoryError(
            f"content_to(): {short_repr(str(path))} is a directory. Pass the path of a file"
        )
    if path.exists() and not path.is_file():
        # A device or a pipe, which must not be replaced.
        with path.open("wb") as file:
            yield _writer(file)
        return
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            if path.exists():
                os.chmod(part, path.stat().st_mode & 0o7777)  # noqa: PTH101 - as the file has
            yield _writer(file)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _file_object(target: Any) -> Write:
    if not callable(getattr(target, "write", None)):
        raise InvalidRequestError(
            "content_to(): target must be a path or a binary file object, not "
            f"{type(target).__name__}"
        )
    if isinstance(target, io.TextIOBase) or isinstance(getattr(target, "encoding", None), str):
        raise InvalidRequestError(
            "content_to(): the file object is in text mode. Open it in binary mode: "
            "open(path, 'wb')"
        )
    return _writer(target)


def _writer(file: Any) -> Write:
    def write(data: bytes) -> int:
        size = len(data)
        while data:
            written = file.write(data)
            if not written and isinstance(file, io.RawIOBase):
                raise BlockingIOError("content_to(): the file object is not ready to be written")
            # A raw file may write less. Other objects may not say how much they wrote.
            data = data[written:] if isinstance(written, int) and written > 0 else b""
        return size

    return write
