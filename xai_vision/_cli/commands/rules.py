"""``xai-vision rules``: check the rule files of the fake server."""

from __future__ import annotations

from pathlib import Path

import click

from xai_vision._cli.exit_codes import epilog
from xai_vision._cli.parsing.groups import Group
from xai_vision._cli.serve_options import load_rules
from xai_vision._cli.terminal import echo


@click.group("rules", short_help="Check the rule files of `serve`.", cls=Group)
def command() -> None:
    """Work on rule files of `xai-vision serve`."""


@command.command("check", epilog=epilog("xai-vision rules check rules.yaml"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check_file(file: Path) -> None:
    """Report all errors of FILE with line numbers."""
    from xai_vision._cli.commands.serve import command as serve

    load_rules(file, serve)
    echo(f"{file}: no errors")
