"""``xai-vision estimate``: the estimated cost of a request."""

from __future__ import annotations

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
from xai_vision._cli.parsing.standard_input import with_piped_image
from xai_vision._cli.terminal import echo, print_json


@click.command(
    "estimate",
    short_help="Estimate the tokens and the price of a request.",
    epilog=epilog('xai-vision estimate "What is this?" photo.jpg'),
)
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
    prompt, images = check_prompt(prompt, images), with_piped_image(prompt, images)
    from xai_vision._cli.image_files import open_image
    from xai_vision._cli.prices import get_price
    from xai_vision._cli.report import token_range, usd_range
    from xai_vision.chat import image, user
    from xai_vision.chat import system as instructions
    from xai_vision.chat._estimate import estimate_messages

    head = [instructions(system)] if system else []
    parts = [image(open_image(name, image_options), detail=image_options.detail) for name in images]
    total = estimate_messages([*head, user(prompt, *parts)])
    tokens = token_range(total)
    text = token_range(estimate_messages([*head, user(prompt)]))
    image_tokens = {name: tokens[name] - text[name] for name in tokens}
    price = get_price(model, service, offline=offline, quiet=as_json)
    costs = price and {
        name: text[name] * price.text + image_tokens[name] * price.image for name in tokens
    }
    if as_json:
        print_json(
            {
                "model": model,
                "tokens": tokens,
                "image_tokens": image_tokens,
                "price_usd": costs,
                "source": total.source,
            }
        )
        return
    count = "1 image" if len(parts) == 1 else f"{len(parts)} images"
    echo(f"{total}, {image_tokens['likely']:,} of them for {count}")
    if costs:
        echo(usd_range(costs))
