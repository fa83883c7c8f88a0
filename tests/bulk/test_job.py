"""Jobs over the wire."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from pydantic import BaseModel

from tests import sample_images
from xai_vision import AsyncClient, Client, bulk
from xai_vision.bulk import Outcome
from xai_vision.bulk._ledger.ledger import Ledger
from xai_vision.bulk._run import question
from xai_vision.chat import system, user
from xai_vision.errors import (
    AuthenticationError,
    InvalidRequestError,
    PermissionDeniedError,
    ServerError,
    XaiVisionError,
)
from xai_vision.testing import Fault, Reply


def jpeg(number: int) -> bytes:
    return sample_images.builders.jpeg(64, 48, seed=number)


@pytest.fixture
def ask(server, tmp_path):
    """Return ``bulk.ask`` with a client of the server."""
    client = AsyncClient(api_key=server.api_key, api_host=server.target)

    def create(prompt="Describe it", source=None, **options):
        source = [(f"{n}.jpg", jpeg(n)) for n in range(12)] if source is None else source
        return bulk.ask(prompt, source, **{"client": client, **options})

    return create


@pytest.fixture
def out(tmp_path):
    return tmp_path / "answers.jsonl"


@pytest.fixture
def folder(tmp_path):
    """Create a folder with 6 different images."""
    path = tmp_path / "photos"
    path.mkdir()
    for number in range(6):
        (path / f"{number}.jpg").write_bytes(jpeg(number))
    return path


def sent(server) -> Counter:
    """Count the completions by the hash of their image."""
    calls = server.calls.where(method="GetCompletion")
    return Counter(call.images[0].sha256 for call in calls)


def test_every_row_has_an_outcome(ask, out, server):
    result = ask(out=out).run()
    assert (result.answered, result.failed, result.earlier, result.stopped) == (12, 0, 0, None)
    assert result.path == out
    outcomes = {outcome.id: outcome for outcome in bulk.read_outcomes(out)}
    assert set(outcomes) == {f"{n}.jpg" for n in range(12)}
    first = outcomes["0.jpg"]
    assert "64x48" in first.answer
    assert first.image_sha256 == hashlib.sha256(jpeg(0)).hexdigest()
    assert (first.finish_reason, first.model, first.attempts) == (
        "REASON_STOP",
        "grok-4-0709",
        1,
    )
    assert (first.via, first.error, first.parsed, list(first.changes)) == ("now", None, None, [])
    assert first.usage["prompt_image_tokens"] > 0
    assert first.asked_at.endswith("Z")
    assert result.usd == pytest.approx(sum(outcome.usd for outcome in outcomes.values()))
    assert result.usage["total_tokens"] == sum(o.usage["total_tokens"] for o in outcomes.values())
    assert str(result).startswith("12 rows answered · $")


def test_the_same_call_goes_on(ask, out, server):
    rows = [(f"{n}.jpg", jpeg(n)) for n in range(6)]
    assert ask(source=rows[:4], out=out).run().answered == 4
    result = ask(source=rows, out=out).run()
    assert (result.answered, result.earlier) == (6, 4)
    assert set(sent(server).values()) == {1}
    assert "6 rows answered (4 by earlier runs)" in str(result)
    assert ask(source=rows, out=out).run().usd == result.usd
    assert len(server.calls) == 6


def test_unchanged_files_are_not_read_again(ask, out, folder, server, monkeypatch):
    assert ask(source=bulk.folder(folder), out=out).run().answered == 6
    read = []
    monkeypatch.setattr(question, "file_sha256", lambda path: read.append(path.name) or b"x" * 32)
    assert ask(source=bulk.folder(folder), out=out).run().earlier == 6
    assert read == []
    monkeypatch.undo()

    os.utime(folder / "0.jpg", ns=(1, 1))  # another time, the same content
    (folder / "1.jpg").write_bytes(jpeg(99))
    result = ask(source=bulk.folder(folder), out=out).run()
    assert (result.earlier, result.answered) == (5, 7)
    assert len(server.calls) == 7
    assert server.calls.last.images[0].sha256 == hashlib.sha256(jpeg(99)).hexdigest()


def test_another_question_needs_another_file(ask, out, server):
    ask(out=out).run()
    before = out.read_bytes()
    for options in (
        {"prompt": "Count"},
        {"model": "grok-4-fast"},
        {"system": "Be brief."},
        {"schema": {"type": "object"}},
        {"settings": {"temperature": 0.0}},
        {"image_options": {"detail": "low"}},
    ):
        with pytest.raises(bulk.LedgerError, match="another request"):
            ask(out=out, **options).run()
    assert out.read_bytes() == before
    assert len(server.calls) == 12


def test_budget_and_rate_are_not_part_of_the_question(ask, out, server):
    ask(out=out).run()
    options = {"max_usd": 5.0, "max_tokens": 10**7, "concurrency": 3, "retries": 0}
    assert ask(out=out, **options).run().earlier == 12
    assert len(server.calls.where(method="GetCompletion")) == 12


def test_the_same_content_is_asked_once(ask, out, server):
    rows = [(f"{n}.jpg", jpeg(n % 3)) for n in range(9)]
    result = ask(source=rows, out=out).run()
    assert result.answered == 9
    assert set(sent(server).values()) == {1}
    outcomes = list(bulk.read_outcomes(out))
    assert len({outcome.id for outcome in outcomes}) == 9
    assert sum(outcome.attempts for outcome in outcomes) == 3
    assert len({outcome.response_id for outcome in outcomes}) == 3
    assert sum(outcome.usd for outcome in outcomes) == pytest.approx(result.usd)
    assert min(outcome.usd for outcome in outcomes) == 0
    # A later run uses the answers of an earlier one.
    result = ask(source=[*rows, ("new.jpg", jpeg(0))], out=out).run()
    assert (result.answered, result.earlier, result.status.shared) == (10, 9, 1)
    assert len(server.calls) == 3


def test_without_dedupe_each_row_is_asked(ask, out, server):
    rows = [(f"{n}.jpg", jpeg(n % 3)) for n in range(9)]
    assert ask(source=rows, out=out, dedupe=False).run().answered == 9
    assert set(sent(server).values()) == {3}
    assert ask(source=rows, out=out, dedupe=False).run().earlier == 9


def test_a_row_that_the_source_has_twice(ask, out, server):
    rows = [("a.jpg", jpeg(1)), ("a.jpg", jpeg(1))]
    for dedupe in (True, False):
        path = out.with_name(f"{dedupe}.jsonl")
        assert ask(source=rows, out=path, dedupe=dedupe, concurrency=1).run().answered == 1
        assert len(list(bulk.read_outcomes(path))) == 1


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


def test_rate_limits_are_waited_for(ask, out, server):
    server.fault(Fault.rate_limited(0.05), next=5)
    result = ask(out=out, retries=0).run()
    assert (result.answered, result.failed) == (12, 0)


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


def test_answers_as_json(ask, out, server):
    class Receipt(BaseModel):
        total: int

    server.on().reply_json({"total": 7})
    assert ask(out=out, schema=Receipt).run().answered == 12
    assert {outcome.parsed["total"] for outcome in bulk.read_outcomes(out)} == {7}
    path = out.with_name("other.jsonl")
    assert ask(out=path, schema=Receipt.model_json_schema()).run().answered == 12
    assert {outcome.parsed["total"] for outcome in bulk.read_outcomes(path)} == {7}


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


def test_any_request_can_be_a_row(ask, out, server, client):
    def request(row):
        if row.value["kind"] == "chat":
            chat = client.chat.create("grok-4-fast", temperature=0.0)
            return chat.append(user(f"About {row.id}"))
        if row.value["kind"] == "messages":
            return [system("Be brief."), user(f"About {row.id}")]
        return user(f"About {row.id}")

    rows = [{"id": kind, "kind": kind} for kind in ("chat", "messages", "message")]
    assert ask(request, bulk.rows(rows), out=out, system="Job.").run().answered == 3
    calls = {call.prompt: call for call in server.calls}
    assert set(calls) == {"About chat", "About messages", "About message"}
    assert calls["About chat"].request.model == "grok-4-fast"
    assert len(calls["About chat"].request.messages) == 1
    assert len(calls["About messages"].request.messages) == 3
    assert ask(request, bulk.rows(rows), out=out, system="Job.").run().earlier == 3


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


def test_images_of_all_kinds(ask, out, server):
    server.urls["https://example.com/a.jpg"] = jpeg(7)
    rows = [
        ("url", "https://example.com/a.jpg"),
        ("pil", Image.new("RGB", (9, 9), "red")),
        ("webp", sample_images.sample("alpha.webp")),
        ("two", [jpeg(1), jpeg(2)]),
    ]
    assert ask(source=rows, out=out).run().answered == 4
    outcomes = {outcome.id: outcome for outcome in bulk.read_outcomes(out)}
    assert outcomes["pil"].changes
    digests = b"".join(hashlib.sha256(jpeg(n)).digest() for n in (1, 2))
    assert outcomes["two"].image_sha256 == hashlib.sha256(digests).hexdigest()
    assert ask(source=rows, out=out).run().earlier == 4


def test_iteration(ask, out, server):
    rows = [(f"{n}.jpg", jpeg(n)) for n in range(6)]
    ask(source=rows[:2], out=out).run()
    job = ask(source=[*rows, ("bad", b"x")], out=out)
    outcomes = list(job)
    assert {outcome.id for outcome in outcomes[:2]} == {"0.jpg", "1.jpg"}  # of the earlier run
    assert sorted(outcome.id for outcome in outcomes) == sorted([*(r[0] for r in rows), "bad"])
    assert [outcome.id for outcome in outcomes if not outcome.ok] == ["bad"]
    assert job.result.answered == 6
    assert all(isinstance(outcome, Outcome) for outcome in outcomes)


def test_leaving_an_iteration_ends_the_run(ask, out, server):
    rows = ((f"{n}.jpg", jpeg(n)) for n in range(1000))
    for number, _ in enumerate(ask(source=rows, out=out, concurrency=4)):
        if number == 5:
            break
    assert 6 <= len(list(bulk.read_outcomes(out))) < 200
    assert len(list(ask(source=[("x", jpeg(2000))], out=out))) == len(list(bulk.read_outcomes(out)))


async def test_asynchronous_iteration(ask, server):
    outcomes = [outcome async for outcome in ask()]
    assert len({outcome.id for outcome in outcomes}) == 12
    assert (await ask().arun()).answered == 12


async def test_blocking_calls_in_an_event_loop_name_the_alternative(ask, out):
    job = ask(out=out)
    with pytest.raises(InvalidRequestError, match=r"Use await job\.arun\(\)"):
        job.run()
    with pytest.raises(InvalidRequestError, match="Use async for row in job"):
        next(iter(job))
    with pytest.raises(InvalidRequestError, match=r"Use await job\.aestimate\(\)"):
        job.estimate()
    assert not out.exists()


async def test_cancelling_a_run(ask, out, server):
    hang = server.fault(Fault.hang(), after=5)
    task = asyncio.create_task(ask(out=out, concurrency=4).arun())
    assert await server.calls.wait_for_async(9, timeout=60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    hang.stop()
    result = await ask(out=out).arun()
    assert (result.answered, result.earlier) == (12, 5)


async def test_a_cancelled_run_unlocks_its_ledger(ask, out, server, monkeypatch):
    """The flush that runs in a thread keeps the file locked until its end."""
    begun, go_on = threading.Event(), threading.Event()

    def flush(ledger):
        begun.set()
        assert go_on.wait(60)

    monkeypatch.setattr(Ledger, "sync", flush)
    task = asyncio.create_task(ask(out=out, concurrency=1).arun())
    assert await asyncio.to_thread(begun.wait, 60)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    Ledger(out, ask()._question.hash.hex()).close()


def test_the_source_is_read_lazily(ask, server):
    read = []

    def rows():
        for number in range(100):
            read.append(number)
            yield f"{number}", jpeg(number)

    hang = server.fault(Fault.hang())
    job = ask(source=rows(), concurrency=4)

    async def main():
        task = asyncio.create_task(job.arun())
        assert await server.calls.wait_for_async(4, timeout=60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    hang.stop()
    assert len(read) <= 5


def test_a_source_that_fails_ends_the_run(ask, out, server):
    def rows():
        yield "a", jpeg(1)
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        ask(source=rows(), out=out, concurrency=1).run()
    assert len(list(bulk.read_outcomes(out))) == 1


def test_progress_gets_the_state_on_one_scale(ask, out, server):
    rows = [(f"{n}.jpg", jpeg(n)) for n in range(6)]
    ask(source=rows[:4], out=out).run()
    states = []
    ask(source=[*rows, ("bad", b"x")], out=out).run(
        progress=lambda status: states.append((status.done, status.total, status.earlier))
    )
    assert states[-1] == (7, 7, 4)
    assert [done for done, _, _ in states] == sorted(done for done, _, _ in states)
    with pytest.raises(InvalidRequestError, match="progress must be True, False or a function"):
        ask(source=rows, out=out).run(progress="yes")


def test_progress_in_a_log(ask, out, capsys):
    ask(out=out).run(progress=True)
    assert "12 of 12 rows" in capsys.readouterr().err


def test_estimates(ask, server, folder):
    estimate = ask(source=bulk.folder(folder)).estimate()
    assert (estimate.rows, estimate.sampled, estimate.unreadable) == (6, 6, 0)
    assert 6 * 256 <= estimate.tokens.low <= estimate.tokens.likely <= estimate.tokens.high
    low, likely, high = estimate.usd
    assert 0 < low <= likely <= high
    assert "6 rows · about" in str(estimate)
    assert not server.calls.where(method="GetCompletion")
    many = ask(source=[(str(n), jpeg(n)) for n in range(320)]).estimate()
    assert many.tokens.likely == pytest.approx(estimate.tokens.likely / 6 * 320, rel=0.01)
    assert "cannot be sent" in str(ask(source=[("a", b"x"), ("b", jpeg(1))]).estimate())


def test_an_estimate_does_not_use_up_an_iterator(ask, server):
    job = ask(source=((f"{n}", jpeg(n)) for n in range(40)))
    assert job.estimate().rows is None
    assert job.run().answered == 40


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


def test_a_blocking_client_is_refused(ask, client):
    assert isinstance(client, Client)
    with pytest.raises(InvalidRequestError, match="must be an AsyncClient, not a Client"):
        ask(client=client)


def test_image_options_that_are_not_valid_end_the_run(ask, server):
    with pytest.raises(InvalidRequestError, match="max_side"):
        ask(image_options={"max_side": -1}).run()
    assert len(server.calls) == 0
