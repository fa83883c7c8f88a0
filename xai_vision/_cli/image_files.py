"""Pictures as they are named on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from xai_vision._cli.exit_codes import Exit, Failure

if TYPE_CHECKING:
    from xai_vision._cli.options import Looking
    from xai_vision.imaging import PreparedImage

__all__ = ["PICTURE", "is_address", "open_picture", "shown_as", "source_of"]

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


class PictureName(_Named):
    """A path, a URL, or - for standard input."""

    name = "picture"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Have the shell complete files."""
        return [CompletionItem(incomplete, type="file")]


PICTURE = PictureName()


def is_address(name: str) -> bool:
    """Whether it is a URL rather than a file."""
    return name.lower().startswith(("http://", "https://", "data:"))


def source_of(name: str) -> str | bytes | Path:
    """What ``image()`` takes for a picture of that name.

    Raises:
        Failure: It is to come from standard input, and nothing does.
    """
    if name == "-":
        return _standard_input()
    if is_address(name):
        return name
    return Path(name)


def _standard_input() -> bytes:
    data = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    if not data:
        raise Failure(
            "-: there is no picture on standard input; pipe one in: "
            "xai-vision ask 'What is this?' - < photo.jpg",
            Exit.PICTURE,
        )
    return data


def shown_as(name: str) -> str:
    """What a picture is called in messages; of a web address, without what may be secret."""
    from xai_vision.imaging._image_url import describe_url

    if name == "-":
        return "standard input"
    return describe_url(name) if is_address(name) else name


def open_picture(name: str, looking: Looking) -> PreparedImage:
    """Make a picture ready to be sent.

    Raises:
        ImageError: It is no picture, or one that cannot be sent.
        Failure: Standard input is empty.
    """
    from xai_vision.imaging import prepare_image

    return prepare_image(
        source_of(name),
        name=shown_as(name),
        detail=looking.detail,
        max_side=looking.max_side,
        fit=looking.fit,
        strip_metadata=looking.strip_metadata,
    )
