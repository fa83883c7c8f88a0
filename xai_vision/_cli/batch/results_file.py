"""The file a batch writes its answers to: one line each, whole or not at all.

A line is on the disk (fsync) before it counts as answered. A process that is killed while it
writes leaves at most a torn last line, which the next run takes out. One process writes at a time.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from xai_vision._cli.exit_codes import Exit, Failure

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Ledger"]

_HEAD = b'{"picture": '
_STEP = 1024 * 1024
_LOCKED_AT = 2**40


class Ledger:
    """Answers by picture.

    Args:
        path: The file, made if it is missing.
        question: What was asked, as a short mark. Answers to another are no answers to this one.

    Attributes:
        answered: The names of the pictures that have an answer, with the sizes they had.
        cost: What these answers cost, in US dollars, as far as is known.
        repaired: Whether a torn line was taken out.

    Raises:
        Failure: It is no file of answers, holds answers to something else, or is being written.
    """

    def __init__(self, path: Path, question: str) -> None:
        self.path = path
        self.answered: dict[str, int | None] = {}
        self.cost = 0.0
        self.repaired = False
        self._question = question
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
        """Write an answer down, for good. ``entry`` begins with its picture."""
        data = _encoded({**entry, "question": self._question})
        try:
            _write_all(self._file, data)
            os.fsync(self._file)
        except OSError:
            # A full disk: what is there of the line would be in the way of the next.
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
            raise
        self._end += len(data)
        self._note(entry)

    def close(self) -> None:
        """Let others write."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- what is there already ---

    def _read(self) -> int:
        """Take in the answers that are there; returns where the next goes."""
        end, rest, number = 0, b"", 0
        while data := os.read(self._file, _STEP):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                number += 1
                self._take(line, number)
                end += len(line) + 1
        return self._mend(end, rest) if rest else end

    def _mend(self, end: int, rest: bytes) -> int:
        """Deal with a last line that has no end."""
        if not (rest.startswith(_HEAD) or _HEAD.startswith(rest)):
            raise self._foreign("its last line is none of a batch's")
        try:
            json.loads(rest)
        except ValueError:
            self.repaired = True
            os.ftruncate(self._file, end)
            os.lseek(self._file, end, os.SEEK_SET)
        else:  # only the line end is missing
            self._take(rest, 0)
            _write_all(self._file, b"\n")
            end += len(rest) + 1
        os.fsync(self._file)
        return end

    def _take(self, line: bytes, number: int) -> None:
        if not line.strip():
            return
        try:
            entry = json.loads(line)
            mark = entry["question"]
            self._note(entry)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._foreign(f"line {number} is none of a batch's") from None
        if mark != self._question:
            raise Failure(
                f"{self.path} holds answers to another question (prompt, model or how pictures "
                f"are sent), line {number} on: give another --out",
                Exit.USAGE,
            )

    def _note(self, entry: dict[str, Any]) -> None:
        self.answered[entry["picture"]] = entry.get("source_bytes")
        self.cost += entry.get("cost_usd") or 0.0

    def _foreign(self, why: str) -> Failure:
        return Failure(
            f"{self.path} is no file of answers: {why}. It is left as it is.", Exit.USAGE
        )


def _encoded(entry: dict[str, Any]) -> bytes:
    try:
        return json.dumps(entry, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # the name of a file that is no UTF-8
        return json.dumps(entry).encode() + b"\n"


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _lock(file: int, path: Path) -> None:
    """Be the only one that writes. The lock goes with the process, however that ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _LOCKED_AT, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Failure(f"{path} is being written by another batch") from None
    except PermissionError:
        raise Failure(f"{path} is being written by another batch") from None
    except OSError:
        # A file system without locks; there is nothing to be done about it.
        return


def _sync_folder(folder: Path) -> None:
    """Have the new file's name survive a power cut."""
    if sys.platform == "win32":
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
