"""Failed rows, and errors that end a run."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.bulk.rows import jpeg
from xai_vision import AsyncClient, Client, bulk
from xai_vision.chat import user
from xai_vision.errors import (
    AuthenticationError,
    InvalidRequestError,
    PermissionDeniedError,
    ServerError,
    XaiVisionError,
)
from xai_vision.testing import Fault, Reply


@pytest.mark.parametrize("fault", [Fault.internal("down"), Fault.unavailable()])
def test_errors_that_may_pass_are_retried(ask, out, server, fault):
    server.fault(fault, next=3)
    result = ask(out=out).run()
    assert (result.answered, result.failed) == (12, 0)
    assert sum(outcome.attempts for outcome in bulk.read_outcomes(out)) == 15


def test_the_number_of_retries(ask, out, server):
    server.fault(Fault.internal("down"))
    job = ask(source=[("a.jpg", jpeg(1))], out=out, retries=2)
    result = job.run()
    assert (result.answered, result.failed) == (0, 1)
    assert len(server.calls) == 3
    (failed,) = job.failed()
    assert (failed.id, failed.attempts, failed.error.type) == ("a.jpg", 3, "ServerError")
    assert "down" in failed.error.message
    assert failed.image_sha256 == hashlib.sha256(jpeg(1)).hexdigest()
    # The next run asks it again.
    server.clear()
    assert ask(source=[("a.jpg", jpeg(1))], out=out).run().answered == 1
    assert job.failed() == []


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_files_that_cannot_be_read_do_not_end_the_run(ask, out, tmp_path, kind):
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    rows = [*((f"{n}", path) for n in range(20)), ("good", jpeg(1))]
    job = ask(source=rows, out=out)
    result = job.run()
    assert (result.answered, result.failed) == (1, 20)
    failed = {outcome.id: outcome.error for outcome in job.failed()}
    assert set(failed) == {str(n) for n in range(20)}
    assert {error.type for error in failed.values()} == {"ImageReadError"}
    assert kind in failed["3"].message


def test_rate_limits_are_waited_for(ask, out, server, caplog):
    caplog.set_level("INFO", "xai_vision")
    server.fault(Fault.rate_limited(0.05), next=5)
    result = ask(out=out, retries=0).run()
    assert (result.answered, result.failed) == (12, 0)
    records = [record.getMessage() for record in caplog.records]
    retries = [text for text in records if "GetCompletion: retry at the accepted rate" in text]
    assert len(retries) == 5
    assert "RateLimitError" in retries[0]


@pytest.mark.parametrize("concurrency", [1, 8])
def test_no_row_is_lost_or_paid_twice_at_a_rate_limit(ask, out, server, concurrency):
    """``python -m benchmarks.bulk.rates`` does it with 2,000 rows, and counts the refusals."""
    server.rate_limit(requests=60)
    server.fault(Fault.internal(), rate=0.04)
    rows = [(f"{n}.jpg", jpeg(n)) for n in range(150)]
    result = ask(source=rows, out=out, concurrency=concurrency).run()
    assert (result.answered, result.failed) == (150, 0)
    assert {outcome.id for outcome in bulk.read_outcomes(out)} == {name for name, _ in rows}
    answered = server.calls.where(method="GetCompletion", status="OK")
    assert len(answered) == len({call.images[0].sha256 for call in answered}) == 150


def test_rows_that_cannot_be_sent(ask, out, server):
    rows = [("a.jpg", jpeg(1)), ("b.jpg", b"not an image"), ("c.jpg", Path("missing.jpg"))]
    job = ask(source=rows, out=out)
    result = job.run()
    assert (result.answered, result.failed) == (1, 2)
    failed = {outcome.id: outcome.error for outcome in job.failed()}
    assert set(failed) == {"b.jpg", "c.jpg"}
    assert "missing.jpg" in failed["c.jpg"].message
    assert len(server.calls) == 1
    dead_letters = out.with_name("answers.failed.jsonl").read_text().splitlines()
    assert {json.loads(line)["id"] for line in dead_letters} == {"b.jpg", "c.jpg"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_files_that_cannot_be_read(ask, out, server, tmp_path):
    """They are errors of their rows, however many there are in a row; a pipe does not block."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    words = {"pipe": "not a regular file", "folder": "is a directory"}
    names = ["pipe", "folder", *(f"missing{n}" for n in range(20))]
    rows = [*((name, tmp_path / name) for name in names), ("a.jpg", jpeg(1))]
    job = ask(source=rows, out=out, concurrency=1)
    result = job.run()
    assert (result.answered, result.failed) == (1, 22)
    failed = {outcome.id: outcome.error for outcome in job.failed()}
    assert set(failed) == set(names)
    for name, error in failed.items():
        assert error.type == "ImageReadError"
        assert words.get(name, "file not found") in error.message
        assert error.message.startswith(f"{name}: ")
    assert len(server.calls) == 1


def test_on_error_raise(ask, out, server):
    rows = [("b.jpg", b"not an image"), *((f"{n}.jpg", jpeg(n)) for n in range(5))]
    with pytest.raises(XaiVisionError, match="b.jpg|not an image|recogni"):
        ask(source=rows, out=out, on_error="raise", concurrency=1).run()
    assert len(server.calls) == 0


def test_max_failures(ask, out, server):
    rows = [(f"{n}.jpg", b"not an image %d" % n) for n in range(30)]
    result = ask(source=rows, out=out, max_failures=3, concurrency=1).run()
    assert (result.failed, result.stopped) == (3, "max_failures")
    assert "stopped by max_failures" in str(result)


def test_errors_of_all_rows_end_the_run(ask, out, server):
    server.fault(Fault.status("PERMISSION_DENIED", "key blocked"), after=2)
    with pytest.raises(PermissionDeniedError, match="key blocked"):
        ask(out=out, concurrency=1).run()
    assert len(server.calls) == 3
    server.clear()
    server.fault(Fault.internal("down"))
    with pytest.raises(ServerError, match="down"):
        ask(out=out, concurrency=1, retries=0).run()
    assert len(server.calls) == 10
    client = AsyncClient(api_key="xai-" + "0" * 80, api_host=server.target)
    with pytest.raises(AuthenticationError):
        ask(out=out, client=client).run()


def test_answers_that_do_not_match_the_schema_are_kept(ask, out, server):
    class Receipt(BaseModel):
        total: int

    server.on().reply(Reply('{"total": "many"}', unchecked=True))
    rows = [("a.jpg", jpeg(1))]
    job = ask(source=rows, out=out, schema=Receipt)
    result = job.run()
    assert (result.answered, result.failed) == (0, 1)
    assert result.usd > 0
    (failed,) = job.failed()
    assert failed.answer == '{"total": "many"}'
    assert failed.error.type == "StructuredOutputError"
    # It was paid for, so it is not asked again.
    result = ask(source=rows, out=out, schema=Receipt).run()
    assert (result.earlier, result.failed) == (1, 1)
    assert len(server.calls) == 1


def test_a_function_that_fails_for_a_row(ask, out, server):
    def request(row):
        if row.value["n"] == 1:
            raise KeyError("n")
        return None if row.value["n"] == 2 else user("Hi", *row.images)

    rows = [{"id": str(n), "n": n} for n in range(4)]
    job = ask(request, bulk.rows(rows), out=out)
    assert job.run().failed == 2
    errors = {outcome.id: outcome.error for outcome in job.failed()}
    assert errors["1"].type == "KeyError"
    assert "must return a chat, a message or a list of messages for the row '2'" in (
        errors["2"].message
    )


def test_a_source_that_fails_ends_the_run(ask, out, server):
    def rows():
        yield "a", jpeg(1)
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        ask(source=rows(), out=out, concurrency=1).run()
    assert len(list(bulk.read_outcomes(out))) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": 3}, "prompt"),
        ({"via": "fast"}, "via"),
        ({"on_error": "skip"}, "on_error"),
        ({"concurrency": 0}, "concurrency"),
        ({"retries": -1}, "retries"),
        ({"max_usd": 0}, "max_usd"),
        ({"max_tokens": 0.5}, "max_tokens"),
        ({"max_failures": 0}, "max_failures"),
        ({"limit": 5}, "limit must be a bulk.Limit"),
        ({"dedupe": "no"}, "dedupe"),
        ({"out": "a.csv"}, "must end in .jsonl or .parquet"),
        ({"out": "missing/a.jsonl"}, "the directory missing does not exist"),
        ({"out": "."}, "out is the directory"),
        ({"out": 5}, "out must be a path or a sink"),
        ({"out": "a.jsonl", "ledger": "b.jsonl"}, "out is the ledger itself"),
        ({"out": "a.parquet", "ledger": "./a.parquet"}, "ledger: a.parquet is the Parquet file"),
        ({"settings": {"messages": []}}, "settings: messages is set by the job"),
        ({"settings": {"temprature": 1}}, "temprature"),
        ({"schema": 5}, "schema|parse"),
        ({"source": 5}, "source"),
        ({"client": "key"}, "client must be an AsyncClient"),
        ({"system": 5}, "system"),
    ],
)
def test_arguments_that_are_not_valid(ask, server, options, words):
    with pytest.raises((InvalidRequestError, TypeError), match=words):
        ask(**options)
    assert len(server.calls) == 0


def test_a_job_does_not_replace_its_source(ask, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "rows.parquet"
    pq.write_table(bulk.table([bulk.Outcome("a")]), path)
    for target in ({"out": path}, {"out": tmp_path / "b.parquet", "ledger": path}):
        with pytest.raises(InvalidRequestError, match=r"rows\.parquet is the source. Use another"):
            ask(source=bulk.parquet(path), **target)


def test_a_blocking_client_is_refused(ask, client):
    assert isinstance(client, Client)
    with pytest.raises(InvalidRequestError, match="must be an AsyncClient, not a Client"):
        ask(client=client)


def test_image_options_that_are_not_valid_end_the_run(ask, server):
    with pytest.raises(InvalidRequestError, match="max_side"):
        ask(image_options={"max_side": -1}).run()
    assert len(server.calls) == 0
