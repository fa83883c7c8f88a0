"""Results that are written to a pipe, a terminal or a device, where nothing can be resumed."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from xai_vision._cli.terminal import clean_line, json_text, print_note


def is_stream(path: Path) -> bool:
    """Return whether ``--out`` is standard output, a pipe or a device."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return str(path) == "-"
    return str(path) == "-" or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


class ResultsStream(AbstractContextManager["ResultsStream"]):
    """Writes a JSON line for each image.

    Args:
        path: The pipe or device; "-" is standard output.
    """

    def __init__(self, path: Path) -> None:
        self._file = None if str(path) == "-" else _open(path)

    def add(self, entry: dict[str, Any]) -> None:
        """Write a result."""
        data = f"{json_text(entry)}\n"
        if self._file is None:
            sys.stdout.write(data)  # above the progress bar
            sys.stdout.flush()
            return
        view = memoryview(data.encode())
        while view:
            view = view[os.write(self._file, view) :]

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)


def _open(path: Path) -> int:
    try:
        file = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        print_note(f"waiting for a program that reads {clean_line(str(path))}")
        return os.open(path, os.O_WRONLY)
    os.set_blocking(file, True)
    return file
