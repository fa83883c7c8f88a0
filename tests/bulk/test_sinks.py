"""Outcomes as Parquet files and Arrow tables."""

from __future__ import annotations

import errno
import os
import sys

import pyarrow.parquet as pq
import pytest

from xai_vision.bulk._ledger.ledger import Ledger
from xai_vision.bulk._row import Failure, Outcome
from xai_vision.bulk._run.export import export
from xai_vision.bulk._sinks import ParquetSink, table

ANSWERED = Outcome(
    "a.jpg",
    answer="A cat 🐈",
    parsed={"animal": "cat", "legs": 4},
    finish_reason="REASON_STOP",
    usage={"total_tokens": 12, "prompt_tokens": 9},
    usd=0.25,
    model="grok-4",
    response_id="r1",
    image_sha256="ab",
    attempts=2,
    asked_at="2026-01-01T00:00:00Z",
    via="now",
)
FAILED = Outcome("b.jpg", error=Failure("ImageReadError", "not an image"))


def test_columns(tmp_path):
    sink = ParquetSink(tmp_path / "out.parquet")
    sink.write([ANSWERED])
    sink.write([FAILED])
    sink.close()
    first, second = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert first["parsed"] == '{"animal": "cat", "legs": 4}'
    assert first["usage"]["total_tokens"] == 12
    assert first["usage"]["reasoning_tokens"] is None
    assert first["error"] is None
    assert {name: first[name] for name in ("id", "answer", "usd", "attempts", "via")} == {
        "id": "a.jpg",
        "answer": "A cat 🐈",
        "usd": 0.25,
        "attempts": 2,
        "via": "now",
    }
    assert second["error"] == {"type": "ImageReadError", "message": "not an image"}
    assert second["usage"] is None
    # A row of the file has every column of an outcome.
    assert list(first) == list(ANSWERED.to_dict())


def test_an_earlier_file_stays_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "out.parquet"
    path.write_bytes(b"earlier")
    sink = ParquetSink(path)
    sink.write([ANSWERED])
    assert path.read_bytes() == b"earlier"
    sink.abort()
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]
    sink = ParquetSink(path)
    sink.close()
    assert pq.read_table(path).num_rows == 0
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_completed_is_removed(tmp_path, monkeypatch):
    """Such as on a full disk, which shows when the last rows are written."""

    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with Ledger(None, "0" * 16) as ledger, pytest.raises(OSError, match="No space left"):
        export(ParquetSink(tmp_path / "out.parquet"), ledger)
    assert list(tmp_path.iterdir()) == []


def test_many_rows_are_written_in_groups(tmp_path):
    sink = ParquetSink(tmp_path / "out.parquet")
    for start in range(0, 25_000, 500):
        sink.write([Outcome(str(n)) for n in range(start, start + 500)])
    sink.close()
    file = pq.ParquetFile(tmp_path / "out.parquet")
    assert file.metadata.num_rows == 25_000
    assert file.metadata.num_row_groups == 3
    assert file.read(["id"]).column("id").to_pylist() == [str(n) for n in range(25_000)]


def test_names_that_are_not_unicode(tmp_path):
    sink = ParquetSink(tmp_path / "out.parquet")
    sink.write([Outcome("caf\udce9.jpg", parsed={"a": "\ud800"})])
    sink.close()
    (row,) = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert row["id"] == "caf?.jpg"


def test_table():
    assert table([ANSWERED, FAILED]).column("id").to_pylist() == ["a.jpg", "b.jpg"]


def test_pyarrow_is_an_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"Parquet file needs pyarrow.*xai-vision\[parquet\]"):
        ParquetSink(tmp_path / "out.parquet")
