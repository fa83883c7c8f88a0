"""Groups of commands that suggest a command for a misspelled one."""

from __future__ import annotations

from pathlib import Path

import click

from xai_vision._validation import did_you_mean

# Names that people try, and where their function is.
_ELSEWHERE = {
    "help": "xai-vision --help",
    "version": "xai-vision --version",
    "prices": "xai-vision models",
    "cost": "xai-vision estimate",
}


class Group(click.Group):
    """A group of commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help: that of the file."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the arguments.

        Raises:
            UsageError: There is none of this name.
        """
        name = args[0]
        if ctx.resilient_parsing or name.startswith("-") or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        names = self.list_commands(ctx)
        raise click.UsageError(
            f"no command {name!r:.80}{_hint(ctx, name, names)} Commands: {', '.join(names)}.", ctx
        )


def _hint(ctx: click.Context, name: str, names: list[str]) -> str:
    close = did_you_mean(name, names)
    if close or ctx.parent is not None:
        return close or "."
    if name in _ELSEWHERE:
        return f"; use `{_ELSEWHERE[name]}`."
    if " " in name or _is_file(name):
        return '; a request begins with `ask`: xai-vision ask "What is this?" photo.jpg.'
    return "."


def _is_file(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False
