"""A file of lines that survives the end of its process at any moment.

A line is written with one call, and ``sync()`` flushes it to the disk. A process that is killed
while it writes leaves at most an incomplete last line, which the next one removes. A lock permits
one writing process.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from xai_vision.bulk._errors import LedgerLockedError

_STEP = 256 * 1024
_LOCKED_AT = 2**40


class AppendFile(AbstractContextManager["AppendFile"]):
    """Lines that are only appended.

    Args:
        path: The file, which is created if missing. None: a temporary file without a name.

    Raises:
        LedgerLockedError: Another process has opened it.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._temporary = None
        if path is None:
            self._temporary = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
            self._file = self._temporary.fileno()
            self.end = 0
            return
        is_new = not path.exists()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags, 0o666)
        try:
            _lock(self._file, path)
            self.end = os.fstat(self._file).st_size
            if is_new:
                _sync_folder(path.parent)
        except BaseException:
            os.close(self._file)
            raise

    def append(self, line: bytes) -> int:
        """Append a line, which ends with a line end; return its offset.

        The line survives the end of the process, but not that of the machine before ``sync()``.

        Raises:
            OSError: The disk is full. The file is unchanged.
        """
        offset = self.end
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(self._file, view) :]
        except OSError:
            # Remove the incomplete line, so that the file stays valid.
            self.truncate(offset)
            raise
        self.end = offset + len(line)
        return offset

    def sync(self) -> None:
        """Flush all lines to the disk."""
        if self._temporary is None:
            os.fsync(self._file)

    def truncate(self, size: int) -> None:
        """Remove everything after ``size`` bytes."""
        os.ftruncate(self._file, size)
        # A temporary file is not opened for appending.
        os.lseek(self._file, size, os.SEEK_SET)
        self.end = size

    def blocks(self, start: int = 0) -> Iterator[bytes]:
        """Read from an offset to the present end, in blocks of whole lines.

        The last block has the incomplete last line, if there is one.
        """
        position, end, step = start, self.end, _STEP
        while position < end:
            data = self._read(position, min(step, end - position))
            # The start of a line at the end is read again, which is faster than joining it.
            size = data.rfind(b"\n") + 1 or len(data) * (position + len(data) >= end)
            step = _STEP if size else 2 * step
            if size:
                yield data if size == len(data) else data[:size]
            position += size

    def line_at(self, offset: int) -> bytes:
        """Return the line at an offset, without its end."""
        step, line = 4096, b""
        while b"\n" not in line and offset + len(line) < self.end:
            line += self._read(offset + len(line), step)
            step *= 2
        return line.partition(b"\n")[0]

    def _read(self, offset: int, size: int) -> bytes:
        os.lseek(self._file, offset, os.SEEK_SET)
        data = os.read(self._file, size)
        os.lseek(self._file, self.end, os.SEEK_SET)
        return data

    def close(self) -> None:
        """Close the file and release the lock."""
        if self._temporary is not None:
            self._temporary.close()
        else:
            os.close(self._file)

    def __exit__(self, *_: object) -> None:
        self.close()


def _lock(file: int, path: Path) -> None:
    """Lock the file. The operating system releases the lock when the process ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _LOCKED_AT, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise LedgerLockedError(
            f"{path} is being written by another run. Wait for its end, or use another out"
        ) from None
    except OSError:
        # The file system does not support locks.
        return


def _sync_folder(folder: Path) -> None:
    """Flush the directory, so that the new file survives a power failure."""
    if sys.platform == "win32":
        return
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
