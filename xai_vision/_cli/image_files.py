"""Images named on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from xai_vision._cli.exit_codes import CliError, Exit

if TYPE_CHECKING:
    from xai_vision._cli.options import ImageOptions
    from xai_vision.imaging import PreparedImage


SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"),
        *("avif", "ico", "jp2", "heic", "heif"),
    )
)


if TYPE_CHECKING:
    _Named = click.ParamType[str]
else:  # generic only in newer versions of click
    _Named = click.ParamType


class ImageName(_Named):
    """A path, a URL, or - for standard input."""

    name = "image"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete file names."""
        return [CompletionItem(incomplete, type="file")]


IMAGE = ImageName()


def is_url(name: str) -> bool:
    """Return whether a name is a URL."""
    return name.lower().startswith(("http://", "https://", "data:"))


def source_of(name: str) -> str | bytes | Path:
    """Return the source for ``image()``.

    Raises:
        CliError: Standard input is empty.
    """
    if name == "-":
        return _standard_input()
    if is_url(name):
        return name
    return Path(name)


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
    return describe_url(name) if is_url(name) else name


def open_image(name: str, options: ImageOptions) -> PreparedImage:
    """Prepare an image.

    Raises:
        ImageError: The image cannot be sent.
        CliError: Standard input is empty.
    """
    from xai_vision.imaging import prepare_image

    return prepare_image(
        source_of(name),
        name=display_name(name),
        detail=options.detail,
        max_side=options.max_side,
        fit=options.fit,
        strip_metadata=options.strip_metadata,
    )
