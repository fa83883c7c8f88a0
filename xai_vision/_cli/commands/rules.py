"""``xai-vision rules``: check the rule files of the fake server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from xai_vision._cli.exit_codes import CliError, Exit, epilog
from xai_vision._cli.terminal import print_note

if TYPE_CHECKING:
    from xai_vision.testing._rule_files.rule_file import RuleFile


@click.group("rules")
def command() -> None:
    """Work on rule files of `xai-vision serve`."""


@command.command("check", epilog=epilog("xai-vision rules check rules.yaml"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check_file(file: Path) -> None:
    """Report all errors of FILE with line numbers."""
    load_rules(file)
    click.echo(f"{file}: no errors")


def load_rules(file: Path) -> RuleFile:
    """Read a rule file.

    Raises:
        CliError: The file has errors; the message has a line for each.
    """
    from xai_vision.testing._rule_files.rule_file import check

    rule_file, errors = check(file)
    for line, text in rule_file.hints:
        print_note(f"{file}:{line}: hint: {text}")
    if errors:
        listed = "\n".join(f"{file}:{line}: {what}" for line, what in errors)
        count = f"{len(errors)} error{'s' if len(errors) != 1 else ''}"
        raise CliError(f"{count} in the rules\n{listed}", Exit.USAGE)
    return rule_file
