"""Receive the content of an upload, and keep it: in memory, or in a temporary file if large."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, overload

from xai_vision.proto import files_pb2
from xai_vision.testing._calls.upload import ReceivedUpload

_MEMORY_BYTES: Final = 1024 * 1024
CONTENT_CHUNK_BYTES: Final = 3 * 1024 * 1024
"""The size of the chunks in which the server sends content. The service sends up to 5 MB."""


class TemporaryFolder:
    """A folder for large files, which is made on first use and removed with this object."""

    def __init__(self) -> None:
        self._path: Path | None = None

    def new_file(self) -> Path:
        """Return the path of a new file."""
        if self._path is None:
            self._path = Path(tempfile.mkdtemp(prefix="xai-vision-fake-"))
            weakref.finalize(self, _remove, self._path, os.getpid())
        return self._path / uuid.uuid4().hex

    def discard(self, source: Any) -> None:
        """Remove a source's file, if it is one of this folder."""
        if isinstance(source, Path) and source.parent == self._path:
            source.unlink(missing_ok=True)


def _remove(path: Path, pid: int) -> None:
    # A forked process must not remove the files of its parent.
    if os.getpid() == pid:
        shutil.rmtree(path, ignore_errors=True)


class Receiver:
    """The content of an upload, chunk by chunk.

    Args:
        upload: The record of the upload, which is kept up to date.
        folder: Where large content is stored.
    """

    def __init__(self, upload: ReceivedUpload, folder: TemporaryFolder) -> None:
        self._upload = upload
        self._folder = folder
        self._hash = hashlib.sha256()
        self._memory = bytearray()
        self._path: Path | None = None

    def add(self, chunk: bytes) -> None:
        """Append a chunk."""
        self._hash.update(chunk)
        self._memory += chunk
        if self._path is not None or len(self._memory) > _MEMORY_BYTES:
            self._path = self._path or self._folder.new_file()
            with self._path.open("ab") as file:
                file.write(self._memory)
            self._memory.clear()
        self._upload.add(len(chunk))

    def complete(self) -> bytes | Path:
        """Return the content, as bytes or as the path of a file."""
        self._upload.sha256 = self._hash.hexdigest()
        return self._path or bytes(self._memory)

    def discard(self) -> None:
        """Remove the content of an upload that failed."""
        self._folder.discard(self._path)


class ContentChunks(Sequence["files_pb2.FileContentChunk"]):
    """The messages of a file's content, made when they are needed.

    Args:
        content: The content, or the path of a file with it.
    """

    def __init__(self, content: bytes | Path) -> None:
        self._content = content
        size = content.stat().st_size if isinstance(content, Path) else len(content)
        self._starts = range(0, size, CONTENT_CHUNK_BYTES)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> files_pb2.FileContentChunk: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[files_pb2.FileContentChunk]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[position] for position in range(len(self))[index]]
        return files_pb2.FileContentChunk(data=self._read(self._starts[index]))

    def __iter__(self) -> Iterator[files_pb2.FileContentChunk]:
        return (self[index] for index in range(len(self)))

    def _read(self, start: int) -> bytes:
        if not isinstance(self._content, Path):
            return self._content[start : start + CONTENT_CHUNK_BYTES]
        with self._content.open("rb") as file:
            file.seek(start)
            return file.read(CONTENT_CHUNK_BYTES)
