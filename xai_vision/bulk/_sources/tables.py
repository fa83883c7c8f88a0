"""Rows from Parquet files and Arrow tables."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from xai_vision import _validation as checks
from xai_vision._optional_imports import import_optional
from xai_vision.bulk._row import Row
from xai_vision.bulk._sources.cells import Columns
from xai_vision.errors import InvalidRequestError

_ROWS: Final = 16
"""The rows that are read at a time. A row may hold an image of some megabytes."""


def parquet(
    path: str | os.PathLike[str],
    *,
    id: str | None = None,  # noqa: A002 - the name of the column
    image: str | None = None,
    columns: Sequence[str] | None = None,
    root: str | os.PathLike[str] | None = None,
) -> ParquetSource:
    """Return the rows of a Parquet file, or of all Parquet files of a folder.

    The extra ``parquet`` installs pyarrow.

    Args:
        path: The file or the folder.
        id: The column of the ids. Default: "id", or the number of the row if it does not exist.
        image: The column of the images: bytes, a URL, base64, a path (see ``root``), a struct with
            "bytes" or "path" as Hugging Face writes it, or a list of them. Default: "image", or
            no images if it does not exist.
        columns: Further columns to read, for a function that makes the requests. Default: all.
        root: The folder of the paths in ``image``. Without it strings are not paths, and a path
            out of the folder is never read.

    Raises:
        InvalidRequestError: A file does not exist or is not a Parquet file, or a column does not
            exist.
        ImportError: pyarrow is not installed.
    """
    return ParquetSource(Path(path), id, image, columns, root)


def arrow(
    table: Any,
    *,
    id: str | None = None,  # noqa: A002 - the name of the column
    image: str | None = None,
    root: str | os.PathLike[str] | None = None,
) -> ArrowSource:
    """Return the rows of a table: pyarrow, Polars, pandas, or another with Arrow's interface.

    The extra ``parquet`` installs pyarrow.

    Args:
        table: The table.
        id: As for ``parquet``.
        image: As for ``parquet``.
        root: As for ``parquet``.

    Raises:
        InvalidRequestError: It is not a table, or a column does not exist.
        ImportError: pyarrow is not installed.
    """
    return ArrowSource(table, id, image, root)


class ParquetSource:
    """The rows of Parquet files."""

    def __init__(
        self,
        path: Path,
        id_: str | None,
        image: str | None,
        columns: Sequence[str] | None,
        root: Any,
    ) -> None:
        self._parquet = import_optional("pyarrow.parquet", "parquet", "parquet()")
        self._files = sorted(path.glob("**/*.parquet")) if path.is_dir() else [path]
        if not path.exists():
            raise InvalidRequestError(f"parquet(): {str(path)!r} does not exist")
        if not self._files:
            raise InvalidRequestError(f"parquet(): the folder {str(path)!r} has no .parquet files")
        known = self._open(self._files[0]).schema_arrow.names
        self._columns = Columns("parquet()", known, id_, image, root)
        self._read = None if columns is None else self._selected(known, id_, image, columns)

    def __iter__(self) -> Iterator[Row]:
        """Read the files, some rows at a time."""
        number = 0
        for path in self._files:
            for batch in self._open(path).iter_batches(batch_size=_ROWS, columns=self._read):
                for values in batch.to_pylist():
                    yield self._columns.row(values, number)
                    number += 1

    def __len__(self) -> int:
        """Return the number of rows, from the metadata of the files."""
        return sum(self._open(path).metadata.num_rows for path in self._files)

    @property
    def files(self) -> list[Path]:
        """The files, which a job must not write."""
        return [path.resolve() for path in self._files]

    def _open(self, path: Path) -> Any:
        try:
            # Not pre_buffer: it would hold whole columns of a row group, which are images.
            return self._parquet.ParquetFile(path, pre_buffer=False, memory_map=True)
        except (OSError, ValueError) as error:
            raise InvalidRequestError(
                f"parquet(): {str(path)!r} cannot be read as a Parquet file: {error}"
            ) from error

    @staticmethod
    def _selected(
        known: Sequence[str], id_: str | None, image: str | None, columns: Sequence[str]
    ) -> list[str]:
        if isinstance(columns, str):
            raise InvalidRequestError("parquet(): columns must be a list of names, not a string")
        for name in columns:
            if name not in known:
                raise InvalidRequestError(
                    f"parquet(): columns: {checks.short_repr(name)} is not a column"
                    f"{checks.did_you_mean(name, known)}"
                )
        selected = {id_ or "id", image or "image", *columns}
        return [name for name in known if name in selected]


class ArrowSource:
    """The rows of a table."""

    def __init__(self, table: Any, id_: str | None, image: str | None, root: Any) -> None:
        arrow_module = import_optional("pyarrow", "parquet", "arrow()")
        if not hasattr(table, "__arrow_c_stream__"):
            raise InvalidRequestError(
                f"arrow() needs a table with Arrow's interface, not {checks.short_repr(table)}"
            )
        self._table = arrow_module.table(table)
        self._columns = Columns("arrow()", self._table.column_names, id_, image, root)

    def __iter__(self) -> Iterator[Row]:
        """Read the table, some rows at a time."""
        number = 0
        for batch in self._table.to_batches(max_chunksize=_ROWS):
            for values in batch.to_pylist():
                yield self._columns.row(values, number)
                number += 1

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._table.num_rows)
