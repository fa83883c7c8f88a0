"""Rows that a sender returns, such as those whose batch has failed: the source is read again."""

from __future__ import annotations

import pytest

from tests.bulk.rows import jpeg, sent
from xai_vision import bulk
from xai_vision.bulk._job import Job
from xai_vision.bulk._run.now import _ask, _call


class ReturningSender:
    """Returns the first row, after it has read the next one, and asks the others."""

    via = "now"
    price_factor = 1.0

    def __init__(self, before_return):
        self._before_return = before_return

    async def run(self, work):
        first, request = await work.next(), await work.next()
        self._before_return()
        await work.release(first.ticket)
        while request is not None:
            await _ask(work, request.ticket, _call(request))
            request = await work.next()


@pytest.fixture
def run(ask, out, monkeypatch):
    def start(source, before_return=lambda: None):
        monkeypatch.setattr(Job, "_sender", lambda job: ReturningSender(before_return))
        job = ask(source=source, out=out)
        return job, job.run()

    return start


def test_rows_that_wait_for_its_answer_are_asked(run, server):
    rows = [("a", jpeg(1)), ("b", jpeg(1)), ("c", jpeg(2))]
    _, result = run(rows)
    assert (result.answered, result.failed, result.status.shared) == (3, 0, 1)
    assert sorted(sent(server).values()) == [1, 1]


def test_a_file_that_has_changed_is_asked(run, folder, server):
    job, result = run(bulk.folder(folder), lambda: (folder / "0.jpg").write_bytes(jpeg(99)))
    assert (result.answered, result.failed) == (6, 0)
    assert {outcome.id for outcome in bulk.read_outcomes(job.path)} == {
        f"{n}.jpg" for n in range(6)
    }
    assert len(server.calls) == 6


def test_a_file_that_is_gone_has_failed(run, folder):
    job, result = run(bulk.folder(folder), (folder / "0.jpg").unlink)
    assert (result.answered, result.failed) == (5, 1)
    (failed,) = job.failed()
    assert (failed.id, failed.error.type) == ("0.jpg", "InvalidRequestError")
    assert "the source does not have it any more" in failed.error.message


def test_a_file_that_cannot_be_read_any_more_has_failed(run, folder):
    rows = [(path.name, path) for path in sorted(folder.iterdir())]
    job, result = run(rows, (folder / "0.jpg").unlink)
    assert (result.answered, result.failed) == (5, 1)
    assert [(failed.id, failed.error.type) for failed in job.failed()] == [
        ("0.jpg", "ImageReadError")
    ]
