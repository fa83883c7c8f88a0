"""Names stay whole in narrow terminals, and colors are left out when they are unwanted."""

from __future__ import annotations

import re

import pytest

from tests.cli.conftest import COMMAND, server_environment
from xai_vision.proto import files_pb2, models_pb2

pytest.importorskip("pexpect")

from tests.cli.terminals import Terminal  # needs pexpect
from tests.client.http2_server import answer, serve


@pytest.fixture
def lines(server, folder, tmp_path):
    """Run the command on a terminal of some width; return its lines without colors."""

    def run(*arguments: str, columns: int, **env: str) -> list[str]:
        variables = {**server_environment(server, tmp_path), "TERM": "xterm-256color", **env}
        child = Terminal([*COMMAND, *arguments], variables, columns=columns)
        try:
            return re.sub(r"\x1b\[[\d;]*m", "", child.read()).splitlines()
        finally:
            child.close()

    return run


@pytest.mark.parametrize("columns", [160, 80, 60, 40, 30, 10])
def test_model_names_are_whole(lines, xai_in_process, columns):
    import json

    models = json.loads(xai_in_process("models", "--json").out)
    shown = lines("models", columns=columns)
    for model in models:
        (line,) = [line for line in shown if line.split()[:1] == [model["name"]]]
        assert len(line.rstrip()) <= max(columns, len(model["name"]))
        assert ("15.00" in line or "0.50" in line or "1.50" in line) is (columns >= 60), line
    assert ("not shown: aliases" in " ".join(shown).replace("  ", " ")) is (columns < 160)
    if columns == 80:
        heads = shown[0].split()
        assert heads == ["model", "images", "context", "text", "image", "cached", "output"]


def test_a_model_with_a_long_name(lines):
    name = "a" * 100
    model = models_pb2.LanguageModel(name=name, aliases=["b" * 100])
    with serve(answer(models_pb2.ListLanguageModelsResponse(models=[model]))) as (target, _):
        shown = lines("models", columns=80, XAI_VISION_HOST=target)
    assert name in [line.strip() for line in shown]


@pytest.mark.parametrize("columns", [120, 80, 40])
def test_file_ids_are_whole(lines, columns):
    file = files_pb2.File(id="file_" + "a" * 30, filename="photo.jpg", size=1234567)
    with serve(answer(files_pb2.ListFilesResponse(data=[file]))) as (target, _):
        shown = lines("files", "list", columns=columns, XAI_VISION_HOST=target)
    assert any(line.startswith(file.id) for line in shown)


@pytest.mark.parametrize(
    ("columns", "env", "drawn"),
    [
        (100, {}, True),
        (80, {}, True),
        (79, {}, False),
        (100, {"NO_COLOR": "1"}, False),
        (100, {"NO_COLOR": ""}, True),
        (100, {"TERM": "dumb"}, False),
    ],
)
def test_previews(lines, columns, env, drawn):
    shown = "\n".join(lines("inspect", "photo.jpg", "--offline", columns=columns, **env))
    assert ("▀" in shown) is drawn
    assert "640x480" in shown


def test_a_preview_that_cannot_be_drawn(lines, xai_in_process):
    shown = lines("inspect", "photo.jpg", "--offline", "--preview", columns=100, NO_COLOR="1")
    assert "no preview: it needs a terminal with colors" in shown
    assert not any("▀" in line for line in shown)
    assert "no preview" in xai_in_process("inspect", "photo.jpg", "--offline", "--preview").err
