"""The results file of a batch: one JSON line for each image.

A line is flushed to disk (fsync) before its image counts as done. A process that is killed while
it writes leaves at most an incomplete last line, which the next run removes. A lock permits one
writing process.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from xai_vision._cli.exit_codes import CliError, Exit

_HEAD = b'{"image": '
_STEP = 1024 * 1024
_LOCKED_AT = 2**40


class ResultsFile(AbstractContextManager["ResultsFile"]):
    """The results by image.

    Args:
        path: The file; it is created if missing.
        request_hash: The hash of prompt, model and options. Results of another request are refused.

    Attributes:
        answered: The names of the images with a result, and the sizes of their files.
        cost: The known cost of the results in US dollars.
        repaired: Whether an incomplete line was removed.

    Raises:
        CliError: The file is not a results file, has results of another request, or is locked.
    """

    def __init__(self, path: Path, request_hash: str) -> None:
        self.path = path
        self.answered: dict[str, int | None] = {}
        self.cost = 0.0
        self.repaired = False
        self._request_hash = request_hash
        is_new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        try:
            _lock(self._file, path)
            self._end = self._read()
        except BaseException:
            os.close(self._file)
            raise
        if is_new:
            _sync_folder(path.parent)

    def add(self, entry: dict[str, Any]) -> None:
        """Append a result. The first key of ``entry`` is its image."""
        data = _encoded({**entry, "request": self._request_hash})
        try:
            _write_all(self._file, data)
            os.fsync(self._file)
        except OSError:
            # The disk is full: remove the incomplete line, so that the file stays valid.
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
            raise
        self._end += len(data)
        self._index(entry)

    def close(self) -> None:
        """Close the file and release the lock."""
        os.close(self._file)

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- existing results ---

    def _read(self) -> int:
        """Read the existing results; return the offset of the next line."""
        end, rest, number = 0, b"", 0
        while data := os.read(self._file, _STEP):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                number += 1
                self._parse_line(line, number)
                end += len(line) + 1
        return self._repair_last_line(end, rest) if rest else end

    def _repair_last_line(self, end: int, rest: bytes) -> int:
        """Complete or remove a last line without a line end."""
        if not (rest.startswith(_HEAD) or _HEAD.startswith(rest)):
            raise self._invalid_file("the last line is not a result of a batch")
        try:
            json.loads(rest)
        except RecursionError:
            raise self._invalid_file("the last line is not a result of a batch") from None
        except ValueError:
            self.repaired = True
            os.ftruncate(self._file, end)
            os.lseek(self._file, end, os.SEEK_SET)
        else:  # only the line end is missing
            self._parse_line(rest, 0)
            _write_all(self._file, b"\n")
            end += len(rest) + 1
        os.fsync(self._file)
        return end

    def _parse_line(self, line: bytes, number: int) -> None:
        if not line.strip():
            return
        try:
            entry = json.loads(line)
            request_hash = entry["request"]
            self._index(entry)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise self._invalid_file(f"line {number} is not a result of a batch") from None
        if request_hash != self._request_hash:
            raise CliError(
                f"{self.path} has results of another request (prompt, model or image options) from "
                f"line {number} on: use another --out",
                Exit.USAGE,
            )

    def _index(self, entry: dict[str, Any]) -> None:
        self.answered[entry["image"]] = entry.get("source_bytes")
        self.cost += entry.get("cost_usd") or 0.0

    def _invalid_file(self, why: str) -> CliError:
        return CliError(
            f"{self.path} is not a results file: {why}. The file was not changed.", Exit.USAGE
        )


def _encoded(entry: dict[str, Any]) -> bytes:
    try:
        return json.dumps(entry, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # a file name that is not valid UTF-8
        return json.dumps(entry).encode() + b"\n"


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


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
        raise CliError(f"{path} is being written by another batch") from None
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
