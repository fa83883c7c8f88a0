"""The results file of a batch, its damages and repairs."""

from __future__ import annotations

import errno
import json
import os

import pytest

pytest.importorskip("click")

from xai_vision._cli.batch import results_file as module
from xai_vision._cli.batch.results_file import ResultsFile
from xai_vision._cli.exit_codes import CliError


def entry(name: str, **fields) -> dict:
    return {"image": name, "answer": "ä\n", "cost_usd": 0.5, "source_bytes": 3, **fields}


def names(path) -> list[str]:
    return [json.loads(line)["image"] for line in path.read_bytes().splitlines()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "answers.jsonl"


def test_results_are_appended(path):
    with ResultsFile(path, "q") as results:
        results.add(entry("a"))
        assert results.answered == {"a": 3}
    with ResultsFile(path, "q") as results:
        assert (results.answered, results.cost) == ({"a": 3}, 0.5)
        results.add(entry("b"))
    assert names(path) == ["a", "b"]
    assert json.loads(path.read_bytes().splitlines()[0])["answer"] == "ä\n"


def test_truncated_anywhere(path):
    """Complete lines are preserved, and incomplete ones are removed."""
    with ResultsFile(path, "q") as results:
        results.add(entry("a"))
        first = path.stat().st_size
        results.add(entry("b"))
    data = path.read_bytes()
    for size in range(first, len(data) + 1):
        path.write_bytes(data[:size])
        with ResultsFile(path, "q") as results:
            has_second = size >= len(data) - 1  # Only the line end may be missing.
            assert list(results.answered) == (["a", "b"] if has_second else ["a"])
            assert results.repaired == (first < size < len(data) - 1)
            results.add(entry("c"))
        assert names(path) == (["a", "b", "c"] if has_second else ["a", "c"])


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe0 an image",
        b"not JSON",
        b'{"a": 1}\n',
        b"[]\n",
        b'{"image": "a"}\n',
        b'x\n{"image": "a',
    ],
)
def test_other_files_are_not_changed(path, content):
    path.write_bytes(content)
    with pytest.raises(CliError, match="not changed"):
        ResultsFile(path, "q")
    assert path.read_bytes() == content


def test_results_of_another_request(path):
    with ResultsFile(path, "q") as results:
        results.add(entry("a"))
    with pytest.raises(CliError, match="another request"):
        ResultsFile(path, "other")


def test_only_one_batch_writes_a_file(path):
    with ResultsFile(path, "q"), pytest.raises(CliError, match="another batch"):
        ResultsFile(path, "q")
    ResultsFile(path, "q").close()


def test_full_disk(path, monkeypatch):
    with ResultsFile(path, "q") as results:
        results.add(entry("a"))
        original = os.write

        def fail(file, data):
            if len(data) <= 20:
                raise OSError(errno.ENOSPC, "No space left on device")
            return original(file, data[:20])

        monkeypatch.setattr(module.os, "write", fail)
        with pytest.raises(OSError, match="No space"):
            results.add(entry("b"))
        monkeypatch.setattr(module.os, "write", original)
        results.add(entry("c"))
    assert names(path) == ["a", "c"]


def test_names_that_are_not_utf_8(path):
    name = os.fsdecode(b"p\xff.jpg")
    with ResultsFile(path, "q") as results:
        results.add(entry(name))
    with ResultsFile(path, "q") as results:
        assert list(results.answered) == [name]


def test_each_result_is_synced_to_disk(path, monkeypatch):
    order = []
    original = os.fsync
    with ResultsFile(path, "q") as results:
        monkeypatch.setattr(
            module.os, "fsync", lambda file: (order.append(path.read_bytes()[-1:]), original(file))
        )
        results.add(entry("a"))
    assert order == [b"\n"]
