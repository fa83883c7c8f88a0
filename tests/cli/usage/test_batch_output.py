"""``batch`` writes to files, standard output, pipes and devices; nothing hangs without a word."""

from __future__ import annotations

import json
import os
import subprocess
import threading

import pytest

from tests.cli.conftest import COMMAND, server_environment


@pytest.fixture
def shell(server, folder, tmp_path):
    """Run a line of shell; `xai` stands for the command."""

    def run(line: str) -> subprocess.CompletedProcess[str]:
        script = f'xai() {{ {" ".join(COMMAND)} "$@"; }}; {line}'
        return subprocess.run(
            ["bash", "-c", script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=server_environment(server, tmp_path),
            timeout=120,
            check=False,
        )

    return run


BATCH = "xai batch Hi photo.jpg chart.png"


@pytest.mark.parametrize(
    "out", ["-o - | cat", "-o /dev/stdout | cat", "-o - > a.jsonl; cat a.jsonl"]
)
def test_results_on_standard_output(shell, server, folder, out):
    server.on().reply("A caption.\x1b[31m")
    result = shell(f"{BATCH} {out}")
    assert result.returncode == 0
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["id"] for row in rows} == {"photo.jpg", "chart.png"}
    assert {row["answer"] for row in rows} == {"A caption.\x1b[31m"}
    assert "2 of 2 images done" in result.stderr
    assert not (folder / "-").exists()


def test_results_in_a_device(shell):
    result = shell(f"{BATCH} -o /dev/null")
    assert (result.returncode, result.stdout) == (0, "")
    assert "2 of 2 images done" in result.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_results_in_a_named_pipe(server, folder, tmp_path):
    os.mkfifo("pipe")
    process = subprocess.Popen(
        [*COMMAND, "batch", "Hi", "photo.jpg", "-o", "pipe"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=server_environment(server, tmp_path),
    )
    assert process.stderr
    assert process.stderr.readline() == "waiting for a program that reads pipe\n"
    with open("pipe", encoding="utf-8") as pipe:  # noqa: PTH123
        assert [json.loads(line)["id"] for line in pipe] == ["photo.jpg"]
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err


def test_a_reader_that_leaves(server, folder, tmp_path):
    gate = threading.Event()

    def reply(call):
        if call.images[0].format == "PNG":
            gate.wait(60)
        return "ok"

    server.on().side_effect(reply)
    process = subprocess.Popen(
        [*COMMAND, "batch", "Hi", "photo.jpg", "chart.png", "-o", "-"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=server_environment(server, tmp_path),
    )
    assert process.stdout
    assert process.stderr
    assert process.stdout.read(1) == b"{"
    process.stdout.close()
    gate.set()
    with process.stderr:
        err = process.stderr.read().decode()
    assert process.wait(120) == 141, err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("nope/", "nope/: no such directory"),
        ("'photos/*.jpg'", "photos/*.jpg: no file matches this pattern"),
        ("photo.jpg 'photos/*.jpg'", "no file matches this pattern"),
        ("nope.jpg", "nope.jpg: no such file"),
        (".", "no images in the directory ."),
    ],
)
def test_wrong_names_leave_no_results_file(xai_in_process, server, folder, names, words):
    for file in folder.iterdir():
        if names == ".":
            file.unlink()
    result = xai_in_process("batch", "Hi", *names.replace("'", "").split(), "--out", "a.jsonl")
    assert result.code in (2, 3)
    assert words in result.err
    assert not (folder / "a.jsonl").exists()
    assert not server.calls


def test_one_missing_file_does_not_stop_the_others(xai_in_process, server):
    result = xai_in_process("batch", "Hi", "photo.jpg", "nope.jpg", "-o", "a.jsonl")
    assert result.code == 3
    assert "nope.jpg: " in result.err
    assert "1 of 2 images done" in result.err
    assert len(server.calls) == 1


def test_urls_of_other_schemes(xai_in_process, server):
    for command in (["ask", "Hi"], ["inspect", "--offline"], ["batch", "Hi", "-o", "a.jsonl"]):
        result = xai_in_process(*command, "ftp://a.example/x.jpg")
        assert result.code == 3
        assert "ftp" in result.out + result.err
        assert "https" in result.out + result.err
    assert not server.calls


def test_a_directory_points_to_batch(xai_in_process):
    result = xai_in_process("ask", "What?", ".")
    assert result.code == 3
    assert "is a directory. Name an image in it, or use `xai-vision batch`." in result.err
