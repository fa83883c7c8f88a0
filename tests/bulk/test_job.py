"""Jobs over the wire."""

from __future__ import annotations

import hashlib
import os

import pytest
from PIL import Image
from pydantic import BaseModel

from tests import sample_images
from tests.bulk.rows import jpeg, sent
from xai_vision import bulk
from xai_vision.bulk._run import question
from xai_vision.chat import system, user


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


def test_answers_as_json(ask, out, server):
    class Receipt(BaseModel):
        total: int

    server.on().reply_json({"total": 7})
    assert ask(out=out, schema=Receipt).run().answered == 12
    assert {outcome.parsed["total"] for outcome in bulk.read_outcomes(out)} == {7}
    path = out.with_name("other.jsonl")
    assert ask(out=path, schema=Receipt.model_json_schema()).run().answered == 12
    assert {outcome.parsed["total"] for outcome in bulk.read_outcomes(path)} == {7}


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
