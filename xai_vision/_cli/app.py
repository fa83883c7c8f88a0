"""The command itself: its parts, loaded when they are called, and how it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import click

from xai_vision._cli import terminal
from xai_vision._cli.exit_codes import Exit, Failure, epilog, exit_of
from xai_vision._version import __version__

__all__ = ["NAME", "command", "run"]

NAME = "xai-vision"

# Each is the module of that name in this package, which holds it as `command`.
COMMANDS = (
    "ask",
    "chat",
    "batch",
    "inspect",
    "estimate",
    "models",
    "serve",
    "rules",
    "completion",
)


class Commands(click.Group):
    """Commands that are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of a tour."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The one of that name."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"xai_vision._cli.commands.{cmd_name}").command
        return found


@click.group(
    NAME,
    cls=Commands,
    epilog=epilog(),
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "XAI_VISION",
        "max_content_width": 100,
    },
)
@click.version_option(__version__, "-V", "--version", prog_name=NAME)
def command() -> None:
    """Ask Grok about pictures.

    The API key comes from the environment variable XAI_API_KEY; with --fake none is needed. Every
    option can be set by an environment variable too: --detail of `ask` by XAI_VISION_ASK_DETAIL.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: What comes after the command's name.

    Returns:
        The exit code.
    """
    terminal.prepare_streams()
    colour = terminal.colour()
    try:
        ended = command.main(list(arguments), prog_name=NAME, standalone_mode=False, color=colour)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except (click.Abort, KeyboardInterrupt):
        terminal.complain("interrupted")
        return Exit.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (BrokenPipeError, SystemExit):  # click makes a SystemExit of the former
        # Whoever read our output has gone; Python would complain again when it flushes at exit.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE
    except Exception as error:
        if os.environ.get("XAI_VISION_TRACEBACK"):
            raise
        return _failed(error)
    return ended if isinstance(ended, int) else Exit.OK


def _failed(error: Exception) -> Exit:
    from xai_vision.errors import XaiVisionError

    text = terminal.said(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    elif not isinstance(error, (XaiVisionError, Failure, ImportError, OSError)):
        text = (
            f"internal error, {type(error).__name__}: {text}. Please report it; "
            "XAI_VISION_TRACEBACK=1 shows where it happened."
        )
    terminal.complain(text)
    return exit_of(error)
