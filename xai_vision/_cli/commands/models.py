"""``xai-vision models``: which models there are."""

from __future__ import annotations

import json
from typing import Any

import click

from xai_vision._cli.exit_codes import epilog
from xai_vision._cli.options import Service, json_option, service_options
from xai_vision._cli.terminal import console

__all__ = ["command"]

_MILLION = 1_000_000


@click.command("models", epilog=epilog("xai-vision models --pictures"))
@click.option("--pictures", is_flag=True, help="Only models that take pictures.")
@json_option
@service_options
def command(*, pictures: bool, as_json: bool, service: Service) -> None:
    """List the models that answer, what they take and what they cost."""
    from xai_vision._cli.connection import client

    with client(service) as asked:
        found = asked.models.list_language_models()
    told = [_as_dict(model) for model in found]
    if pictures:
        told = [one for one in told if one["pictures"]]
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    _show(told)


def _as_dict(model: Any) -> dict[str, Any]:
    from xai_vision._cli.prices import TICKS_PER_USD
    from xai_vision.proto import models_pb2

    return {
        "name": model.name,
        "aliases": list(model.aliases),
        "pictures": models_pb2.IMAGE in model.input_modalities,
        "max_prompt_tokens": model.max_prompt_length,
        "usd_per_million_tokens": {
            "text": model.prompt_text_token_price * _MILLION / TICKS_PER_USD,
            "pictures": model.prompt_image_token_price * _MILLION / TICKS_PER_USD,
            "cached": model.cached_prompt_token_price * _MILLION / TICKS_PER_USD,
            "answer": model.completion_text_token_price * _MILLION / TICKS_PER_USD,
        },
    }


def _show(told: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption="prices in USD per million tokens")
    for head in ("model", "also called", "pictures"):
        table.add_column(head, overflow="fold")
    for head in ("longest prompt", "text", "picture", "cached", "answer"):
        table.add_column(head, justify="right")
    for one in told:
        prices = one["usd_per_million_tokens"]
        table.add_row(
            one["name"],
            ", ".join(one["aliases"]),
            "yes" if one["pictures"] else "no",
            f"{one['max_prompt_tokens']:,}",
            f"{prices['text']:.2f}",
            f"{prices['pictures']:.2f}" if one["pictures"] else "",
            f"{prices['cached']:.2f}",
            f"{prices['answer']:.2f}",
        )
    console().print(table)
