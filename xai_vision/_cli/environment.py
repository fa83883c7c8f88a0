"""Environment variables that set options."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from xai_vision._validation import did_you_mean


def name_variables(name: str, command: click.Command) -> None:
    """Name the variables of options after the options, not after the parameters of functions.

    ``--json`` of ``ask`` is XAI_VISION_ASK_JSON; click would name it after ``as_json``.
    It precedes a variable for several commands, such as XAI_VISION_MODEL.

    Args:
        name: The name of the command.
        command: The command.
    """
    _name_all(f"XAI_VISION_{name.upper()}_", command)


def _name_all(prefix: str, command: click.Command) -> None:
    for option in command.params:
        if isinstance(option, click.Option) and option.allow_from_autoenv:
            option.allow_from_autoenv = False  # a command is named once
            option.envvar = [*_names(prefix, option), *_explicit(option)]
    if isinstance(command, click.Group):
        for name, nested in command.commands.items():
            _name_all(f"{prefix}{name.upper().replace('-', '_')}_", nested)


def _explicit(option: click.Parameter) -> list[str]:
    named = option.envvar or ()
    return [named] if isinstance(named, str) else list(named)


def _names(prefix: str, option: click.Option) -> list[str]:
    names = [opt.removeprefix("--") for opt in option.opts if opt.startswith("--")]
    variables = (f"{prefix}{name.upper().replace('-', '_')}" for name in names)
    return [name for name in variables if name not in _explicit(option)]


def check_environment(name: str, command: click.Command) -> None:
    """Refuse an environment variable that names no option of a command.

    Args:
        name: The name of the command, whose variables begin with XAI_VISION_NAME_.
        command: The command.

    Raises:
        click.UsageError: There is such a variable.
    """
    prefix = f"XAI_VISION_{name.upper()}_"
    known = {variable for variable in _variables(command) if variable.startswith(prefix)}
    for variable in sorted(os.environ):
        if variable.startswith(prefix) and variable not in known:
            options = f"The variables of `{name}` are {', '.join(sorted(known))}"
            hint = did_you_mean(variable, known) or "."
            raise click.UsageError(
                f"the environment variable {variable} is not an option of `{name}`{hint} {options}."
            )


def _variables(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from _explicit(parameter)
    if isinstance(command, click.Group):
        for nested in command.commands.values():
            yield from _variables(nested)
