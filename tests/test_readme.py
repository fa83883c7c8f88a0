"""The README's code runs as printed, and CI runs its commands.

``tests/packaging`` runs the same blocks in a fresh clone, after the README's install line.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blocks import blocks
from tests.packaging.newcomer import run_blocks

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
# The output of a block, below it.
OUTPUT = re.compile(r"^```python\n(?P<code>.*?)^```\n\n```text\n(?P<output>.*?)^```", re.M | re.S)


def test_first_screen():
    """Say what it is in a sentence; then an install line; then a short program."""
    lines = README.read_text("utf-8").splitlines()
    assert lines[0] == "# xai_vision"
    assert re.fullmatch(r"[A-Z].*\.", lines[2])
    (install,) = blocks(README, "sh")
    first = blocks(README)[0]
    assert install.line < first.line < 35
    assert len([line for line in first.code.splitlines() if line]) <= 10
    assert "FakeServer" in first.code


def test_python_blocks(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert run_blocks(README) == 3
    assert capsys.readouterr().out.count("640x480") >= 2


def test_first_program_prints_what_is_shown():
    (shown,) = OUTPUT.finditer(README.read_text("utf-8"))
    result = subprocess.run(
        [sys.executable, "-c", shown["code"]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert result.stdout == shown["output"]


def test_commands_of_ci_are_explained():
    """``.ci/run`` runs the commands that the README gives to contributors."""
    commands = re.findall(r'^"\$python" (scripts/\w+)', (ROOT / ".ci/run").read_text(), re.M)
    assert commands == ["scripts/demo", "scripts/test"]
    for command in commands:
        assert re.search(
            rf"^- `{command}` [a-z]+ .*\.$", README.read_text("utf-8").replace("\n  ", " "), re.M
        )
        assert (ROOT / command).stat().st_mode & 0o100


def test_links_resolve():
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", README.read_text())
    assert len(links) >= 8
    for link in links:
        assert (ROOT / link).exists(), link


def test_ci_runs_the_commands():
    script = (ROOT / ".ci" / "run").read_text()
    text = README.read_text("utf-8")
    for command in re.findall(r"`(scripts/\w+)`", text):
        assert command in script, command
    # tests/packaging runs the other commands.
    assert [block.code for block in blocks(README, "sh")] == ["pip install .\n"]


@pytest.mark.parametrize("word", ["xai_sdk", "pytest", "Grok", "gRPC", "offline"])
def test_first_screen_has_the_words_that_people_look_for(word):
    first = "\n".join(README.read_text("utf-8").splitlines()[:60])
    assert word in first
