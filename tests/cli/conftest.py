"""The command in processes of its own, talking to the fake in ours."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import sample_images

for needed in ("click", "rich", "yaml"):
    pytest.importorskip(needed, reason='the extra "cli" is not installed')

COMMAND = [sys.executable, "-m", "xai_vision"]


@dataclass
class Ended:
    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Ours, without what would change what the command does."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("XAI_", "COLUMNS", "NO_COLOR"))
    }
    return {**kept, "PYTHONWARNINGS": "error", **more}


def asking(server, home: Path) -> dict[str, str]:
    return environment(
        XAI_API_KEY=server.api_key, XAI_VISION_HOST=server.target, XDG_STATE_HOME=str(home)
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with images, and we are in it."""
    place = tmp_path / "images"
    place.mkdir()
    for name in ("photo.jpg", "chart.png", "photo.webp", "photo-private.jpg"):
        (place / name).write_bytes(sample_images.sample(name))
    (place / "notes.txt").write_text("no image")
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def alone(folder, tmp_path):
    """Run the command without a key."""

    def run(*arguments: str, stdin: bytes = b"", **env: str) -> Ended:
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            env=environment(**{"XDG_STATE_HOME": str(tmp_path), **env}),
            timeout=60,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def here(folder, server, tmp_path, monkeypatch, capsys):
    """Run the command in this process, against the test's server: quicker."""
    for name in [name for name in os.environ if name.startswith("XAI_")]:
        monkeypatch.delenv(name)
    for name, value in asking(server, tmp_path).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, **env: str) -> Ended:
        from xai_vision._cli.app import run as command

        for name, value in env.items():
            monkeypatch.setenv(name, value)
        code = command(arguments)
        said = capsys.readouterr()
        return Ended(int(code), said.out, said.err)

    return run


@pytest.fixture
def xai(alone, server, tmp_path):
    """Run the command against the test's server."""

    def run(*arguments: str, stdin: bytes = b"", **env: str) -> Ended:
        return alone(*arguments, stdin=stdin, **{**asking(server, tmp_path), **env})

    return run
