"""Images named on the command line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xai_vision._cli.exit_codes import CliError, Exit
from xai_vision._cli.parsing.standard_input import note_unread
from xai_vision._cli.terminal import clean_line

if TYPE_CHECKING:
    from xai_vision._cli.options import ImageOptions
    from xai_vision.imaging import PreparedImage


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

IMAGE = click.Path(allow_dash=True, readable=False)
"""A path, a URL, or - for standard input. No file is opened; a shell completes file names."""


def is_url(name: str) -> bool:
    """Return whether a name is a URL."""
    return name.lower().startswith(("http://", "https://", "data:"))


def source_of(name: str) -> str | bytes | Path:
    """Return the source for ``image()``, which refuses URLs of other schemes, such as ftp.

    Raises:
        CliError: Standard input is empty.
    """
    if name == "-":
        return _standard_input()
    return name if is_url(name) or _SCHEME.match(name) else Path(name)


def _standard_input() -> bytes:
    data = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    if not data:
        raise CliError(
            "-: no image on standard input; use a pipe or a redirection: "
            "xai-vision ask 'What is this?' - < photo.jpg",
            Exit.IMAGE,
        )
    return data


def display_name(name: str) -> str:
    """Return the image's name for messages; a URL without its secret parts."""
    from xai_vision.imaging._image_url import describe_url

    if name == "-":
        return "standard input"
    return describe_url(name) if is_url(name) else clean_line(name)


def file_size(name: str) -> int | None:
    """Return the size of an image's file; None for a URL or a file that cannot be read."""
    try:
        return None if is_url(name) else Path(name).stat().st_size
    except OSError:
        return None


def open_image(
    name: str,
    options: ImageOptions,
    source: str | bytes | Path | None = None,
    *,
    verify: bool = False,
) -> PreparedImage:
    """Prepare an image.

    Args:
        name: The name on the command line.
        options: How to prepare it.
        source: The source, if it was read before.
        verify: Whether to decode the whole image to check it.

    Raises:
        ImageError: The image cannot be sent.
        CliError: Standard input is empty.
    """
    from xai_vision.imaging import prepare_image

    return prepare_image(
        source_of(name) if source is None else source,
        name=display_name(name),
        verify=verify,
        **asdict(options),
    )


def image_names(images: tuple[str, ...], listed: Iterable[str] | None) -> list[str]:
    """Return the names of the images of a batch, each once, with those below directories.

    Args:
        images: The names on the command line.
        listed: Lines with more names.

    Raises:
        UsageError: There are no images, or one is standard input.
    """
    if "-" in images:
        raise click.UsageError(
            "- is not supported as an image of a batch; --from - reads names of images."
        )
    listed_names = (line.rstrip("\r\n") for line in listed or ())
    from xai_vision.bulk._sources.files import image_paths

    # The keys of a dict are unique and in order.
    names: dict[str, None] = {}
    for name in [*images, *filter(None, listed_names)]:
        if is_url(name) or not Path(name).is_dir():
            names[name] = None
            continue
        files = [str(path) for path in image_paths(Path(name))]
        if not files:
            raise click.UsageError(f"no images in the directory {name}.")
        names.update(dict.fromkeys(files))
    if not names:
        raise click.UsageError(
            "no images to process; --from - reads their names from standard input."
        )
    _check_existence(names)
    if listed is None:
        note_unread("add --from - to read names of images")
    return list(names)


def _check_existence(names: Iterable[str]) -> None:
    """Refuse a directory or a pattern that does not exist, and images of which none exists.

    A single missing file is an error of that image, because the others can be processed.

    Raises:
        CliError: There is such a name.
    """
    existing = 0
    first = ""
    for name in names:
        if is_url(name) or _SCHEME.match(name) or Path(name).exists():
            existing += 1
        elif name.endswith(("/", "\\")):
            raise CliError(f"{clean_line(name)}: no such directory", Exit.IMAGE)
        elif any(char in name for char in "*?["):
            raise CliError(f"{clean_line(name)}: no file matches this pattern", Exit.IMAGE)
        else:
            first = first or name
    if not existing:
        raise CliError(f"{clean_line(first)}: no such file", Exit.IMAGE)
