"""Where the rows of a job come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from xai_vision import _validation as checks
from xai_vision.bulk._sources.files import IMAGE_SUFFIXES, FolderSource, GlobSource, folder, glob
from xai_vision.bulk._sources.items import ItemSource, rows
from xai_vision.bulk._sources.lines import JsonLinesSource, jsonl
from xai_vision.bulk._sources.tables import ArrowSource, ParquetSource, arrow, parquet
from xai_vision.errors import InvalidRequestError

if TYPE_CHECKING:
    from xai_vision.bulk._protocols import Source

__all__ = [
    "IMAGE_SUFFIXES",
    "arrow",
    "as_source",
    "folder",
    "glob",
    "jsonl",
    "parquet",
    "rows",
]

_OURS = (FolderSource, GlobSource, ItemSource, JsonLinesSource, ParquetSource, ArrowSource)


def as_source(value: Any) -> Source:
    """Return the source of an argument.

    Args:
        value: A source; a table of Arrow, Polars or pandas; a path of a folder, an image, or a
            file that ends in .parquet or .jsonl; a mapping of ids to images; an iterable, or a
            function that returns one, as ``rows()`` accepts.

    Raises:
        InvalidRequestError: The argument is none of them, or names a file that does not exist.
    """
    if isinstance(value, _OURS):
        return value
    if isinstance(value, (str, Path)):
        return _named(value)
    if hasattr(value, "__arrow_c_stream__"):
        return arrow(value)
    if isinstance(value, Mapping):
        return rows(value.items())
    if not isinstance(value, (bytes, bytearray, memoryview)) and (
        isinstance(value, Iterable) or callable(value)
    ):
        return rows(cast("Any", value))
    raise InvalidRequestError(
        f"source must be rows, not {checks.short_repr(value)}. Pass (id, image) pairs, paths, or "
        'a source such as bulk.folder("photos/")'
    )


def _named(value: str | Path) -> Source:
    path = Path(value)
    if path.is_dir():
        return folder(path)
    if not path.exists():
        wildcard = isinstance(value, str) and any(letter in value for letter in "*?[")
        if wildcard:
            return glob(str(value))
        raise InvalidRequestError(
            f"source: {str(value)!r} does not exist. Pass a folder, a .parquet or .jsonl file, or "
            "a pattern such as 'photos/**/*.jpg'"
        )
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return parquet(path)
    return jsonl(path) if suffix in (".jsonl", ".ndjson") else rows([path])
