"""Environment variables that set options."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from xai_vision._validation import did_you_mean


def check_environment(name: str, command: click.Command) -> None:
    """Refuse an environment variable that names no option of a command.

    Args:
        name: The name of the command, whose variables begin with XAI_VISION_NAME_.
        command: The command.

    Raises:
        click.UsageError: There is such a variable.
    """
    prefix = f"XAI_VISION_{name.upper()}_"
    known = set(_variables(prefix, command))
    for variable in sorted(os.environ):
        if variable.startswith(prefix) and variable not in known:
            options = f"The variables of `{name}` are {', '.join(sorted(known))}"
            hint = did_you_mean(variable, known) or "."
            raise click.UsageError(
                f"the environment variable {variable} is not an option of `{name}`{hint} {options}."
            )


def _variables(prefix: str, command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield f"{prefix}{(parameter.name or '').upper()}"
        named = parameter.envvar or ()
        yield from [named] if isinstance(named, str) else named
    if isinstance(command, click.Group):
        for name, nested in command.commands.items():
            yield from _variables(f"{prefix}{name.upper().replace('-', '_')}_", nested)
