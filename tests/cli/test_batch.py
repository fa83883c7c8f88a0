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
from tests.cli.conftest import COMMAND, asking
from xai_vision.testing import Fault, Reply


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def many(folder):
    """Twenty-four different images in a folder of their own."""
    place = folder / "many"
    place.mkdir()
    for number in range(24):
        (place / f"{number:02}.jpg").write_bytes(sample_images.made.jpeg(64, 48, seed=number))
    return place


def test_an_answer_a_line(here, server, folder):
    done = here(
        "batch", "Describe", ".", "https://example.com/a.jpg", "--out", "a.jsonl", "-j", "2"
    )
    # The address is not one the fake can read; the others are answered all the same.
    assert done.code == 3
    assert "https://example.com/a.jpg" in done.err
    assert "4 of 5 images done, results in a.jsonl · 1 failed" in done.err
    answers = lines(folder / "a.jsonl")
    assert sorted(answer["image"] for answer in answers) == sorted(
        ["photo.jpg", "chart.png", "photo.webp", "photo-private.jpg"]
    )
    one = next(answer for answer in answers if answer["image"] == "photo.webp")
    assert "640x480" in one["answer"]
    assert one["sent"]["changes"] == ["converted from WEBP", "encoded as PNG"]
    assert one["usage"]["prompt_image_tokens"] > 0
    assert one["cost_usd"] > 0

    server.urls["https://example.com/a.jpg"] = sample_images.jpeg()
    server.calls.clear()
    done = here("batch", "Describe", ".", "https://example.com/a.jpg", "--out", "a.jsonl")
    assert done.code == 0
    assert "4 of 5 images already have a result" in done.err
    assert len(server.calls) == 1
    assert len(lines(folder / "a.jsonl")) == 5


def test_another_question_needs_another_file(here, server, folder):
    assert here("batch", "Describe", "photo.jpg", "--out", "a.jsonl").code == 0
    before = (folder / "a.jsonl").read_bytes()
    for other in (["Count", "photo.jpg"], ["Describe", "photo.jpg", "--detail", "low"]):
        done = here("batch", *other, "--out", "a.jsonl")
        assert done.code == 2
        assert "another request" in done.err
    assert (folder / "a.jsonl").read_bytes() == before
    assert len(server.calls) == 1


def test_the_file_is_no_picture(here, folder):
    before = (folder / "photo.jpg").read_bytes()
    assert here("batch", "Describe", "chart.png", "--out", "photo.jpg").code == 2
    assert (folder / "photo.jpg").read_bytes() == before


def test_names_from_a_file(xai, server, folder):
    done = xai(
        *("batch", "Describe", "photo.jpg", "--from", "-", "--out", "a.jsonl"),
        stdin=b"chart.png\nphoto.jpg\n\n",
    )
    assert done.code == 0, done.err
    assert "\x1b" not in done.err
    assert done.out == ""
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    "arguments", [["-"], [], ["empty"]], ids=["standard input", "none", "empty folder"]
)
def test_usage(here, folder, arguments):
    (folder / "empty").mkdir()
    assert here("batch", "Describe", *arguments, "--out", "a.jsonl").code == 2


def test_json_that_fits(here, server, folder):
    (folder / "s.json").write_text('{"type": "object"}')
    server.on().reply_json({"n": 1})
    assert here("batch", "n?", "photo.jpg", "--out", "a.jsonl", "--json-schema", "s.json").code == 0
    assert lines(folder / "a.jsonl")[0]["parsed"] == {"n": 1}


def test_changed_pictures_are_told(here, server, folder):
    assert here("batch", "Describe", "photo.jpg", "--out", "a.jsonl").code == 0
    (folder / "photo.jpg").write_bytes(sample_images.jpeg(20, 20))
    done = here("batch", "Describe", "photo.jpg", "--out", "a.jsonl")
    assert done.code == 0
    assert "photo.jpg has changed" in done.err
    assert len(server.calls) == 1


def test_no_more_at_a_time_than_said(here, server, many):
    busy, most = [0], [0]
    lock, reached = threading.Lock(), threading.Event()

    def answer(call):
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
            if busy[0] == 3:
                reached.set()
        reached.wait(30)
        with lock:
            busy[0] -= 1
        return "ok"

    server.on().side_effect(answer)
    assert here("batch", "Describe", "many", "--out", "a.jsonl", "-j", "3").code == 0
    assert most[0] == 3


def test_rate_limits_are_waited_for(here, server, folder, many):
    server.fault(Fault.rate_limited(0.05), next=3)
    done = here("batch", "Describe", "many", "--out", "a.jsonl")
    assert done.code == 0, done.err
    assert len(lines(folder / "a.jsonl")) == 24
    refused = sum(call.status == "RESOURCE_EXHAUSTED" for call in server.calls)
    assert refused == 3


def test_patience_ends(here, server, folder, many):
    server.fault(Fault.rate_limited(0.1), after=3)
    done = here("batch", "Describe", "many", "--out", "a.jsonl", "--patience", "0.3")
    assert done.code == 5
    assert "resumes" in done.err
    assert len(lines(folder / "a.jsonl")) == 3


def test_no_use_in_going_on(here, server, folder, many):
    server.fault(Fault.status("PERMISSION_DENIED", "key blocked"), after=2)
    done = here("batch", "Describe", "many", "--out", "a.jsonl", "-j", "1")
    assert done.code == 4
    assert len(lines(folder / "a.jsonl")) == 2
    assert len(server.calls) == 3

    server.clear()
    server.fault(Fault.internal("down"))
    done = here("batch", "Describe", "many", "--out", "a.jsonl", "-j", "1")
    assert done.code == 6
    assert len(server.calls) == 10


@pytest.mark.slow
def test_interrupted_and_gone_on(server, folder, many, tmp_path):
    server.on().reply(Reply("ok", ttft=0.05))
    command = [*COMMAND, "batch", "Describe", "many", "--out", "a.jsonl", "-j", "2"]
    running = subprocess.Popen(
        command, env=asking(server, tmp_path), stderr=subprocess.PIPE, text=True
    )
    server.calls.wait_for(8, timeout=20)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "resumes" in err
    assert 0 < len(lines(folder / "a.jsonl")) < 24
    done = subprocess.run(command, env=asking(server, tmp_path), capture_output=True, check=False)
    assert done.returncode == 0
    assert len(lines(folder / "a.jsonl")) == 24


@pytest.mark.slow
def test_killed_twenty_times(server, folder, many, tmp_path):
    """One answer an image in the end, and nothing asked again that had one."""
    chance = random.Random(8)
    server.on().reply(Reply("ok", ttft=0.06, jitter=0.05))
    out = folder / "a.jsonl"
    command = [*COMMAND, "batch", "Describe", "many", "--out", "a.jsonl", "-j", "4"]
    names = {
        hashlib.sha256(path.read_bytes()).hexdigest(): f"many/{path.name}"
        for path in many.iterdir()
    }
    kills = written = amid = 0
    while kills < 20:
        before = set(_whole(out))
        server.calls.clear()
        running = subprocess.Popen(command, env=asking(server, tmp_path), stderr=subprocess.DEVNULL)
        # At random points: while it starts, and (every other time) while it asks and writes,
        # however slowly this machine starts a program.
        if kills % 2:
            server.calls.wait_for(1, timeout=10)
        time.sleep(chance.uniform(0.05, 0.5))
        amid += any(not call.status for call in server.calls)
        running.kill()
        running.wait()
        kills += 1
        assert before <= set(_whole(out)), "an answer was lost"
        asked = {names[call.images[0].sha256] for call in server.calls if call.images}
        assert not asked & before, "asked again"
        written += len(set(_whole(out)) - before)
        if len(before) > 20:  # begin anew with the file as it is, but for its first lines
            out.write_bytes(b"".join(out.read_bytes().splitlines(keepends=True)[20:]))
    assert written > 0, "some of the kills came after answers"
    assert amid > 0, "and some in the middle of calls"
    done = subprocess.run(command, env=asking(server, tmp_path), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = Counter(answer["image"] for answer in lines(out))
    assert answers == dict.fromkeys(names.values(), 1)


def _whole(path) -> list[str]:
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line)["image"])
    return found
