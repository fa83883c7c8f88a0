"""``xai-vision inspect``: what a picture is, and what would be sent of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from xai_vision._cli.exit_codes import Exit, epilog
from xai_vision._cli.image_files import PICTURE
from xai_vision._cli.options import (
    Looking,
    Service,
    json_option,
    looking_options,
    model_option,
    service_options,
)
from xai_vision._cli.report import usd
from xai_vision._cli.terminal import console

if TYPE_CHECKING:
    from rich.console import Console

    from xai_vision._cli.image_report import Finding
    from xai_vision._cli.prices import Price

__all__ = ["command", "show"]

_PREVIEWED = 4


@click.command(
    "inspect", epilog=epilog("xai-vision inspect *.jpg", "xai-vision inspect a.webp --json")
)
@click.argument("pictures", nargs=-1, required=True, type=PICTURE)
@model_option
@looking_options
@click.option("--offline", is_flag=True, help="Ask nobody for prices.")
@click.option(
    "--preview/--no-preview",
    default=None,
    help="Show small pictures. Default: where the terminal can, up to four.",
)
@json_option
@service_options
def command(
    pictures: tuple[str, ...],
    *,
    model: str,
    offline: bool,
    preview: bool | None,
    as_json: bool,
    looking: Looking,
    service: Service,
) -> int:
    """Say of PICTUREs what they are, what would be sent, and what that costs.

    Nothing is sent but a question for the model's price, and that only with an API key or --fake.
    """
    from xai_vision._cli.image_report import look_at
    from xai_vision._cli.prices import price_of

    price = price_of(model, service, offline=offline, quiet=as_json)
    found = [look_at(name, looking) for name in pictures]
    if as_json:
        click.echo(
            json.dumps([_as_dict(one, price) for one in found], indent=2, ensure_ascii=False)
        )
    else:
        screen = console()
        wanted = _can_show(screen, len(found)) if preview is None else preview
        show(screen, found, price, preview=wanted)
    return Exit.OK if all(one.prepared for one in found) else Exit.PICTURE


def _can_show(screen: Console, count: int) -> bool:
    return (
        screen.is_terminal
        and screen.color_system in ("256", "truecolor")
        and not screen.is_dumb_terminal
        and count <= _PREVIEWED
    )


def show(screen: Console, found: list[Finding], price: Price | None, *, preview: bool) -> None:
    """Print a small table for each picture, its preview beside it."""
    from rich.table import Table
    from rich.text import Text

    for one in found:
        facts = Table.grid(padding=(0, 2))
        facts.add_column(style="dim", no_wrap=True)
        facts.add_column(overflow="fold")
        for what, said in _facts(one, price):
            facts.add_row(what, Text(said))
        verdict = Text(one.verdict, style="bold green" if one.prepared else "bold red")
        facts.add_row("verdict", verdict)
        screen.print(Text(one.name, style="bold"))
        if preview and one.prepared is not None and one.prepared.size:
            from xai_vision._cli.preview import preview as drawn

            beside = Table.grid(padding=(0, 2))
            beside.add_row(drawn(one.prepared), facts)
            screen.print(beside)
        else:
            screen.print(facts)
        screen.print()


def _facts(one: Finding, price: Price | None) -> Iterator[tuple[str, str]]:
    yield "is", one.is_a
    if one.header is not None:
        yield "carries", ", ".join(one.carries) or "nothing but its pixels"
    if one.tokens is None:
        return
    yield "is sent as", one.sent_as
    yield "tokens", f"about {one.tokens.likely:,} ({one.tokens.low:,} to {one.tokens.high:,})"
    if price is None:
        yield "price", "unknown"
        return
    low, likely, high = price.of_pictures(one.tokens)
    yield "price", f"about {usd(likely)} ({usd(low)} to {usd(high)}) with {price.model}"


def _as_dict(one: Finding, price: Price | None) -> dict[str, Any]:
    told = one.as_dict()
    if one.tokens is not None:
        cost = price.of_pictures(one.tokens) if price else None
        told["price_usd"] = (
            dict(zip(("low", "likely", "high"), cost, strict=True)) if cost else None
        )
    return told
