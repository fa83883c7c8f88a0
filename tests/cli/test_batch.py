from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import sample_images
from tests.cli.conftest import COMMAND, server_environment
from xai_vision import prepare_image
from xai_vision.testing import Fault, Reply


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module", autouse=True)
def _converters():
    """Import the modules that convert images.

    Pytest compiles modules when they are imported, and Python 3.11 fails if two threads do that at
    the same time: "AST constructor recursion depth mismatch".
    """
    prepare_image(sample_images.sample("alpha.webp"))


@pytest.fixture
def many(folder):
    """Create a folder with 24 different images."""
    path = folder / "many"
    path.mkdir()
    for number in range(24):
        (path / f"{number:02}.jpg").write_bytes(sample_images.builders.jpeg(64, 48, seed=number))
    return path


def test_sampling_options_are_part_of_the_question(xai_in_process, server, folder):
    options = ("--max-tokens", "50", "--seed", "7", "--out", "a.jsonl")
    command = ("batch", "Describe", "photo.jpg", *options)
    assert xai_in_process(*command, "--temperature", "0").code == 0
    request = server.calls.last.request
    assert (request.temperature, request.max_tokens, request.seed) == (0, 50, 7)
    # They belong to the question, so that other ones need another file.
    result = xai_in_process(*command, "--temperature", "1")
    assert result.code == 2
    assert "results of another request (prompt, model, settings" in result.err
    assert len(server.calls) == 1


def test_a_line_for_each_image(xai_in_process, server, folder):
    result = xai_in_process(
        "batch", "Describe", ".", "https://example.com/a.jpg", "--out", "a.jsonl", "-j", "2"
    )
    # The fake server has no image for the URL. The other images get a response.
    assert result.code == 3
    assert "https://example.com/a.jpg" in result.err
    assert "4 of 5 images done, results in a.jsonl · 1 failed" in result.err
    results = lines(folder / "a.jsonl")
    assert sorted(result["id"] for result in results) == sorted(
        ["photo.jpg", "chart.png", "photo.webp", "photo-private.jpg"]
    )
    first = next(result for result in results if result["id"] == "photo.webp")
    assert "640x480" in first["answer"]
    assert first["changes"] == ["converted from WEBP", "encoded as PNG"]
    assert first["usage"]["prompt_image_tokens"] > 0
    assert first["usd"] > 0

    server.urls["https://example.com/a.jpg"] = sample_images.jpeg()
    server.calls.clear()
    result = xai_in_process(
        "batch", "Describe", ".", "https://example.com/a.jpg", "--out", "a.jsonl"
    )
    assert result.code == 0
    assert "4 of 5 images already have a result" in result.err
    assert len(server.calls) == 1
    assert len(lines(folder / "a.jsonl")) == 5


def test_another_prompt_needs_another_file(xai_in_process, server, folder):
    assert xai_in_process("batch", "Describe", "photo.jpg", "--out", "a.jsonl").code == 0
    before = (folder / "a.jsonl").read_bytes()
    for other in (["Count", "photo.jpg"], ["Describe", "photo.jpg", "--detail", "low"]):
        result = xai_in_process("batch", *other, "--out", "a.jsonl")
        assert result.code == 2
        assert "another request" in result.err
    assert (folder / "a.jsonl").read_bytes() == before
    assert len(server.calls) == 1


def test_the_results_file_must_not_be_an_image(xai_in_process, folder):
    before = (folder / "photo.jpg").read_bytes()
    assert xai_in_process("batch", "Describe", "chart.png", "--out", "photo.jpg").code == 2
    assert (folder / "photo.jpg").read_bytes() == before


def test_names_from_a_file(xai, server, folder):
    result = xai(
        *("batch", "Describe", "photo.jpg", "--from", "-", "--out", "a.jsonl"),
        stdin=b"chart.png\nphoto.jpg\n\n",
    )
    assert result.code == 0, result.err
    assert "\x1b" not in result.err
    assert result.out == ""
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    "arguments", [["-"], [], ["empty"]], ids=["standard input", "none", "empty folder"]
)
def test_usage(xai_in_process, folder, arguments):
    (folder / "empty").mkdir()
    assert xai_in_process("batch", "Describe", *arguments, "--out", "a.jsonl").code == 2


def test_json_output(xai_in_process, server, folder):
    (folder / "s.json").write_text('{"type": "object"}')
    server.on().reply_json({"n": 1})
    assert (
        xai_in_process(
            "batch", "n?", "photo.jpg", "--out", "a.jsonl", "--json-schema", "s.json"
        ).code
        == 0
    )
    assert lines(folder / "a.jsonl")[0]["parsed"] == {"n": 1}


def test_changed_images_are_asked_again(xai_in_process, server, folder):
    assert xai_in_process("batch", "Describe", "photo.jpg", "--out", "a.jsonl").code == 0
    (folder / "photo.jpg").write_bytes(sample_images.jpeg(20, 20))
    result = xai_in_process("batch", "Describe", "photo.jpg", "--out", "a.jsonl")
    assert result.code == 0
    assert [("20x20" in line["answer"]) for line in lines(folder / "a.jsonl")] == [False, True]
    assert len(server.calls) == 2


def test_results_of_an_earlier_version_are_refused(xai_in_process, server, folder):
    line = (
        b'{"image": "photo.jpg", "answer": "x", "cost_usd": 0.1, "request": "0123456789abcdef"}\n'
    )
    (folder / "a.jsonl").write_bytes(line)
    result = xai_in_process("batch", "Describe", "photo.jpg", "--out", "a.jsonl")
    assert result.code == 2
    assert "written by an earlier version of `xai-vision batch`; use another --out" in result.err
    assert (folder / "a.jsonl").read_bytes() == line
    assert len(server.calls) == 0


def test_folders_are_read_with_all_that_they_contain(xai_in_process, server, folder):
    (folder / "2024" / "may").mkdir(parents=True)
    (folder / "2024" / "may" / "deep.jpg").write_bytes(sample_images.jpeg(20, 20))
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.jpg").write_bytes(sample_images.jpeg(20, 20))
    assert xai_in_process("batch", "Describe", "2024", "--out", "a.jsonl").code == 0
    assert [line["id"] for line in lines(folder / "a.jsonl")] == ["2024/may/deep.jpg"]


def test_results_on_standard_output(xai_in_process, server, folder):
    url = "https://example.com/a.jpg"
    result = xai_in_process("batch", "Describe", ".", url, "-o", "-")
    assert result.code == 3
    results = {line["id"]: line for line in map(json.loads, result.out.splitlines())}
    assert len(results) == 5
    assert results[url]["error"]["type"] == "ImageFetchError"
    assert [line["id"] for line in results.values() if line["error"]] == [url], result.err
    assert "640x480" in results["photo.webp"]["answer"]
    assert "4 of 5 images done · 1 failed" in result.err
    assert not (folder / "-").exists()


def test_results_through_a_pipe(xai, server, folder):
    os.mkfifo(folder / "pipe")
    with ThreadPoolExecutor() as pool:
        read = pool.submit((folder / "pipe").read_text)
        result = xai("batch", "Describe", ".", "--out", "pipe")
        assert result.code == 0, result.err
        assert len(read.result(timeout=60).splitlines()) == 4
    assert "4 of 4 images done" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--out", "missing/a.jsonl"), "--out: the directory missing does not exist"),
        (("--parquet", "missing/a.parquet"), "--parquet: the directory missing does not exist"),
        (("--parquet", "a.csv"), "--parquet: the name must end in .parquet"),
        ((), "'-o' / '--out', or '--parquet'"),
        (("--out", "a.jsonl", "--max-usd", "0"), "--max-usd"),
        (("--out", "a.jsonl", "--via", "fast"), "--via"),
    ],
)
def test_options_that_are_not_valid(xai_in_process, server, folder, arguments, words):
    result = xai_in_process("batch", "Describe", ".", *arguments)
    assert result.code == 2
    assert words in result.err
    assert "resumes" not in result.err
    assert len(server.calls) == 0


def test_results_as_parquet(xai_in_process, server, folder):
    parquet = pytest.importorskip("pyarrow.parquet")
    result = xai_in_process("batch", "Describe", ".", "--parquet", "a.parquet")
    assert result.code == 0, result.err
    assert "4 of 4 images done, results in a.parquet" in result.err
    rows = parquet.read_table(folder / "a.parquet").to_pylist()
    assert {row["id"] for row in rows} == {
        "photo.jpg",
        "chart.png",
        "photo.webp",
        "photo-private.jpg",
    }
    assert len(lines(folder / "a.parquet.ledger.jsonl")) == 4


def test_failed_images_are_beside_the_results(xai_in_process, server, folder):
    (folder / "broken.jpg").write_bytes(b"x")
    result = xai_in_process("batch", "Describe", ".", "--out", "a.jsonl")
    assert result.code == 3
    assert "xai-vision: broken.jpg: " in result.err
    (failed,) = lines(folder / "a.failed.jsonl")
    assert failed["id"] == "broken.jpg"
    assert len(lines(folder / "a.jsonl")) == 4


def test_the_spend_is_limited(xai_in_process, server, many):
    result = xai_in_process(
        "batch", "Describe", "many", "--out", "a.jsonl", "--max-usd", "0.0001", "-j", "1"
    )
    assert result.code == 5
    assert "0 of 24 images done" in result.err
    assert "stopped by --max-usd (the next image can cost up to $0." in result.err
    assert not server.calls.where(method="GetCompletion")


def test_failures_are_limited(xai_in_process, server, folder):
    for number in range(20):
        (folder / f"broken{number}.jpg").write_bytes(b"x%d" % number)
    result = xai_in_process(
        "batch", "Describe", ".", "--out", "a.jsonl", "--max-failures", "2", "-j", "1"
    )
    assert result.code == 3
    assert "stopped by --max-failures" in result.err
    assert "2 failed" in result.err


def test_the_batch_api(xai_in_process, server, many):
    server.batches(ready_after=0)
    result = xai_in_process("batch", "Describe", "many", "--out", "a.jsonl", "--via", "batch")
    assert result.code == 0, result.err
    assert {line["via"] for line in lines(many.parent / "a.jsonl")} == {"batch"}
    assert len(lines(many.parent / "a.jsonl")) == 24


def test_errors_that_may_pass_are_retried(xai_in_process, server, many):
    server.fault(Fault.internal("down"), next=3)
    assert xai_in_process("batch", "Describe", "many", "--out", "a.jsonl").code == 0
    assert len(server.calls) == 27


def test_the_number_of_concurrent_calls_is_limited(xai_in_process, server, many):
    active, highest = [0], [0]
    lock, reached = threading.Lock(), threading.Event()

    def reply(call):
        with lock:
            active[0] += 1
            highest[0] = max(highest[0], active[0])
            if active[0] == 3:
                reached.set()
        reached.wait(60)
        with lock:
            active[0] -= 1
        return "ok"

    server.on().side_effect(reply)
    assert xai_in_process("batch", "Describe", "many", "--out", "a.jsonl", "-j", "3").code == 0
    assert highest[0] == 3


def test_rate_limits_are_retried(xai_in_process, server, folder, many):
    server.fault(Fault.rate_limited(0.05), next=3)
    result = xai_in_process("batch", "Describe", "many", "--out", "a.jsonl")
    assert result.code == 0, result.err
    assert len(lines(folder / "a.jsonl")) == 24
    rejected = sum(call.status == "RESOURCE_EXHAUSTED" for call in server.calls)
    assert rejected == 3


def test_patience_limits_the_retries(xai_in_process, server, folder, many):
    server.fault(Fault.rate_limited(0.1), after=3)
    result = xai_in_process("batch", "Describe", "many", "--out", "a.jsonl", "--patience", "0.3")
    assert result.code == 5
    assert "resumes" in result.err
    assert len(lines(folder / "a.jsonl")) == 3


def test_batch_stops_after_fatal_errors(xai_in_process, server, folder, many):
    server.fault(Fault.status("PERMISSION_DENIED", "key blocked"), after=2)
    result = xai_in_process("batch", "Describe", "many", "--out", "a.jsonl", "-j", "1")
    assert result.code == 4
    assert len(lines(folder / "a.jsonl")) == 2
    assert len(server.calls) == 3

    server.clear()
    server.fault(Fault.internal("down"))
    result = xai_in_process(
        "batch", "Describe", "many", "--out", "a.jsonl", "-j", "1", "--retries", "0"
    )
    assert result.code == 6
    assert len(server.calls) == 10


@pytest.mark.slow
def test_an_interrupted_batch_can_be_resumed(server, folder, many, tmp_path):
    hang = server.fault(Fault.hang(), after=8)
    command = [*COMMAND, "batch", "Describe", "many", "--out", "a.jsonl", "-j", "2"]
    process = subprocess.Popen(
        command, env=server_environment(server, tmp_path), stderr=subprocess.PIPE, text=True
    )
    assert server.calls.wait_for(10, timeout=60)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "resumes" in err
    assert len(lines(folder / "a.jsonl")) == 8
    hang.stop()
    result = subprocess.run(
        command, env=server_environment(server, tmp_path), capture_output=True, check=False
    )
    assert result.returncode == 0
    assert len(lines(folder / "a.jsonl")) == 24


@pytest.mark.slow
def test_killed_twenty_times(server, folder, many, tmp_path):
    """Each image has one result in the end, and none with a result is sent again."""
    rng = random.Random(8)
    server.on().reply(Reply("ok", ttft=0.06, jitter=0.05))
    out = folder / "a.jsonl"
    command = [*COMMAND, "batch", "Describe", "many", "--out", "a.jsonl", "-j", "4"]
    names = {
        hashlib.sha256(path.read_bytes()).hexdigest(): f"many/{path.name}"
        for path in many.iterdir()
    }
    kills = written = interrupted = 0
    while kills < 20:
        before = set(_complete_images(out))
        server.calls.clear()
        process = subprocess.Popen(
            command, env=server_environment(server, tmp_path), stderr=subprocess.DEVNULL
        )
        # Kill at random points: during the start, and every other time during the calls.
        if kills % 2:
            assert server.calls.wait_for(1, timeout=60)
        time.sleep(rng.uniform(0.05, 0.5))
        interrupted += any(not call.status for call in server.calls)
        process.kill()
        process.wait()
        kills += 1
        assert before <= set(_complete_images(out)), "a result was lost"
        sent = {names[call.images[0].sha256] for call in server.calls if call.images}
        assert not sent & before, "an image with a result was sent again"
        written += len(set(_complete_images(out)) - before)
        if len(before) > 20:  # Remove the first lines of the file, and continue.
            out.write_bytes(b"".join(out.read_bytes().splitlines(keepends=True)[20:]))
    assert written > 0, "some kills must come after results"
    assert interrupted > 0, "some kills must come during calls"
    result = subprocess.run(
        command, env=server_environment(server, tmp_path), capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr
    counts = Counter(result["id"] for result in lines(out))
    assert counts == dict.fromkeys(names.values(), 1)


def _complete_images(path) -> list[str]:
    if not path.exists():
        return []
    images = []
    for line in path.read_bytes().splitlines():
        with contextlib.suppress(ValueError):
            images.append(json.loads(line)["id"])
    return images
