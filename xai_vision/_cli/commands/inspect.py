"""``xai-vision inspect``: an image's format, size, and what would be sent."""

from __future__ import annotations

import json
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
from xai_vision._cli.report import usd
from xai_vision._cli.terminal import console

if TYPE_CHECKING:
    from rich.console import Console

    from xai_vision._cli.image_report import ImageReport
    from xai_vision._cli.prices import Price


_MAX_PREVIEWS = 4


@click.command(
    "inspect", epilog=epilog("xai-vision inspect *.jpg", "xai-vision inspect a.webp --json")
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
        click.echo(
            json.dumps(
                [_as_dict(report, price) for report in reports], indent=2, ensure_ascii=False
            )
        )
    else:
        screen = console()
        wanted = _can_show(screen, len(reports)) if preview is None else preview
        show(screen, reports, price, preview=wanted)
    return Exit.OK if all(report.prepared for report in reports) else Exit.IMAGE


def _can_show(screen: Console, count: int) -> bool:
    return (
        screen.is_terminal
        and screen.color_system in ("256", "truecolor")
        and not screen.is_dumb_terminal
        and count <= _MAX_PREVIEWS
    )


def show(
    screen: Console, reports: list[ImageReport], price: Price | None, *, preview: bool
) -> None:
    """Print a table for each image, with its preview."""
    from rich.table import Table
    from rich.text import Text

    for report in reports:
        facts = Table.grid(padding=(0, 2))
        facts.add_column(style="dim", no_wrap=True)
        facts.add_column(overflow="fold")
        for what, said in _facts(report, price):
            facts.add_row(what, Text(said))
        status = Text(report.status, style="bold green" if report.prepared else "bold red")
        facts.add_row("status", status)
        screen.print(Text(report.name, style="bold"))
        if preview and report.prepared is not None and report.prepared.size:
            from xai_vision._cli.preview import preview as drawn

            beside = Table.grid(padding=(0, 2))
            beside.add_row(drawn(report.prepared), facts)
            screen.print(beside)
        else:
            screen.print(facts)
        screen.print()


def _facts(report: ImageReport, price: Price | None) -> Iterator[tuple[str, str]]:
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
    low, likely, high = price.image_cost(report.tokens)
    yield "price", f"about {usd(likely)} ({usd(low)} to {usd(high)}) with {price.model}"


def _as_dict(report: ImageReport, price: Price | None) -> dict[str, Any]:
    document = report.as_dict()
    if report.tokens is not None:
        cost = price.image_cost(report.tokens) if price else None
        document["price_usd"] = (
            dict(zip(("low", "likely", "high"), cost, strict=True)) if cost else None
        )
    return document
