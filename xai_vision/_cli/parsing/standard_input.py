"""Prompts and images from standard input."""

from __future__ import annotations

import os
import select
import stat
import sys
from typing import Final

import click

from xai_vision._cli.exit_codes import CliError, Exit
from xai_vision._cli.terminal import print_note

_SILENCE: Final = 2.0
"""Seconds until the command says that it waits for standard input."""
_REDIRECTED: Final = (stat.S_ISREG, stat.S_ISFIFO, stat.S_ISSOCK)


def read_prompt() -> str:
    """Read a prompt.

    Raises:
        CliError: Standard input is a terminal, empty, or not text.
    """
    data = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    if not data.strip():
        raise CliError(
            "-: no prompt on standard input; use a pipe or a redirection: "
            "xai-vision ask - photo.jpg < prompt.txt",
            Exit.USAGE,
        )
    text = _as_text(data)
    if text is None:
        raise CliError(
            "-: the prompt on standard input is not UTF-8 text. For an image, pass the prompt "
            'first: xai-vision ask "What is this?" - < photo.jpg',
            Exit.USAGE,
        )
    return text.strip()


def with_piped_image(
    prompt: str, images: tuple[str, ...], *, quiet: bool = False
) -> tuple[str, ...]:
    """Return the images, with standard input if it has an image that no argument names.

    Args:
        prompt: The prompt as passed; "-" reads standard input.
        images: The images as passed.
        quiet: Whether to print no notes.

    Raises:
        click.UsageError: Standard input has text.
    """
    if "-" in (prompt, *images):
        return images
    if images:
        # The input can belong to the loop of a shell script, so it is left alone.
        if not quiet:
            note_unread("add - to the images")
        return images
    if not _is_redirected():
        return images
    if not quiet and not _is_ready(_SILENCE):
        print_note("waiting for an image on standard input; `< /dev/null` passes none")
    start = sys.stdin.buffer.peek(1)  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]  # a BufferedReader
    if not start:
        return images
    if _as_text(start) is not None:
        raise click.UsageError(
            "standard input is text, not an image: pass - as PROMPT to read the prompt from it, "
            "or `< /dev/null` to ignore it."
        )
    return ("-",)


def note_unread(remedy: str) -> None:
    """Print a note if standard input has data that the command does not read."""
    if _has_data():
        print_note(f"standard input is not read; {remedy}")


def _is_redirected() -> bool:
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):  # closed, or replaced by a test
        return False
    return any(is_kind(mode) for is_kind in _REDIRECTED)


def _has_data() -> bool:
    """Return whether bytes can be read at once; a pipe without data or at its end has none."""
    if not _is_redirected() or sys.platform == "win32":
        return False
    file = sys.stdin.fileno()
    status = os.fstat(file)
    if stat.S_ISREG(status.st_mode):
        return status.st_size > os.lseek(file, 0, os.SEEK_CUR)
    import fcntl
    import termios

    try:
        waiting = fcntl.ioctl(file, termios.FIONREAD, b"\0" * 4)
    except OSError:
        return False
    return any(waiting)


def _is_ready(timeout: float) -> bool:
    """Return whether a read would not wait."""
    if sys.platform == "win32":  # select() knows only sockets
        return True
    return bool(select.select([sys.stdin.fileno()], [], [], timeout)[0])


def _as_text(data: bytes) -> str | None:
    """Decode text, of which the last character may be incomplete; None if it is not text."""
    for end in range(4):
        try:
            text = data[: len(data) - end].decode()
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None
