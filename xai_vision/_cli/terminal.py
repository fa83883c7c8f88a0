"""Output to the terminal, without API keys and control characters."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


# A file name, a server or a response must not move the cursor, set the title, or change the
# direction of text: C0 and C1 controls and the bidirectional controls of Unicode (UAX #9).
_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_CONTROL = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}]")
# json.dumps() has escaped the others; lone surrogates come from file names that are not UTF-8.
_JSON_CONTROL = re.compile(rf"[\x7f-\x9f{_BIDI}\ud800-\udfff]")
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
        (
            r"is a device or pipe, not a regular file\. Read it and pass the bytes",
            "is a pipe or a device, not a regular file. Pass - and redirect it to standard input",
        ),
        (
            r"(is a directory)\. Pass the path of one image",
            r"\1. Name an image in it, or use `xai-vision batch`",
        ),
        (
            r"Set the image with server\.urls\[.*?\] = data, or under `images` in a rule file",
            "Name a file, or use `xai-vision serve --rules FILE` with the image under `images`",
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
    """Replace control characters except tabs and line ends, and bidirectional controls."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def clean_line(text: str) -> str:
    """Replace the same characters, and tabs and line ends."""
    return re.sub(r"[\t\n]", "\N{REPLACEMENT CHARACTER}", clean(text))


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return a value as JSON in which every character that `clean` replaces is escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _JSON_CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def echo(text: str, *, err: bool = False) -> None:
    """Print a line without control characters to stdout or stderr, above a progress bar."""
    _print(clean(text), err=err)


def _print(text: str, *, err: bool) -> None:
    # click.echo(err=True) would write past the stream with which rich replaces sys.stderr while
    # it shows a progress bar, and the text would be joined to the bar.
    click.echo(text, file=sys.stderr if err else sys.stdout, color=color_setting())


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
    _print(json_text(value, indent=2), err=False)


def print_note(text: str, *, dim: bool = True) -> None:
    """Print a note to stderr."""
    _print(click.style(clean(text), dim=dim), err=True)


def print_error(text: str) -> None:
    """Print an error to stderr."""
    _print(click.style("xai-vision: ", fg="red") + clean(text), err=True)


def write_response(text: str) -> None:
    """Write a chunk to stdout and flush; remove control characters on a terminal."""
    # The line feed of a CR LF can be in the next chunk.
    sys.stdout.write(clean(text.removesuffix("\r")) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def console(stream: TextIO | None = None) -> Console:
    """Create a console for tables with the terminal's width. It cleans strings, not `Text`."""
    from rich.console import Console

    class CleanConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(clean(text), **options)

    file = stream or sys.stdout
    return CleanConsole(
        file=file,
        width=None if file.isatty() else _PLAIN_WIDTH,
        no_color=bool(os.environ.get("NO_COLOR")),
        highlight=False,
        emoji=False,
        markup=False,
    )


def progress_console(stream: TextIO) -> Console | None:
    """Create a console for progress bars; None if the stream is not a terminal that can redraw."""
    screen = console(stream)
    return screen if stream.isatty() and not screen.is_dumb_terminal else None
