"""PDF files named on the command line: their pages as images."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from xai_vision._cli.image_files import display_name, is_url, open_image
from xai_vision._cli.parsing.numbers import Number

if TYPE_CHECKING:
    from xai_vision._cli.options import ImageOptions
    from xai_vision.imaging import PreparedImage

_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")


def _read_numbers(
    _: click.Context, parameter: click.Parameter, text: str | None
) -> list[int] | None:
    """Read page numbers and ranges such as "1-3,7"."""
    if text is None:
        return None
    numbers: list[int] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise click.BadParameter(f"{part!r} is not a page or a range such as 1-3.")
        numbers.extend(range(first, min(last, first + 1_000_000) + 1))
    return numbers


pages_option = click.option(
    "--pages",
    metavar="NUMBERS",
    callback=_read_numbers,
    help="Pages of PDF files, such as 1-3,7. Default: all, up to 100.",
)
dpi_option = click.option(
    "--dpi",
    type=Number(0, min_open=True),
    default=150,
    show_default=True,
    help="Pixels per inch of the pages of PDF files.",
)


def is_pdf(name: str) -> bool:
    """Return whether a name is that of a PDF file."""
    return name.lower().endswith(".pdf") and not is_url(name)


def open_images(
    names: tuple[str, ...], options: ImageOptions, pages: list[int] | None, dpi: float
) -> list[PreparedImage]:
    """Prepare images, and the pages of PDF files.

    Raises:
        ImageError: An image or a page cannot be sent.
        UsageError: Pages are selected, but there is no PDF.
    """
    from xai_vision.imaging import prepare_pages

    if pages is not None and not any(map(is_pdf, names)):
        raise click.UsageError("--pages selects pages of PDF files, and none is named.")
    prepared: list[PreparedImage] = []
    for name in names:
        if is_pdf(name):
            shown = display_name(name)
            prepared += prepare_pages(name, dpi, pages, name=shown, **asdict(options))
        else:
            prepared.append(open_image(name, options))
    return prepared
