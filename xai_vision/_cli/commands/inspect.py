"""``xai-vision inspect``: an image's format, size, and what would be sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from xai_vision._cli.exit_codes import Exit, epilog
from xai_vision._cli.image_files import IMAGE
from xai_vision._cli.options import (
    ImageOptions,
    Service,
    image_options,
    json_option,
    model_option,
    service_options,
)
from xai_vision._cli.report import usd_range
from xai_vision._cli.terminal import clean, clean_line, console, print_json, print_note

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from xai_vision._cli.image_report import ImageReport
    from xai_vision._cli.prices import Price
    from xai_vision.imaging import PreparedImage


_MAX_PREVIEWS = 4
_PREVIEW_COLUMNS, _PREVIEW_ROWS = 32, 12
# In a narrower terminal the table beside the preview would be broken into pieces.
_PREVIEW_MIN_WIDTH = 80


@click.command(
    "inspect",
    short_help="Show format, size, upload and cost of images.",
    epilog=epilog("xai-vision inspect *.jpg", "xai-vision inspect a.webp --json"),
)
@click.argument("images", nargs=-1, required=True, type=IMAGE)
@model_option
@image_options
@click.option("--offline", is_flag=True, help="Do not query the API for prices.")
@click.option(
    "--preview/--no-preview",
    default=None,
    help="Show previews. Default: for up to four images, if the terminal supports colors.",
)
@json_option
@service_options
def command(
    images: tuple[str, ...],
    *,
    model: str,
    offline: bool,
    preview: bool | None,
    as_json: bool,
    image_options: ImageOptions,
    service: Service,
) -> int:
    """Show format, size, what would be sent, and the estimated cost of IMAGEs.

    The images are not sent. The price is queried if there is an API key, or with --fake.
    """
    from xai_vision._cli.image_report import inspect_image
    from xai_vision._cli.prices import get_price

    price = get_price(model, service, offline=offline, quiet=as_json)
    reports = [inspect_image(name, image_options) for name in images]
    if as_json:
        print_json([_as_dict(report, price) for report in reports])
    else:
        screen = console()
        if preview and (screen.no_color or not screen.is_terminal):
            print_note("no preview: it needs a terminal with colors")
            preview = False
        if preview is None:
            preview = len(reports) <= _MAX_PREVIEWS and _supports_previews(screen)
        show(screen, reports, price, preview=preview)
    return Exit.OK if all(report.prepared for report in reports) else Exit.IMAGE


def _supports_previews(screen: Console) -> bool:
    return (
        screen.is_terminal
        and not screen.no_color
        and screen.width >= _PREVIEW_MIN_WIDTH
        and screen.color_system in ("256", "truecolor")
        and not screen.is_dumb_terminal
    )


def show(
    screen: Console, reports: list[ImageReport], price: Price | None, *, preview: bool
) -> None:
    """Print a table for each image, with its preview."""
    from rich.table import Table
    from rich.text import Text

    for report in reports:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for label, value in _rows(report, price):
            table.add_row(label, Text(clean(value)))
        status = Text(clean(report.status), style="bold green" if report.prepared else "bold red")
        table.add_row("status", status)
        screen.print(Text(clean_line(report.name), style="bold"))
        if preview and report.prepared is not None and report.prepared.size:
            columns = Table.grid(padding=(0, 2))
            columns.add_row(_draw_preview(report.prepared), table)
            screen.print(columns)
        else:
            screen.print(table)
        screen.print()


def _draw_preview(image: PreparedImage) -> Text:
    """Draw an image in a terminal, two pixels per character."""
    from rich.color import Color
    from rich.style import Style
    from rich.text import Text

    small = image.pil().convert("RGB")
    small.thumbnail((_PREVIEW_COLUMNS, _PREVIEW_ROWS * 2))
    width, height = small.size
    pixels = small.load()
    text = Text()
    for top in range(0, height, 2):
        for column in range(width):
            upper, lower = (
                Color.from_rgb(*pixels[column, row]) if row < height else None  # type: ignore[index, misc]  # pyright: ignore[reportOptionalSubscript, reportGeneralTypeIssues]  # RGB
                for row in (top, top + 1)
            )
            text.append("\N{UPPER HALF BLOCK}", Style(color=upper, bgcolor=lower))
        text.append("\n")
    text.rstrip()
    return text


def _rows(report: ImageReport, price: Price | None) -> Iterator[tuple[str, str]]:
    yield "format", report.summary
    if report.header is not None:
        yield "metadata", ", ".join(report.metadata) or "none"
    if report.tokens is None:
        return
    yield "upload", report.upload
    yield (
        "tokens",
        f"about {report.tokens.likely:,} ({report.tokens.low:,} to {report.tokens.high:,})",
    )
    if price is None:
        yield "price", "unknown"
        return
    yield "price", f"{usd_range(price.image_costs(report.tokens))} with {price.model}"


def _as_dict(report: ImageReport, price: Price | None) -> dict[str, Any]:
    document = report.as_dict()
    if report.tokens is not None:
        document["price_usd"] = price and price.image_costs(report.tokens)
    return document
