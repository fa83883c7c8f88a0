"""``xai-vision estimate``: what a question may cost, before it is asked."""

from __future__ import annotations

import json

import click

from xai_vision._cli.commands.ask import check_prompt
from xai_vision._cli.exit_codes import epilog
from xai_vision._cli.image_files import PICTURE
from xai_vision._cli.options import (
    Looking,
    Service,
    json_option,
    looking_options,
    model_option,
    service_options,
    system_option,
)

__all__ = ["command"]


@click.command("estimate", epilog=epilog('xai-vision estimate "What is this?" photo.jpg'))
@click.argument("prompt")
@click.argument("pictures", nargs=-1, type=PICTURE)
@model_option
@system_option
@looking_options
@click.option("--offline", is_flag=True, help="Ask nobody for prices.")
@json_option
@service_options
def command(
    prompt: str,
    pictures: tuple[str, ...],
    *,
    model: str,
    system: str | None,
    offline: bool,
    as_json: bool,
    looking: Looking,
    service: Service,
) -> None:
    """Estimate the input tokens of PROMPT with PICTUREs, and their price.

    A range: the service documents no formula. The answer's own tokens come on top.
    """
    check_prompt(prompt, pictures)
    from xai_vision._cli.image_files import open_picture
    from xai_vision._cli.prices import price_of
    from xai_vision._cli.report import usd
    from xai_vision.chat import image, user
    from xai_vision.chat import system as instructions
    from xai_vision.chat._estimate import estimate_messages

    words = [instructions(system)] if system else []
    text = estimate_messages([*words, user(prompt)])
    parts = [image(open_picture(name, looking), detail=looking.detail) for name in pictures]
    whole = estimate_messages([*words, user(prompt, *parts)])
    shown = {
        "low": whole.low - text.low,
        "likely": whole.likely - text.likely,
        "high": whole.high - text.high,
    }
    price = price_of(model, service, offline=offline, quiet=as_json)
    cost = price and {
        name: getattr(text, name) * price.text + tokens * price.image
        for name, tokens in shown.items()
    }
    if as_json:
        told = {
            "model": model,
            "tokens": {"low": whole.low, "likely": whole.likely, "high": whole.high},
            "picture_tokens": shown,
            "price_usd": cost,
            "source": whole.source,
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    count = "1 picture" if len(parts) == 1 else f"{len(parts)} pictures"
    click.echo(f"{whole}, {shown['likely']:,} of them for {count}")
    if cost:
        click.echo(f"about {usd(cost['likely'])} ({usd(cost['low'])} to {usd(cost['high'])})")
