"""Fixtures that run the command, against a fake server in the test's process or as a server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import sample_images

for package in ("click", "rich", "yaml"):
    pytest.importorskip(package, reason='the extra "cli" is not installed')

COMMAND = [sys.executable, "-m", "xai_vision"]


@dataclass
class Result:
    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Return our environment without variables that change the command's behavior."""
    inherited = {
        k: v for k, v in os.environ.items() if not k.startswith(("XAI_", "COLUMNS", "NO_COLOR"))
    }
    return {**inherited, "PYTHONWARNINGS": "error", **more}


def server_environment(server, home: Path) -> dict[str, str]:
    return environment(
        XAI_API_KEY=server.api_key, XAI_VISION_HOST=server.target, XDG_STATE_HOME=str(home)
    )


def stop(process, number=signal.SIGTERM) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Create a folder with images, and make it the current directory."""
    path = tmp_path / "images"
    path.mkdir()
    for name in ("photo.jpg", "chart.png", "photo.webp", "photo-private.jpg"):
        (path / name).write_bytes(sample_images.sample(name))
    (path / "notes.txt").write_text("not an image")
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def xai_without_key(folder, tmp_path):
    """Run the command without a key."""

    def run(*arguments: str, stdin: bytes = b"", **env: str) -> Result:
        process = subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            env=environment(**{"XDG_STATE_HOME": str(tmp_path), **env}),
            timeout=120,
            check=False,
        )
        return Result(process.returncode, process.stdout.decode(), process.stderr.decode())

    return run


@pytest.fixture
def xai_in_process(folder, server, tmp_path, monkeypatch, capsys):
    """Run the command in this process against the test's server, which is faster."""
    for name in [name for name in os.environ if name.startswith("XAI_")]:
        monkeypatch.delenv(name)
    for name, value in server_environment(server, tmp_path).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, **env: str) -> Result:
        from xai_vision._cli.app import run as command

        for name, value in env.items():
            monkeypatch.setenv(name, value)
        code = command(arguments)
        captured = capsys.readouterr()
        return Result(int(code), captured.out, captured.err)

    return run


@pytest.fixture
def xai(xai_without_key, server, tmp_path):
    """Run the command against the test's server."""

    def run(*arguments: str, stdin: bytes = b"", **env: str) -> Result:
        return xai_without_key(
            *arguments, stdin=stdin, **{**server_environment(server, tmp_path), **env}
        )

    return run


@pytest.fixture
def serve(folder):
    """Start `xai-vision serve` in a process of its own; return it and its first line."""
    processes = []

    def start(*arguments: str, **env: str) -> tuple[subprocess.Popen[str], dict]:
        process = subprocess.Popen(
            [*COMMAND, "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**env),
        )
        processes.append(process)
        line = process.stdout.readline()
        return process, json.loads(line) if line.startswith("{") else {"line": line}

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def terminal(folder, server, tmp_path):
    """Start the command on a pseudo-terminal of 100 columns."""
    pytest.importorskip("pexpect")
    from tests.cli.terminals import Terminal

    children = []

    def start(*arguments: str, **env: str):
        variables = {**server_environment(server, tmp_path), "TERM": "xterm-256color", **env}
        child = Terminal([*COMMAND, *arguments], variables, columns=100)
        children.append(child)
        return child

    yield start
    for child in children:
        child.close()
