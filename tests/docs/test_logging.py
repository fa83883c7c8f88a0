"""The commands and the output that ``logging.md`` shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blocks import blocks
from xai_vision.testing import Fault, Reply

PAGE = Path(__file__).parents[2] / "docs" / "logging.md"
DESCRIBE = """
from xai_vision import Client
from xai_vision.chat import user

print(Client().chat.create("grok-4").append(user("What is this?")).sample())
"""


def run(command: list[str], cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def run_shell(server, tmp_path):
    """Run a shell command of the page with ``describe.py``, whose first attempt fails."""
    server.on().replies(Fault.unavailable(), Reply("A lighthouse."))
    (tmp_path / "describe.py").write_text(DESCRIBE)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    # A link into a virtual environment does not find its packages, so their folders are passed on.
    env = {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "XAI_API_KEY": server.api_key,
        "XAI_API_HOST": server.target,
    }
    return lambda line: run(["bash", "-c", line], tmp_path, **env)


def shell_commands() -> list[str]:
    return [line for block in blocks(PAGE, "sh") for line in block.code.splitlines()]


def test_the_variable_prints_records(run_shell):
    (command,) = [line for line in shell_commands() if line.startswith("XAI_VISION_LOG=info")]
    done = run_shell(command)
    assert done.stdout == "A lighthouse.\n"
    (line,) = done.stderr.splitlines()
    assert " INFO xai_vision: GetCompletion: retry in " in line


def test_the_trace_has_no_key(run_shell, server, tmp_path):
    (command,) = [line for line in shell_commands() if "GRPC_TRACE" in line]
    assert run_shell(command).stdout == "A lighthouse.\n"
    trace = (tmp_path / "trace.txt").read_text()
    assert "CONNECTING -> READY" in trace
    assert "SETTINGS" in trace
    assert server.api_key not in trace


def test_every_tracer_of_the_table_exists(run_shell):
    tracers = re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text().partition("| tracer")[2], re.M)
    assert len(tracers) == 4
    done = run_shell(f"GRPC_VERBOSITY=debug GRPC_TRACE={','.join(tracers)} python describe.py")
    assert "unknown trace" not in done.stderr.lower()


def test_the_records_shown_are_those_of_the_program(tmp_path):
    program = next(block for block in blocks(PAGE) if "basicConfig" in block.code)
    (tmp_path / "program.py").write_text(program.code)
    done = run([sys.executable, "program.py"], tmp_path)
    (shown,) = blocks(PAGE, "text")
    assert without_numbers(done.stderr) == without_numbers(shown.code)


def without_numbers(text: str) -> list[str]:
    text = re.sub(r"request id [0-9a-f-]+", "request id", text)
    return re.sub(r"\d+\.\d+", "0.0", text).splitlines()
