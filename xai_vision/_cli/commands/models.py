"""``xai-vision models``: the available models."""

from __future__ import annotations

from typing import Any, Literal

import click

from xai_vision._cli.exit_codes import epilog
from xai_vision._cli.options import Service, json_option, service_options
from xai_vision._cli.tables import print_table
from xai_vision._cli.terminal import print_json

_MILLION = 1_000_000


@click.command(
    "models",
    short_help="List the models with their inputs and prices.",
    epilog=epilog("xai-vision models --images"),
)
@click.option("--images", is_flag=True, help="List only models that accept images.")
@json_option
@service_options
def command(*, images: bool, as_json: bool, service: Service) -> None:
    """List the models with their inputs and prices."""
    from xai_vision._cli.connection import open_client

    with open_client(service) as api:
        models = api.models.list_language_models()
    rows = [_as_dict(model) for model in models]
    if images:
        rows = [row for row in rows if row["images"]]
    if as_json:
        print_json(rows)
    else:
        _show(rows)


def _as_dict(model: Any) -> dict[str, Any]:
    from xai_vision._cli.prices import TICKS_PER_USD
    from xai_vision.proto import models_pb2

    return {
        "name": model.name,
        "aliases": list(model.aliases),
        "images": models_pb2.IMAGE in model.input_modalities,
        "max_prompt_tokens": model.max_prompt_length,
        "usd_per_million_tokens": {
            "text": model.prompt_text_token_price * _MILLION / TICKS_PER_USD,
            "images": model.prompt_image_token_price * _MILLION / TICKS_PER_USD,
            "cached": model.cached_prompt_token_price * _MILLION / TICKS_PER_USD,
            "output": model.completion_text_token_price * _MILLION / TICKS_PER_USD,
        },
    }


def _show(rows: list[dict[str, Any]]) -> None:
    heads: dict[str, Literal["left", "right"]] = {
        "model": "left",
        "aliases": "left",
        "images": "left",
    }
    for name in ("context", "text", "image", "cached", "output"):
        heads[name] = "right"
    cells = []
    for row in rows:
        prices = row["usd_per_million_tokens"]
        cells.append(
            (
                row["name"],
                ", ".join(row["aliases"]),
                "yes" if row["images"] else "no",
                f"{row['max_prompt_tokens']:,}",
                f"{prices['text']:.2f}",
                f"{prices['images']:.2f}" if row["images"] else "",
                f"{prices['cached']:.2f}",
                f"{prices['output']:.2f}",
            )
        )
    print_table(
        heads,
        cells,
        drop=("aliases", "cached", "context", "image", "images", "output", "text"),
        caption="context: window in tokens; prices in USD per million tokens",
    )
