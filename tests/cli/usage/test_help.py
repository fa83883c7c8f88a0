"""Help, hints, and the form of errors."""

from __future__ import annotations

import re

import click
import pytest

from tests.cli.usage.test_environment import leaves
from xai_vision import __version__
from xai_vision._cli.app import COMMANDS
from xai_vision._cli.exit_codes import MEANINGS

GROUPS = ["", *sorted({path[0] for path, _ in leaves() if len(path) > 1})]


@pytest.mark.parametrize("group", GROUPS)
def test_summaries_are_whole_at_80_columns(xai_in_process, group):
    result = xai_in_process(*group.split(), "--help", COLUMNS="80")
    listed = result.out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert len(listed) >= 1
    for line in listed:
        assert re.fullmatch(r"  [a-z-]+ +[A-Z].*\.", line), line  # a sentence, on one line
        assert not line.endswith("..."), line


@pytest.mark.parametrize("path", [path for path, _ in leaves()], ids=" ".join)
def test_help_of_commands(xai_in_process, path):
    result = xai_in_process(*path, "--help", COLUMNS="80")
    assert result.code == 0
    assert result.out.startswith(f"Usage: xai-vision {' '.join(path)}")
    assert "Exit codes" not in result.out


def test_the_exit_codes_are_in_the_main_help(xai_in_process):
    result = xai_in_process("--help", COLUMNS="80")
    for code, meaning in MEANINGS.items():
        assert re.search(rf"^    {int(code):<3} {re.escape(meaning)}$", result.out, re.MULTILINE)


def test_what_calls_the_service_can_use_the_fake(xai_in_process):
    for path, command in leaves():
        names = {name for option in command.params for name in option.opts}
        offline = ("serve", "rules", "cassette", "completion")
        assert ("--fake" in names) is (path[0] not in offline), path


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["bach"], "no command 'bach'; did you mean 'batch'?"),
        (["askk"], "did you mean 'ask'?"),
        (["files", "lst"], "no command 'lst'; did you mean 'list'?"),
        (["batches", "creat"], "did you mean 'create'?"),
        (["rules", "chek"], "did you mean 'check'?"),
        (["help"], "use `xai-vision --help`"),
        (["prices"], "use `xai-vision models`"),
        (["What is this?", "photo.jpg"], 'xai-vision ask "What is this?" photo.jpg'),
        (["photo.jpg"], "a request begins with `ask`"),
        (["\x1b[31m"], "no command"),
        (["x" * 5000], "no command"),
        (["ask", "Hi", "--detial", "low"], "--detail"),
        (["ask", "Hi", "--detail", "hihg"], "'hihg' is not one of 'auto', 'low', 'high'"),
        (["ask", "Hi", "--timeout", "5m"], "'5m' is not a number of seconds, such as 300"),
        (["ask"], "missing argument 'PROMPT'"),
        (["ask", " "], "PROMPT is empty"),
        (["inspect"], "missing argument 'IMAGES...'"),
        (["batch", "Hi", "photo.jpg"], "missing option '-o' / '--out', or '--parquet'"),
    ],
    ids=lambda value: None if isinstance(value, str) else " ".join(value)[:30],
)
def test_one_form_of_error_with_a_hint(xai_in_process, server, arguments, hint):
    result = xai_in_process(*arguments)
    assert result.code == 2
    first, *rest = result.err.splitlines()
    assert first.startswith("xai-vision: ")
    assert hint.lower() in result.err.lower()
    assert len(result.err) < 500
    assert "\x1b" not in result.err
    assert re.fullmatch(r"Try 'xai-vision[a-z ]* --help'\.", rest[-1])
    assert not server.calls


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "five", ""])
@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "Hi", "--timeout"],
        ["ask", "Hi", "--temperature"],
        ["ask", "Hi", "--max-tokens"],
        ["ask", "Hi", "--seed"],
        ["ask", "Hi", "--dpi"],
        ["batch", "Hi", "photo.jpg", "-o", "a", "--patience"],
        ["batch", "Hi", "photo.jpg", "-o", "a", "--concurrency"],
        ["batches", "wait", "b", "--interval"],
        ["batches", "wait", "b", "--limit"],
        ["files", "list", "--limit"],
        ["inspect", "photo.jpg", "--max-side"],
        ["serve", "--port"],
    ],
    ids=" ".join,
)
def test_absurd_numbers(xai_in_process, server, folder, arguments, value):
    result = xai_in_process(*arguments, value)
    assert result.code == 2
    assert f"xai-vision: invalid value for '{arguments[-1]}'" in result.err.replace("'-j' / ", "")
    assert re.search("is not a (valid integer|number)", result.err)
    assert not server.calls
    assert not (folder / "a").exists()


def test_details_in_capitals(xai_in_process, server):
    assert xai_in_process("ask", "Hi", "photo.jpg", "--detail", "HIGH").code == 0
    assert server.calls.last.images[0].detail == "high"


def test_version(xai_without_key):
    shown = xai_without_key("--version").out
    assert re.fullmatch(
        rf"xai-vision {re.escape(__version__)} \(Python 3\.\d+\.\d+, grpcio [\d.]+, "
        r"protobuf [\d.]+, \w+\)\n",
        shown,
    )


def test_no_arguments_show_the_help(xai_in_process):
    result = xai_in_process()
    assert result.code == 2
    assert all(f"\n  {name} " in result.err for name in COMMANDS)


def test_every_command_has_a_summary():
    for _, command in leaves():
        assert isinstance(command, click.Command)
        assert 10 < len(command.get_short_help_str(200)) <= 55
