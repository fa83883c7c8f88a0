"""Rows from JSON lines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from xai_vision.bulk._row import Row
from xai_vision.bulk._sources.cells import Columns
from xai_vision.errors import InvalidRequestError

_CHECKED_BYTES: Final = 2**30
"""Larger files are not read twice; their lines are checked as they are reached."""


def jsonl(
    path: str | os.PathLike[str],
    *,
    id: str | None = None,  # noqa: A002 - the name of the column
    image: str | None = None,
    root: str | os.PathLike[str] | None = None,
) -> JsonLinesSource:
    """Return the lines of a file as rows; each is a JSON object.

    Args:
        path: The file.
        id: The key of the ids. Default: "id", or the number of the line if it does not exist.
        image: The key of the images: a URL, base64, a path (see ``root``), or a list of them.
            Default: "image", or no images if it does not exist.
        root: The folder of the paths in ``image``. Without it strings are not paths, and a path
            out of the folder is never read.

    Raises:
        InvalidRequestError: The file does not exist, a line is not a JSON object, or the first
            line does not have a key. Files of more than 1 GiB are checked as they are read.
    """
    return JsonLinesSource(Path(path), id, image, root)


class JsonLinesSource:
    """The lines of a file of JSON objects."""

    def __init__(self, path: Path, id_: str | None, image: str | None, root: Any) -> None:
        if not path.is_file():
            problem = "is not a file" if path.exists() else "does not exist"
            raise InvalidRequestError(f"jsonl(): {str(path)!r} {problem}")
        self._path = path
        first = next(self._objects(), (0, {}))[1]
        self._columns = Columns("jsonl()", first, id_, image, root)
        self._length: int | None = None
        if path.stat().st_size <= _CHECKED_BYTES:
            self._length = sum(1 for _ in self._objects())

    def __iter__(self) -> Iterator[Row]:
        """Read the file.

        Raises:
            InvalidRequestError: A line is not a JSON object.
        """
        for number, values in self._objects():
            yield self._columns.row(values, number)

    def __len__(self) -> int:
        """Count the rows."""
        if self._length is None:
            with self._path.open("rb") as file:
                self._length = sum(1 for line in file if line.strip())
        return self._length

    def _objects(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    values = json.loads(line)
                except (ValueError, RecursionError):
                    raise InvalidRequestError(
                        f"{self._path}: line {number} is not valid JSON"
                    ) from None
                if not isinstance(values, dict):
                    raise InvalidRequestError(f"{self._path}: line {number} is not a JSON object")
                yield number, values
