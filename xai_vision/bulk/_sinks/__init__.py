"""Where the outcomes of a job go."""

from __future__ import annotations

from xai_vision.bulk._sinks.parquet import ParquetSink, table

__all__ = ["ParquetSink", "table"]
