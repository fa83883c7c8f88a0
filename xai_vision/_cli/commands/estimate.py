"""``xai-vision estimate``: the estimated cost of a request."""

from __future__ import annotations

import json

import click

from xai_vision._cli.commands.ask import check_prompt
from xai_vision._cli.exit_codes import epilog
from xai_vision._cli.image_files import IMAGE
from xai_vision._cli.options import (
    ImageOptions,
    Service,
    image_options,
    json_option,
    model_option,
    service_options,
    system_option,
)


@click.command("estimate", epilog=epilog('xai-vision estimate "What is this?" photo.jpg'))
@click.argument("prompt")
@click.argument("images", nargs=-1, type=IMAGE)
@model_option
@system_option
@image_options
@click.option("--offline", is_flag=True, help="Do not query the API for prices.")
@json_option
@service_options
def command(
    prompt: str,
    images: tuple[str, ...],
    *,
    model: str,
    system: str | None,
    offline: bool,
    as_json: bool,
    image_options: ImageOptions,
    service: Service,
) -> None:
    """Estimate the input tokens of PROMPT with IMAGEs, and their price.

    The estimate is a range because the service documents no formula. It does not include the tokens
    of the response.
    """
    check_prompt(prompt, images)
    from xai_vision._cli.image_files import open_image
    from xai_vision._cli.prices import get_price
    from xai_vision._cli.report import usd
    from xai_vision.chat import image, user
    from xai_vision.chat import system as instructions
    from xai_vision.chat._estimate import estimate_messages

    head = [instructions(system)] if system else []
    text = estimate_messages([*head, user(prompt)])
    parts = [image(open_image(name, image_options), detail=image_options.detail) for name in images]
    total = estimate_messages([*head, user(prompt, *parts)])
    image_tokens = {
        "low": total.low - text.low,
        "likely": total.likely - text.likely,
        "high": total.high - text.high,
    }
    price = get_price(model, service, offline=offline, quiet=as_json)
    cost = price and {
        name: getattr(text, name) * price.text + tokens * price.image
        for name, tokens in image_tokens.items()
    }
    if as_json:
        document = {
            "model": model,
            "tokens": {"low": total.low, "likely": total.likely, "high": total.high},
            "image_tokens": image_tokens,
            "price_usd": cost,
            "source": total.source,
        }
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    count = "1 image" if len(parts) == 1 else f"{len(parts)} images"
    click.echo(f"{total}, {image_tokens['likely']:,} of them for {count}")
    if cost:
        click.echo(f"about {usd(cost['likely'])} ({usd(cost['low'])} to {usd(cost['high'])})")
