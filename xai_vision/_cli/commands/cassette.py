"""``xai-vision cassette``: look at files of recorded calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xai_vision._cli.exit_codes import CliError, Exit, epilog
from xai_vision._cli.options import json_option
from xai_vision._cli.terminal import clean, console, print_error, print_json, print_note

if TYPE_CHECKING:
    from xai_vision.testing._cassettes.cassette_file import CassetteContent

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FILES = click.Path(exists=True, path_type=Path)


@click.group("cassette", short_help="Show and check files of recorded calls.")
def command() -> None:
    """Show and check cassettes, the files of recorded calls."""


@command.command("show", epilog=epilog("xai-vision cassette show tests/cassettes/a.json -n 3"))
@click.argument("file", type=_FILE)
@click.option("-n", "--number", type=click.IntRange(1), help="Show all of the call with a number.")
@json_option
def show(file: Path, *, number: int | None, as_json: bool) -> None:
    """List the calls of FILE."""
    from xai_vision.testing._cassettes.image_table import ImageTable
    from xai_vision.testing._cassettes.inspection import describe

    content = _load(file)
    if number is not None:
        _show_call(content, number)
        return
    images = ImageTable("colors", content.images)
    rows = [describe(interaction, images) for interaction in content.interactions]
    if as_json:
        print_json(rows)
    else:
        _show_table(rows)


@command.command(
    "check",
    short_help="Report whether FILES can be replayed.",
    epilog=epilog("xai-vision cassette check tests/cassettes"),
)
@click.argument("files", type=_FILES, nargs=-1, required=True)
def check_files(files: tuple[Path, ...]) -> int:
    """Check cassettes for defects, keys and image data.

    Report whether FILES can be replayed, and whether they contain keys or image data.

    Of a folder, all *.json files in it are checked.
    """
    from xai_vision.testing._cassettes.inspection import find_problems

    paths = [path for item in files for path in _cassettes(item)]
    failed = 0
    for path in paths:
        try:
            problems = find_problems(_load(path))
        except CliError as error:
            problems = [str(error)]
        for problem in problems:
            print_error(problem if str(path) in problem else f"{path}: {problem}")
        failed += bool(problems)
    if not paths:
        raise CliError("there are no .json files to check", Exit.USAGE)
    noun = "file" if len(paths) == 1 else "files"
    click.echo(f"{len(paths)} {noun} checked, {failed or 'none'} with problems")
    return Exit.FAILED if failed else Exit.OK


@command.command(
    "to-rules",
    short_help="Write the completions of FILE as rules.",
    epilog=epilog("xai-vision cassette to-rules a.json > rules.yaml"),
)
@click.argument("file", type=_FILE)
def to_rules(file: Path) -> None:
    """Write the completions of a cassette as rules.

    `xai-vision serve --rules` reads the rules of FILE.
    """
    from xai_vision._optional_imports import import_optional
    from xai_vision.testing._cassettes.rules import RuleWriter

    yaml = import_optional("yaml", "cli", "A rule file")
    writer = RuleWriter(_load(file))
    document = writer.document()
    for note in writer.notes:
        print_note(f"left out: {note}")

    def dump(*, unicode: bool) -> str:
        text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=unicode, width=100)
        return text

    text = dump(unicode=True)
    # Escapes keep the controls that PyYAML considers printable, and show them.
    click.echo(text if clean(text) == text else dump(unicode=False), nl=False)


def _cassettes(path: Path) -> list[Path]:
    return sorted(path.rglob("*.json")) if path.is_dir() else [path]


def _load(path: Path) -> CassetteContent:
    from xai_vision.testing._cassettes.cassette_file import CassetteContent

    try:
        return CassetteContent.load(path)
    except ValueError as error:
        raise CliError(str(error), Exit.USAGE) from None


def _show_call(content: CassetteContent, number: int) -> None:
    count = len(content.interactions)
    if number > count:
        raise CliError(f"there is no call {number}: the file has {count}", Exit.USAGE)
    print_json(content.interactions[number - 1].to_json())


def _show_table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("", "method", "model", "prompt", "images", "status"):
        table.add_column(head, overflow="fold")
    table.add_column("seconds", justify="right")
    for number, row in enumerate(rows, 1):
        status = "cancelled" if row["cancelled"] else row["status"]
        cells = (row["method"], row["model"], row["prompt"], "\n".join(row["images"]), status)
        table.add_row(str(number), *map(clean, cells), f"{row['seconds']:.2f}")
    console().print(table)
