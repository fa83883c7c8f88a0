"""Outcomes as Parquet files and Arrow tables."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from xai_vision._optional_imports import import_optional
from xai_vision.bulk._row import USAGE, Outcome

_GROUP_ROWS: Final = 10_000
"""Rows of a row group, which is held in memory until it is written."""


class ParquetSink:
    """Writes a Parquet file.

    ``parsed`` is a column of JSON text, because the rows of a schema may have different keys;
    ``usage`` and ``error`` are structs, so that ``usage.total_tokens`` and ``error.type`` are
    columns for readers of Parquet.

    The file is complete when it appears: until ``close()`` it has another name, and an earlier
    file stays as it is.

    Args:
        path: The file. Its folder must exist.

    Raises:
        ImportError: pyarrow is not installed.
        OSError: The file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._arrow = import_optional("pyarrow", "parquet", "out= with a Parquet file")
        writer = import_optional("pyarrow.parquet", "parquet", "out= with a Parquet file")
        self._path = Path(path)
        self._part = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        self._schema = schema()
        self._rows: list[dict[str, Any]] = []
        self._writer = writer.ParquetWriter(self._part, self._schema, compression="zstd")

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes."""
        self._rows += map(columns_of, outcomes)
        if len(self._rows) >= _GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Complete the file and give it its name."""
        self._flush()
        self._writer.close()
        with self._part.open("rb") as file:
            os.fsync(file.fileno())
        self._part.replace(self._path)

    def abort(self) -> None:
        """Remove what was written."""
        with contextlib.suppress(OSError):
            self._writer.close()
        self._part.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._rows:
            rows, self._rows = self._rows, []
            self._writer.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema))


def table(outcomes: Iterable[Outcome]) -> Any:
    """Return outcomes as a ``pyarrow.Table`` with the columns of ``ParquetSink``.

    The extra ``parquet`` installs pyarrow.

    Examples:
        >>> from xai_vision.bulk import Outcome, table
        >>> table([Outcome("a.jpg", answer="A cat.")]).column("answer").to_pylist()
        ['A cat.']
    """
    arrow = import_optional("pyarrow", "parquet", "table()")
    return arrow.Table.from_pylist([columns_of(outcome) for outcome in outcomes], schema=schema())


def schema() -> Any:
    """Return the schema of outcomes for pyarrow."""
    arrow = import_optional("pyarrow", "parquet", "a table of outcomes")
    text = arrow.string()
    usage = arrow.struct([(name, arrow.int64()) for name in USAGE])
    return arrow.schema(
        [
            arrow.field("id", text, nullable=False),
            ("answer", text),
            ("parsed", text),
            ("finish_reason", text),
            ("usage", usage),
            ("usd", arrow.float64()),
            ("model", text),
            ("response_id", text),
            ("image_sha256", text),
            ("changes", arrow.list_(text)),
            ("error", arrow.struct([("type", text), ("message", text)])),
            ("attempts", arrow.int32()),
            ("asked_at", text),
            ("via", text),
        ]
    )


def columns_of(outcome: Outcome) -> dict[str, Any]:
    """Return the columns of an outcome as a row of ``schema()``."""
    columns = outcome.to_dict()
    parsed = columns["parsed"]
    columns["parsed"] = None if parsed is None else json.dumps(parsed, ensure_ascii=False)
    columns["usage"] = columns["usage"] or None
    columns["changes"] = list(columns["changes"])
    return {name: _encodable(value) for name, value in columns.items()}


def _encodable(value: Any) -> Any:
    """Return a value whose strings are valid Unicode; names of files may not be."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, dict):
        return {name: _encodable(each) for name, each in value.items()}
    return value
