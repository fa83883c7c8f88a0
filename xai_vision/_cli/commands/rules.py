"""``xai-vision rules``: the fake server's rules, checked before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from xai_vision._cli.exit_codes import Exit, Failure, epilog

if TYPE_CHECKING:
    from xai_vision._cli.rule_files.rule_file import RuleFile

__all__ = ["command", "load"]


@click.group("rules")
def command() -> None:
    """Work on rule files of `xai-vision serve`."""


@command.command("check", epilog=epilog("xai-vision rules check rules.yaml"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check_file(file: Path) -> None:
    """Say what is wrong with FILE, each with its line, or that nothing is."""
    load(file)
    click.echo(f"{file}: no problems")


def load(file: Path) -> RuleFile:
    """Read a file of rules.

    Raises:
        Failure: Something is wrong with it; the text has a line for each problem.
    """
    from xai_vision._cli.rule_files.rule_file import check

    made, problems = check(file)
    if problems or made is None:
        listed = "\n".join(f"{file}:{line}: {what}" for line, what in problems)
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        raise Failure(f"{count} in the rules\n{listed}", Exit.USAGE)
    return made
