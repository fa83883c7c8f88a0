"""Output to the terminal, without API keys and control characters."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console


# A response can quote text of an image, which must not move the cursor or set the title.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PLAIN_WIDTH = 160
# Terminals that do not support escape sequences; rich has the same list.
_NO_TERMINAL = ("dumb", "unknown")

# Replaces names of Python arguments in error messages by options of the command.
_SUBSTITUTIONS = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (
            r"Pass fit=True to image\(\) or prepare_image\(\) to re-encode it, or set max_side= or "
            r"max_bytes=",
            "Add --fit to re-encode it, or --max-side PIXELS",
        ),
        (r"\bfit=True\b", "--fit"),
        (r"\bmax_side=(?=\d)", "--max-side "),
        (r"\bmax_side=", "--max-side"),
        (r"\bstrip_metadata=(True)?", "--strip-metadata"),
        (r"\bupright=", "--upright"),
        (r"\borientation=", "--ignore-orientation"),
        (r"\bmode=", "--rgb"),
        (r"\bdetail='low'", "--detail low"),
        (r"Raise max_pixels= if the size is intended, or make it smaller", "Make it smaller"),
        (
            r"Render its pages with prepare_pages\(\)",
            "`xai-vision ask` sends the pages of a .pdf file",
        ),
        (r" Page numbers begin at 1: range\(1, 4\).*?\.", ""),
        (r"Select fewer with pages=, or raise max_pages=", "Select fewer with --pages"),
        (r"(choose other pages) with pages=", r"\1 with --pages"),
        (r"\bdpi=(\S+) or less, or raise max_pixels= if the size is intended", r"--dpi \1 or less"),
        (r"\bdpi=", "--dpi"),
        (r"Pass its password with password=", "Save it without a password"),
        (r" Pass it to prepare_image\(\)\.", " Name it with the ending of its format."),
        (r" Pass the path of a PDF, its bytes, or a file opened in binary mode\.", ""),
        (r"api_key= or XAI_API_KEY", "XAI_API_KEY"),
        (r"Call \.strip\(\) on a key that was read from a file", "Check XAI_API_KEY"),
        (r"\bapi_host=?", "--host"),
        (r"as root_certificates= \(PEM bytes\)", "with --root-certificate FILE"),
        (r"\broot_certificates=", "--root-certificate"),
        (r"raise grpc\.max_receive_message_length in channel_options=, or ask", "ask"),
        (r" with max_tokens=", ""),
        (r"\btimeout= \(seconds\)", "--timeout SECONDS"),
        (r", or wait \.retry_after seconds if it is set", ""),
        (r"The part that arrived is in \.partial; send", "Send"),
        (r" If it is a path, pass pathlib\.Path\(\.\.\.\); if base64, check its start\.", ""),
        (r"^upload\(\): (filename )?", ""),
        (r"Pass another filename=", "Pass another --name"),
        (r"Pass the path of a file, or an open file object with filename=", "Name a file"),
        (r"^expires_after\b", "--expires-after"),
        (r"; a timedelta is accepted too", ""),
        (r"client\.files\.list\(\)", "xai-vision files list"),
        (r"Download the image and pass its bytes", "Download it and name the file"),
    )
)


def prepare_streams() -> None:
    """Make closed streams and unencodable characters harmless."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell: `>&-`
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  # stays open until exit
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def clean(text: str) -> str:
    """Remove control characters except tabs and line ends."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def error_text(error: BaseException) -> str:
    """Return an error's message with option names of the command and without the key."""
    text = str(error) or type(error).__name__
    for pattern, word in _SUBSTITUTIONS:
        text = pattern.sub(word, text)
    key = os.environ.get("XAI_API_KEY", "")
    return text.replace(key, "***") if len(key) >= 8 else text


def color_setting() -> bool | None:
    """Return False if escape sequences are unwanted; None lets click decide."""
    unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM", "").lower() in _NO_TERMINAL
    return False if unwanted else None


def print_json(value: object) -> None:
    """Print a value as JSON to stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_note(text: str, *, dim: bool = True) -> None:
    """Print a note to stderr."""
    click.secho(clean(text), err=True, dim=dim, color=color_setting())


def print_error(text: str) -> None:
    """Print an error to stderr."""
    # Click's context, which knows the color setting, has ended at this point.
    click.echo(click.style("xai-vision: ", fg="red") + clean(text), err=True, color=color_setting())


def write_response(text: str) -> None:
    """Write a chunk to stdout and flush; remove control characters on a terminal."""
    sys.stdout.write(clean(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def console(stream: TextIO | None = None) -> Console:
    """Create a console for tables with the terminal's width."""
    from rich.console import Console

    file = stream or sys.stdout
    return Console(
        file=file,
        width=None if file.isatty() else _PLAIN_WIDTH,
        highlight=False,
        emoji=False,
        markup=False,
    )


def progress_console(stream: TextIO) -> Console | None:
    """Create a console for progress bars; None if the stream is not a terminal that can redraw."""
    screen = console(stream)
    return screen if stream.isatty() and not screen.is_dumb_terminal else None
