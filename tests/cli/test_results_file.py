"""The file of answers, torn and mended in every way."""

from __future__ import annotations

import errno
import json
import os

import pytest

pytest.importorskip("click")

from xai_vision._cli.batch import results_file as module
from xai_vision._cli.batch.results_file import ResultsFile
from xai_vision._cli.exit_codes import CliError


def entry(name: str, **more) -> dict:
    return {"image": name, "answer": "ä\n", "cost_usd": 0.5, "source_bytes": 3, **more}


def names(path) -> list[str]:
    return [json.loads(line)["image"] for line in path.read_bytes().splitlines()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "answers.jsonl"


def test_goes_on(path):
    with ResultsFile(path, "q") as ledger:
        ledger.add(entry("a"))
        assert ledger.answered == {"a": 3}
    with ResultsFile(path, "q") as ledger:
        assert (ledger.answered, ledger.cost) == ({"a": 3}, 0.5)
        ledger.add(entry("b"))
    assert names(path) == ["a", "b"]
    assert json.loads(path.read_bytes().splitlines()[0])["answer"] == "ä\n"


def test_cut_anywhere(path):
    """Whatever a kill leaves of the file, what was whole stays, and the rest goes on."""
    with ResultsFile(path, "q") as ledger:
        ledger.add(entry("a"))
        first = path.stat().st_size
        ledger.add(entry("b"))
    whole = path.read_bytes()
    for size in range(first, len(whole) + 1):
        path.write_bytes(whole[:size])
        with ResultsFile(path, "q") as ledger:
            has_second = size >= len(whole) - 1  # only its line end may be missing
            assert list(ledger.answered) == (["a", "b"] if has_second else ["a"])
            assert ledger.repaired == (first < size < len(whole) - 1)
            ledger.add(entry("c"))
        assert names(path) == (["a", "b", "c"] if has_second else ["a", "c"])


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe0 an image",
        b"no lines",
        b'{"a": 1}\n',
        b"[]\n",
        b'{"image": "a"}\n',
        b'x\n{"image": "a',
    ],
)
def test_other_files_are_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(CliError, match="not changed"):
        ResultsFile(path, "q")
    assert path.read_bytes() == content


def test_answers_to_another_question(path):
    with ResultsFile(path, "q") as ledger:
        ledger.add(entry("a"))
    with pytest.raises(CliError, match="another request"):
        ResultsFile(path, "other")


def test_one_at_a_time(path):
    with ResultsFile(path, "q"), pytest.raises(CliError, match="another batch"):
        ResultsFile(path, "q")
    ResultsFile(path, "q").close()


def test_full_disk(path, monkeypatch):
    with ResultsFile(path, "q") as ledger:
        ledger.add(entry("a"))
        real = os.write

        def full(file, data):
            if len(data) <= 20:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(file, data[:20])

        monkeypatch.setattr(module.os, "write", full)
        with pytest.raises(OSError, match="No space"):
            ledger.add(entry("b"))
        monkeypatch.setattr(module.os, "write", real)
        ledger.add(entry("c"))
    assert names(path) == ["a", "c"]


def test_names_that_are_no_utf8(path):
    odd = os.fsdecode(b"p\xff.jpg")
    with ResultsFile(path, "q") as ledger:
        ledger.add(entry(odd))
    with ResultsFile(path, "q") as ledger:
        assert list(ledger.answered) == [odd]


def test_is_on_the_disk_before_it_counts(path, monkeypatch):
    order = []
    real = os.fsync
    with ResultsFile(path, "q") as ledger:
        monkeypatch.setattr(
            module.os, "fsync", lambda file: (order.append(path.read_bytes()[-1:]), real(file))
        )
        ledger.add(entry("a"))
    assert order == [b"\n"]
