"""Environment variables are named after the options they set."""

from __future__ import annotations

import json

import click
import pytest
from click.core import ParameterSource

from xai_vision._cli.app import command as root


def leaves(command=root, *names):
    """Return (path, command) of every command."""
    ctx = click.Context(command)
    for name in command.list_commands(ctx):
        found = command.get_command(ctx, name)
        path = (*names, name)
        yield from leaves(found, *path) if isinstance(found, click.Group) else [(path, found)]


OPTIONS = [
    (path, command, option, name)
    for path, command in leaves()
    for option in command.params
    if isinstance(option, click.Option)
    for name in option.opts
    if name.startswith("--")
]


@pytest.mark.parametrize(
    ("path", "command", "option", "name"),
    OPTIONS,
    ids=[f"{' '.join(path)} {name}" for path, _, _, name in OPTIONS],
)
def test_every_option_has_a_variable_of_its_name(path, command, option, name, monkeypatch):
    words = [*path, name.removeprefix("--")]
    variable = "_".join(["xai_vision", *words]).replace("-", "_").upper()
    monkeypatch.setenv(variable, "1")
    _, source = option.consume_value(click.Context(command, info_name=path[-1]), {})
    assert source is ParameterSource.ENVIRONMENT, variable


def test_variables_of_renamed_parameters(xai_in_process, server, folder):
    result = xai_in_process("ask", "Hi", XAI_VISION_ASK_JSON="1")
    assert json.loads(result.out)["content"]
    first = json.loads(result.out)["id"]
    # The server refuses a response that it did not store, so the variable was used.
    result = xai_in_process("ask", "Hi", XAI_VISION_ASK_CONTINUE=first)
    assert server.calls.last.request.previous_response_id == first
    (folder / "names.txt").write_text("photo.jpg\n")
    result = xai_in_process("batch", "Hi", "-o", "a.jsonl", XAI_VISION_BATCH_FROM="names.txt")
    assert "1 of 1 images done" in result.err


def test_the_host_of_the_library(xai_in_process, server, monkeypatch):
    monkeypatch.delenv("XAI_VISION_HOST")
    assert xai_in_process("ask", "Hi", XAI_API_HOST=server.target).code == 0
    assert len(server.calls) == 1
    other = {"XAI_API_HOST": "localhost:1", "XAI_VISION_HOST": server.target}
    assert xai_in_process("ask", "Hi", **other).code == 0
    assert len(server.calls) == 2


def test_the_variable_of_a_command_precedes_that_of_all(xai_in_process, server):
    env = {"XAI_VISION_MODEL": "grok-3", "XAI_VISION_ASK_MODEL": "grok-4-fast"}
    assert xai_in_process("ask", "Hi", **env).code == 0
    assert server.calls.last.request.model == "grok-4-fast"
    assert xai_in_process("ask", "Hi", "-m", "grok-4", **env).code == 0
    assert server.calls.last.request.model == "grok-4"


@pytest.mark.parametrize(("value", "removed"), [("1", True), ("0", False), ("", False)])
def test_flags(xai_in_process, folder, value, removed):
    from tests import sample_images

    (folder / "sideways.jpg").write_bytes(sample_images.rotated_jpeg(6))
    result = xai_in_process(
        "inspect", "sideways.jpg", "--offline", XAI_VISION_INSPECT_IGNORE_ORIENTATION=value
    )
    assert result.code == 0, result.err
    assert ("EXIF orientation 6 ignored" in result.out) is removed


@pytest.mark.parametrize(
    ("command_line", "variable", "suggestion"),
    [
        (["serve"], "XAI_VISION_SERVE_HSOT", "did you mean 'XAI_VISION_SERVE_HOST'?"),
        (["serve"], "XAI_VISION_SERVE_GRPC_PROT", "did you mean 'XAI_VISION_SERVE_GRPC_PORT'?"),
        (["serve"], "XAI_VISION_SERVE_SERVICE_QUUX", "variables of `serve` are"),
        (["ask", "Hi"], "XAI_VISION_ASK_DETIAL", "did you mean 'XAI_VISION_ASK_DETAIL'?"),
        (["ask", "Hi"], "XAI_VISION_ASK_AS_JSON", "did you mean 'XAI_VISION_ASK_JSON'?"),
        (["rules", "check", "a.yaml"], "XAI_VISION_RULES_CHECK_X", "not an option of `rules`"),
        (["files", "list"], "XAI_VISION_FILES_LIST_ORDRE", "did you mean 'XAI_VISION_FILES_LIST_"),
    ],
)
def test_unknown_variables_are_refused(xai_in_process, server, command_line, variable, suggestion):
    result = xai_in_process(*command_line, **{variable: "1"})
    assert result.code == 2
    assert f"the environment variable {variable} is not an option" in result.err
    assert suggestion in result.err.replace("\n", " ")
    assert not server.calls


def test_variables_of_other_commands_are_not_checked(xai_in_process):
    variables = {"XAI_VISION_SERVE_HSOT": "1", "XAI_VISION_TRACEBACK": "", "XAI_VISION_X": "1"}
    assert xai_in_process("completion", "bash", **variables).code == 0
