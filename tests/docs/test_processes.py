"""The programs of ``processes.md`` run, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.blocks import blocks

PROGRAMS = blocks(Path(__file__).parents[2] / "docs" / "processes.md")
LIMIT = 120  # seconds; a limit for waits, not a measurement


def first_import(program) -> str:
    return program.code.split()[1]


@pytest.mark.parametrize("program", PROGRAMS, ids=first_import)
def test_a_program_runs(server, tmp_path, program):
    if first_import(program) == "gevent" and find_spec("gevent") is None:
        pytest.skip("gevent is not installed")
    path = tmp_path / "program.py"
    path.write_text(program.code)
    env = {**os.environ, "XAI_API_KEY": server.api_key, "XAI_API_HOST": server.target}
    done = subprocess.run(
        [sys.executable, str(path)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    prompts = {call.prompt for call in server.calls}
    assert {"How", "are", "you"} <= prompts
    assert done.stdout.count("You asked") == len(server.calls)


def test_both_programs_are_found():
    assert [first_import(program) for program in PROGRAMS] == ["multiprocessing", "gevent"]
