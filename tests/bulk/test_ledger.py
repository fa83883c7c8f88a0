"""The ledger, its damages and repairs."""

from __future__ import annotations

import errno
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_vision.bulk import LedgerError, LedgerLockedError, Outcome, read_outcomes
from xai_vision.bulk._ledger import append_file
from xai_vision.bulk._ledger.index import LineIndex
from xai_vision.bulk._ledger.keys import NO_STAMP, digest, join_key, row_hash
from xai_vision.bulk._ledger.ledger import Ledger, failed_path
from xai_vision.bulk._row import Failure

QUESTION = digest(8, b"question")


def key(name: str, *, content: bytes | None = None, stamp: bytes | None = None) -> str:
    content = content or digest(16, name.encode("utf-8", "surrogatepass"))
    stamp = digest(8, b"stamp", content) if stamp is None else stamp
    return join_key(content, row_hash(name, content), stamp, QUESTION)


def outcome(name: str, **columns) -> Outcome:
    columns = {"answer": "ä\n\x85\u2028", "usd": 0.5, "usage": {"total_tokens": 7}, **columns}
    return Outcome(name, response_id="r", attempts=1, **columns)


def opened(path, question: str = QUESTION.hex()) -> Ledger:
    return Ledger(path, question)


def ids(path) -> list[str]:
    return [outcome.id for outcome in read_outcomes(path)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "answers.jsonl"


def test_answers_are_appended(path):
    with opened(path) as ledger:
        ledger.add(key("a"), outcome("a"))
    with opened(path) as ledger:
        assert (ledger.answered, ledger.usd, ledger.tokens) == (1, 0.5, 7)
        ledger.add(key("b"), outcome("b", usd=None))
    assert ids(path) == ["a", "b"]
    with opened(path) as ledger:
        assert (ledger.answered, ledger.usd, ledger.tokens) == (2, 0.5, 14)
        assert [outcome.answer for outcome in ledger.outcomes()] == ["ä\n\x85\u2028"] * 2


def test_rows_are_found_again(path):
    content = digest(16, b"a")
    with opened(path) as ledger:
        ledger.add(key("a"), outcome("a"))
        ledger.add(key("b", content=content, stamp=NO_STAMP), outcome("b", answer="copy"))
    with opened(path) as ledger:
        assert ledger.has(row_hash("a", content))
        assert ledger.has(row_hash("b", content))
        assert ledger.has(digest(8, b"stamp", content))
        assert not ledger.has(row_hash("c", content))
        assert not ledger.has(NO_STAMP)
        assert ledger.same_content(content).id == "a"
        assert ledger.same_content(digest(16, b"x")) is None


def test_a_ledger_without_a_file():
    with Ledger(None, QUESTION.hex()) as ledger:
        ledger.add(key("a"), outcome("a"))
        ledger.add_failure(key("b"), Outcome("b", error=Failure("E", "why")))
        ledger.sync()
        assert [outcome.id for outcome in ledger.outcomes()] == ["a"]
        assert [outcome.id for outcome in ledger.failed()] == ["b"]
        ledger.add(key("c"), outcome("c"))
        assert [outcome.id for outcome in ledger.outcomes()] == ["a", "c"]


def test_answers_that_are_not_valid(path):
    error = Failure("StructuredOutputError", "not JSON")
    with opened(path) as ledger:
        ledger.add(key("a"), outcome("a", error=error))
    with opened(path) as ledger:
        assert (ledger.answered, ledger.rejected, ledger.usd, ledger.tokens) == (0, 1, 0.5, 7)
        assert ledger.has(row_hash("a", digest(16, b"a")))  # it was paid for
        assert [outcome.error for outcome in ledger.failed()] == [error]


def test_failed_rows_are_of_the_last_run(path):
    with opened(path) as ledger:
        ledger.add_failure(key("a"), Outcome("a", error=Failure("E", "why")))
        assert ledger.failures == 1
    assert [outcome.error.message for outcome in read_outcomes(failed_path(path))] == ["why"]
    with opened(path) as ledger:
        assert ledger.failures == 0
        assert not ledger.has(row_hash("a", digest(16, b"a")))
    assert not failed_path(path).exists()


def test_another_file_is_not_replaced_by_failed_rows(path):
    failed_path(path).write_text("my notes")
    with pytest.raises(LedgerError, match="would replace it"):
        opened(path)
    assert failed_path(path).read_text() == "my notes"
    assert not path.exists()


def test_truncated_anywhere(path):
    """Complete lines are preserved, and incomplete ones are removed."""
    with opened(path) as ledger:
        ledger.add(key("a"), outcome("a"))
        first = path.stat().st_size
        ledger.add(key("b"), outcome("b"))
    data = path.read_bytes()
    for size in range(first, len(data) + 1):
        path.write_bytes(data[:size])
        with opened(path) as ledger:
            has_second = size >= len(data) - 1  # Only the line end may be missing.
            assert ledger.answered == 1 + has_second
            assert ledger.repaired == (first < size < len(data) - 1)
            ledger.add(key("c"), outcome("c"))
        assert ids(path) == (["a", "b", "c"] if has_second else ["a", "c"])


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe0 an image",
        b"not JSON",
        b'{"a": 1}\n',
        b"[]\n",
        b'{"key":"a"}\n',
        b'{"key":"a","usd":0,"error":null,"usage":{}}\n',
        b'x\n{"key":"a',
        b"1" * 5000 + b"\n",
        b"[" * 100_000 + b"\n",
    ],
)
def test_other_files_are_not_changed(path, content):
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="not changed"):
        opened(path)
    assert path.read_bytes() == content


def test_results_of_an_earlier_version(path):
    path.write_bytes(b'{"image": "a.jpg", "answer": "x", "request": "0123456789abcdef"}\n')
    with pytest.raises(LedgerError, match="earlier version of `xai-vision batch`; use another out"):
        opened(path)


def test_results_of_another_question(path):
    with opened(path) as ledger:
        ledger.add(key("a"), outcome("a"))
    with pytest.raises(LedgerError, match="another request .* from line 1 on: use another out"):
        opened(path, digest(8, b"other").hex())


def test_only_one_run_writes_a_ledger(path):
    with opened(path), pytest.raises(LedgerLockedError, match="another run"):
        opened(path)
    opened(path).close()


def test_full_disk(path, monkeypatch):
    with opened(path) as ledger:
        ledger.add(key("a"), outcome("a"))
        original = os.write

        def fail(file, data):
            if len(data) <= 20:
                raise OSError(errno.ENOSPC, "No space left on device")
            return original(file, data[:20])

        monkeypatch.setattr(append_file.os, "write", fail)
        with pytest.raises(OSError, match="No space"):
            ledger.add(key("b"), outcome("b"))
        monkeypatch.setattr(append_file.os, "write", original)
        ledger.add(key("c"), outcome("c"))
    assert ids(path) == ["a", "c"]


def test_names_that_are_not_utf_8(path):
    name = os.fsdecode(b"p\xff.jpg")
    with opened(path) as ledger:
        ledger.add(key(name), outcome(name))
    with opened(path) as ledger:
        assert [outcome.id for outcome in ledger.outcomes()] == [name]


def test_lines_longer_than_a_block(path):
    answer = "x" * 700_000
    with opened(path) as ledger:
        for name in "abc":
            ledger.add(key(name), outcome(name, answer=answer))
        assert ledger.same_content(digest(16, b"b")).id == "b"
    with opened(path) as ledger:
        assert ledger.answered == 3
        assert [len(outcome.answer) for outcome in ledger.outcomes()] == [700_000] * 3


def test_lines_can_be_deleted_and_reordered(path):
    with opened(path) as ledger:
        for name in "abc":
            ledger.add(key(name), outcome(name))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[2], b"\n", lines[0]]))
    with opened(path) as ledger:
        assert ledger.answered == 2
        assert [outcome.id for outcome in ledger.outcomes()] == ["c", "a"]
        assert not ledger.has(row_hash("b", digest(16, b"b")))


def test_the_columns_are_those_of_an_outcome(path):
    with opened(path) as ledger:
        ledger.add(key("a"), outcome("a"))
    columns = json.loads(path.read_text())
    assert set(columns) == {"key", *Outcome.__dataclass_fields__}


@given(st.lists(st.tuples(st.binary(min_size=8, max_size=8), st.integers(0, 2**48 - 1))))
def test_the_index(entries):
    index, expected = LineIndex(), {}
    for number, (digest_, offset) in enumerate(entries):
        name = number.to_bytes(8, "big")
        index.add(digest_ + bytes(8) + name + NO_STAMP + bytes(8), offset)
        expected.setdefault(digest_, offset)
        expected.setdefault(name, offset)
    assert {digest_: index.get(digest_) for digest_ in expected} == expected
    assert index.get(b"\xff" * 8) == expected.get(b"\xff" * 8)


def test_entries_that_look_like_others_by_chance():
    """The end of one entry and the start of the next are not an entry."""
    index = LineIndex()
    for number in range(256):
        digest_ = bytes([7, 7, 7, 7, 7, 7, 7, number])
        index.add(digest_ + bytes(8) + digest_ + NO_STAMP + bytes(8), 0x070707070707)
    assert index.get(bytes([7, 7, 7, 7, 7, 7, 7, 255])) == 0x070707070707
    assert index.get(bytes([7] * 6 + [8, 7])) is None
