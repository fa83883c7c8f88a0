"""What is known of the rows in batches, on disk, so that another run can fetch their results."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from xai_vision.bulk._row import Ticket

_SUFFIX: Final = ".jsonl"


@dataclass(frozen=True, slots=True)
class Sent:
    """A row in a batch.

    Attributes:
        ticket: The row.
        attempts: How often it was sent, this time included.
        asked_at: When it was sent first.
    """

    ticket: Ticket
    attempts: int
    asked_at: str


class BatchNotes:
    """The rows of each open batch, in a file for each batch.

    A row is on disk before it is sent. Memory holds the rows of a batch only while its results
    are read.

    Args:
        folder: The folder of the files; it exists while batches are open. None: in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lines: dict[str, list[bytes]] = {}

    def batches(self) -> list[str]:
        """Return the ids of the open batches, the oldest first."""
        if self._folder is None:
            return list(self._lines)
        with contextlib.suppress(FileNotFoundError):
            files = [path for path in self._folder.iterdir() if path.suffix == _SUFFIX]
            files.sort(key=lambda path: path.stat().st_mtime_ns)
            return [unquote(path.stem) for path in files]
        return []

    def add(self, batch_id: str, rows: Iterable[Sent]) -> None:
        """Note rows before they are sent."""
        self._append(batch_id, [_line(row) for row in rows])

    def drop(self, batch_id: str, key: str) -> None:
        """Forget a row that the service has refused."""
        self._append(batch_id, [json.dumps({"drop": key}).encode() + b"\n"])

    def read(self, batch_id: str) -> dict[str, Sent]:
        """Return the rows of a batch by their keys."""
        lines: Iterable[bytes] = self._lines.get(batch_id, ())
        if self._folder is not None:
            lines = self._path(batch_id).read_bytes().splitlines(keepends=True)
        rows: dict[str, Sent] = {}
        for line in lines:
            if not line.endswith(b"\n"):
                break  # the process was killed while it wrote; the row was not sent
            values = json.loads(line)
            if "drop" in values:
                rows.pop(values["drop"], None)
                continue
            ticket = Ticket(**values["ticket"])
            rows[ticket.key] = Sent(ticket, values["attempts"], values["asked_at"])
        return rows

    def replace(self, batch_id: str, rows: Iterable[Sent]) -> None:
        """Forget all other rows of a batch."""
        if self._folder is None:
            self._lines[batch_id] = [_line(row) for row in rows]
            return
        path = self._path(batch_id)
        part = path.with_suffix(".part")
        part.write_bytes(b"".join(map(_line, rows)))
        part.replace(path)

    def close(self, batch_id: str) -> None:
        """Forget a batch."""
        self._lines.pop(batch_id, None)
        if self._folder is not None:
            self._path(batch_id).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # other batches are open
                self._folder.rmdir()

    def _append(self, batch_id: str, lines: list[bytes]) -> None:
        if self._folder is None:
            self._lines.setdefault(batch_id, []).extend(lines)
            return
        self._folder.mkdir(exist_ok=True)
        with self._path(batch_id).open("ab", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            data = b"".join(lines)
            try:
                if file.write(data) < len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), file.name)
                os.fsync(file.fileno())
            except OSError:  # the disk is full; an incomplete line would hide those after it
                file.truncate(end)
                raise

    def _path(self, batch_id: str) -> Path:
        assert self._folder is not None  # noqa: S101 - the callers checked it
        # The service makes the ids; they must not name another folder.
        return self._folder / f"{quote(batch_id, safe='')}{_SUFFIX}"


def _line(row: Sent) -> bytes:
    values = {"ticket": asdict(row.ticket), "attempts": row.attempts, "asked_at": row.asked_at}
    return json.dumps(values).encode() + b"\n"
