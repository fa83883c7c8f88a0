"""A user's program, checked by Pyright in strict mode with the installed package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """\
from pathlib import Path

from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision.imaging import prepare_image

with Client() as client:
    chat = client.chat.create("grok-4", temperature=0.2)
    chat.append(user("What is this?", image(Path("a.jpg"), detail="high")))
    chat.append(user("And this?", image(prepare_image(Path("b.jpg"), max_side=1024))))
    for response, chunk in chat.stream():
        print(chunk.content, end="")
    chat.append(chat.sample())
    _, number = chat.parse(int)
    print(number + 1)
"""
MISTAKES = """
chat.append(123)
chat.append(user("x", image(3.5)))
client.chat.create("grok-4", temprature=1)
"""


def run_pyright(directory: Path, program: str) -> list[tuple[int, str, str]]:
    """Return the line, severity and message of each diagnostic."""
    pytest.importorskip("basedpyright")
    (directory / "program.py").write_text(program)
    (directory / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    result = subprocess.run(
        [*command, "-p", str(directory)], capture_output=True, text=True, check=False
    )
    diagnostics = json.loads(result.stdout)["generalDiagnostics"]
    return [
        (item["range"]["start"]["line"] + 1, item["severity"], item["message"])
        for item in diagnostics
    ]


def test_a_right_program_has_no_errors(tmp_path: Path) -> None:
    assert run_pyright(tmp_path, PROGRAM) == []


def test_only_the_mistakes_of_a_program_are_errors(tmp_path: Path) -> None:
    first = PROGRAM.count("\n") + 2
    append, image, create = run_pyright(tmp_path, PROGRAM + MISTAKES)
    assert append[:2] == (first, "error")
    assert '"Literal[123]" cannot be assigned to parameter "message"' in append[2]
    assert image[:2] == (first + 1, "error")
    assert '"float" cannot be assigned to parameter "image_url"' in image[2]
    assert create[:2] == (first + 2, "error")
    assert 'No parameter named "temprature"' in create[2]


def test_editors_show_the_parameters_of_create(tmp_path: Path) -> None:
    [(_, severity, message)] = run_pyright(
        tmp_path, "from xai_vision import Client\n\nreveal_type(Client().chat.create)\n"
    )
    assert severity == "information"
    assert "(model: str, *, conversation_id: str | None = None, " in message
    assert "temperature: float | None = None" in message
    assert message.endswith('-> Chat"')
