"""Read the content of an upload in chunks."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from xai_vision._transport.request_stream import Messages, RequestSource
from xai_vision._validation import short_repr
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import files_pb2

CHUNK_BYTES: Final = 3 * 1024 * 1024
"""The size of a data message, as in xai_sdk. The service accepts up to 5 MB."""


@dataclass
class Upload:
    """A checked upload.

    Attributes:
        name: The file's name.
        total: The number of bytes; None if the object cannot tell.
        source: The content, as the messages of a request.
    """

    name: str
    total: int | None
    source: RequestSource


def open_upload(
    file: Any,
    filename: str | None,
    expires_after: int | None,
    report: Callable[[int, int | None], None] | None = None,
) -> Upload:
    """Check what ``upload()`` gets.

    Args:
        file: A path, bytes or a file object in binary mode.
        filename: The name for the service; by default that of the path or object.
        expires_after: Seconds until the file expires.
        report: Called with the size of each data chunk that gRPC has taken, and the total.

    Raises:
        FileNotFoundError: The path does not exist.
        InvalidRequestError: ``file`` is something else, or a name is missing.
    """
    content = _content(file)
    name = filename if filename is not None else content.name
    if not name:
        raise InvalidRequestError("upload(): filename is missing. Pass filename='photo.jpg'")
    init = files_pb2.UploadFileInit(name=name)
    if expires_after is not None:
        init.expires_after = expires_after
    head = files_pb2.UploadFileChunk(init=init).SerializeToString()
    sizes: list[int] = []

    def messages() -> Messages:
        sizes.clear()
        yield head
        with content.open() as stream:
            while chunk := stream.read(CHUNK_BYTES):
                sizes.append(len(chunk))
                yield files_pb2.UploadFileChunk(data=chunk).SerializeToString()

    def on_taken(index: int) -> None:
        if index and report is not None:
            report(sizes[index - 1], content.total)

    source = RequestSource(messages, repeatable=content.repeatable, on_taken=on_taken)
    return Upload(name, content.total, source)


@dataclass
class _Content:
    name: str | None
    total: int | None
    open: Callable[[], Any]
    repeatable: bool = True


def _content(file: Any) -> _Content:
    if isinstance(file, (str, os.PathLike)):
        path = Path(file)
        if not path.exists():
            raise FileNotFoundError(f"upload(): no such file: {short_repr(str(path))}")
        if not path.is_file():
            raise InvalidRequestError(f"upload(): {short_repr(str(path))} is not a file")
        return _Content(path.name, path.stat().st_size, lambda: path.open("rb"))
    if isinstance(file, (bytes, bytearray, memoryview)):
        view = memoryview(file).cast("B")
        return _Content(None, view.nbytes, lambda: io.BytesIO(view))
    raise InvalidRequestError(
        f"upload(): file must be a path, bytes or a file object, not {type(file).__name__}"
    )
