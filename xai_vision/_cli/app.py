"""The command group: it loads commands on use and maps errors to exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import click

from xai_vision.__about__ import __version__
from xai_vision._cli import terminal
from xai_vision._cli.environment import check_environment, name_variables
from xai_vision._cli.exit_codes import EXIT_CODES, CliError, Exit, exit_code
from xai_vision._cli.parsing.groups import Group

NAME = "xai-vision"

# Each name is a module in `commands`, whose `command` implements it.
COMMANDS = (
    "ask",
    "chat",
    "batch",
    "inspect",
    "estimate",
    "models",
    "files",
    "batches",
    "serve",
    "rules",
    "cassette",
    "conformance",
    "completion",
)


class Commands(Group):
    """Commands that are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"xai_vision._cli.commands.{cmd_name}").command
        name_variables(cmd_name, found)
        return found


def _print_version(ctx: click.Context, _: click.Parameter, requested: bool) -> None:
    if not requested or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    packages = ", ".join(f"{name} {version(name)}" for name in ("grpcio", "protobuf"))
    python = ".".join(map(str, sys.version_info[:3]))
    click.echo(f"{NAME} {__version__} (Python {python}, {packages}, {sys.platform})")
    ctx.exit()


@click.group(
    NAME,
    cls=Commands,
    epilog=EXIT_CODES,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "XAI_VISION",
        "max_content_width": 100,
    },
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version of this package, Python and gRPC, and exit.",
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Ask Grok about images.

    The API key is read from the environment variable XAI_API_KEY; --fake needs none. Environment
    variables can set options, such as XAI_VISION_ASK_DETAIL for --detail of `ask`.
    """
    name = ctx.invoked_subcommand
    invoked = name and ctx.command.get_command(ctx, name)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # it is a Group
    if name and invoked and any(key.startswith("XAI_VISION_") for key in os.environ):
        check_environment(name, invoked)


def run(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: The arguments after the command's name.

    Returns:
        The exit code.
    """
    terminal.prepare_streams()
    color = terminal.color_setting()
    try:
        ended = command.main(list(arguments), prog_name=NAME, standalone_mode=False, color=color)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except (click.Abort, KeyboardInterrupt):
        terminal.print_error("interrupted")
        return Exit.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return Exit.USAGE
    except click.ClickException as error:
        terminal.print_error(_usage_text(error))
        return Exit.USAGE
    except (BrokenPipeError, SystemExit):  # click turns the former into SystemExit
        # The pipe is closed. Python would report it again when it flushes stdout at exit.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE
    except Exception as error:
        if os.environ.get("XAI_VISION_TRACEBACK"):
            raise
        return _failed(error)
    return ended if isinstance(ended, int) else Exit.OK


def _usage_text(error: click.ClickException) -> str:
    """Return the message of a wrong command line, in the form of all other errors."""
    text = error.format_message()
    if text[1:2].islower():  # click's own messages begin with a capital letter
        text = text[0].lower() + text[1:]
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    return f"{text}\nTry '{ctx.command_path} --help'." if ctx else text


def _failed(error: Exception) -> Exit:
    from xai_vision.errors import XaiVisionError

    text = terminal.error_text(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        text = f"{terminal.clean_line(str(error.filename))}: {error.strerror}"
    elif not isinstance(error, (XaiVisionError, CliError, ImportError, OSError)):
        text = (
            f"internal error, {type(error).__name__}: {text}. Please report it; "
            "XAI_VISION_TRACEBACK=1 prints the traceback."
        )
    terminal.print_error(text)
    return exit_code(error)
