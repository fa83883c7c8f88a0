"""Ask about many images: with a ledger, so that nothing is lost and no answer is paid twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision.bulk import ray
    from xai_vision.bulk._ask import ask
    from xai_vision.bulk._errors import LedgerError, LedgerLockedError
    from xai_vision.bulk._estimate import Estimate
    from xai_vision.bulk._job import Job
    from xai_vision.bulk._ledger.ledger import read_outcomes
    from xai_vision.bulk._limits.limiter import Limit
    from xai_vision.bulk._protocols import Sink, Source
    from xai_vision.bulk._row import Failure, Outcome, Row
    from xai_vision.bulk._sinks import ParquetSink, table
    from xai_vision.bulk._sources import arrow, folder, glob, jsonl, parquet, rows
    from xai_vision.bulk._status import Result, Status

__all__ = [
    "Estimate",
    "Failure",
    "Job",
    "LedgerError",
    "LedgerLockedError",
    "Limit",
    "Outcome",
    "ParquetSink",
    "Result",
    "Row",
    "Sink",
    "Source",
    "Status",
    "arrow",
    "ask",
    "folder",
    "glob",
    "jsonl",
    "parquet",
    "ray",
    "read_outcomes",
    "rows",
    "table",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Estimate": "xai_vision.bulk._estimate",
        "Failure": "xai_vision.bulk._row",
        "Job": "xai_vision.bulk._job",
        "LedgerError": "xai_vision.bulk._errors",
        "LedgerLockedError": "xai_vision.bulk._errors",
        "Limit": "xai_vision.bulk._limits.limiter",
        "Outcome": "xai_vision.bulk._row",
        "ParquetSink": "xai_vision.bulk._sinks",
        "Result": "xai_vision.bulk._status",
        "Row": "xai_vision.bulk._row",
        "Sink": "xai_vision.bulk._protocols",
        "Source": "xai_vision.bulk._protocols",
        "Status": "xai_vision.bulk._status",
        "arrow": "xai_vision.bulk._sources",
        "ask": "xai_vision.bulk._ask",
        "folder": "xai_vision.bulk._sources",
        "glob": "xai_vision.bulk._sources",
        "jsonl": "xai_vision.bulk._sources",
        "parquet": "xai_vision.bulk._sources",
        "read_outcomes": "xai_vision.bulk._ledger.ledger",
        "rows": "xai_vision.bulk._sources",
        "table": "xai_vision.bulk._sinks",
    },
    modules={"ray": "xai_vision.bulk.ray"},
)
