from __future__ import annotations

import contextlib
import hashlib
import json
import random
import signal
import subprocess
import threading
import time
from collections import Counter

import pytest

from tests import sample_images
from tests.cli.conftest import COMMAND, server_environment
from xai_vision.testing import Fault, Reply


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def many(folder):
    """Create a folder with 24 different images."""
    path = folder / "many"
    path.mkdir()
    for number in range(24):
        (path / f"{number:02}.jpg").write_bytes(sample_images.builders.jpeg(64, 48, seed=number))
    return path


def test_a_line_for_each_image(xai_in_process, server, folder):
    result = xai_in_process(
        "batch", "Describe", ".", "https://example.com/a.jpg", "--out", "a.jsonl", "-j", "2"
    )
    # The fake server has no image for the URL. The other images get a response.
    assert result.code == 3
    assert "https://example.com/a.jpg" in result.err
    assert "4 of 5 images done, results in a.jsonl · 1 failed" in result.err
    results = lines(folder / "a.jsonl")
    assert sorted(result["image"] for result in results) == sorted(
        ["photo.jpg", "chart.png", "photo.webp", "photo-private.jpg"]
    )
    first = next(result for result in results if result["image"] == "photo.webp")
    assert "640x480" in first["answer"]
    assert first["sent"]["changes"] == ["converted from WEBP", "encoded as PNG"]
    assert first["usage"]["prompt_image_tokens"] > 0
    assert first["cost_usd"] > 0

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


def test_changed_images_are_reported(xai_in_process, server, folder):
    assert xai_in_process("batch", "Describe", "photo.jpg", "--out", "a.jsonl").code == 0
    (folder / "photo.jpg").write_bytes(sample_images.jpeg(20, 20))
    result = xai_in_process("batch", "Describe", "photo.jpg", "--out", "a.jsonl")
    assert result.code == 0
    assert "photo.jpg has changed" in result.err
    assert len(server.calls) == 1


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
    result = xai_in_process("batch", "Describe", "many", "--out", "a.jsonl", "-j", "1")
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
    counts = Counter(result["image"] for result in lines(out))
    assert counts == dict.fromkeys(names.values(), 1)


def _complete_images(path) -> list[str]:
    if not path.exists():
        return []
    images = []
    for line in path.read_bytes().splitlines():
        with contextlib.suppress(ValueError):
            images.append(json.loads(line)["image"])
    return images
