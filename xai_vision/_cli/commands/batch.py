"""``xai-vision batch``: one request for many images."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xai_vision._cli.commands.ask import check_prompt
from xai_vision._cli.exit_codes import Exit, epilog, exit_code
from xai_vision._cli.image_files import IMAGE, image_names
from xai_vision._cli.options import (
    ImageOptions,
    Sampling,
    Service,
    image_options,
    listed_option,
    model_option,
    sampling_options,
    schema_option,
    service_options,
    system_option,
)
from xai_vision._cli.parsing.numbers import Integer, Number, seconds
from xai_vision._cli.report import usd
from xai_vision._cli.terminal import print_note

if TYPE_CHECKING:
    from xai_vision._cli.batch.run import Batch
    from xai_vision.bulk._job import ViaOption


@click.command(
    "batch",
    short_help="Ask the same about many images; resumable.",
    epilog=epilog(
        'xai-vision batch "Describe it in a sentence" photos/ --out answers.jsonl',
        'find . -name "*.jpg" | xai-vision batch "Any text?" --from - --out text.jsonl',
        'xai-vision batch "Any text?" scans/ --parquet text.parquet --via batch --max-usd 20',
    ),
)
@click.argument("prompt")
@click.argument("images", nargs=-1, type=IMAGE)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE.jsonl",
    help="The results file, one line of JSON for each image; - is standard output.",
)
@click.option(
    "--parquet",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.parquet",
    help="Write the results to this Parquet file at the end.",
)
@listed_option
@click.option(
    "-j",
    "--concurrency",
    type=Integer(1, 256),
    default=8,
    show_default=True,
    help="Maximum number of concurrent requests.",
)
@click.option(
    "--patience",
    type=seconds(zero=True),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="Stop after this many seconds of continuous rate limiting.",
)
@click.option(
    "--via",
    type=click.Choice(["now", "batch", "auto"]),
    default="now",
    show_default=True,
    help="batch: use the Batch API, at half the price and within a day; auto: choose.",
)
@click.option(
    "--retries",
    type=Integer(0),
    default=3,
    show_default=True,
    help="Send an image again so often after an error that may pass.",
)
@click.option(
    "--max-usd",
    type=Number(0, min_open=True),
    metavar="USD",
    help="Never spend more than this on the images of the results file.",
)
@click.option(
    "--max-failures",
    type=Integer(1),
    metavar="NUMBER",
    help="Stop after this many failed images.",
)
@model_option
@system_option
@image_options
@schema_option
@sampling_options
@service_options
def command(
    prompt: str,
    images: tuple[str, ...],
    *,
    out: Path | None,
    parquet: Path | None,
    listed: Iterable[str] | None,
    concurrency: int,
    patience: float,
    via: ViaOption,
    retries: int,
    max_usd: float | None,
    max_failures: int | None,
    model: str,
    system: str | None,
    json_schema: dict[str, Any] | None,
    image_options: ImageOptions,
    sampling: Sampling,
    service: Service,
) -> int:
    """Ask PROMPT about each of IMAGES: files, directories with all that they contain, or URLs.

    If the command is stopped or killed, the same command resumes. It skips images that have a
    result in --out and tries failed images again. An image is identified by its name as passed
    and its content.
    """
    prompt = check_prompt(prompt, ())
    if out is None and parquet is None:
        raise click.UsageError("Missing option '-o' / '--out', or '--parquet'.")
    if parquet is not None and parquet.suffix.lower() != ".parquet":
        raise click.UsageError(f"--parquet: the name must end in .parquet, not {parquet}.")
    names = image_names(images, listed)
    from xai_vision._cli.batch.progress import progress
    from xai_vision._cli.batch.run import Batch
    from xai_vision._cli.connection import client_arguments

    options = {
        "concurrency": concurrency,
        "patience": patience,
        "via": via,
        "retries": retries,
        "max_usd": max_usd,
        "max_failures": max_failures,
        "model": model,
        "system": system,
        "schema": json_schema,
        "settings": sampling.settings(),
        "image_options": asdict(image_options),
    }
    batch = Batch(prompt, names, out, parquet, options)
    with client_arguments(service) as client, progress(sys.stderr, len(names)) as show:
        batch.run(client, show)
    status = batch.status
    if status.repaired:
        print_note(f"{out}: removed an incomplete line of the last run")
    if status.earlier:
        print_note(f"{status.earlier} of {len(names)} images already have a result")
    print_note(_summary(batch, len(names)))
    if batch.code or status.first_error is None:
        # Images are left, which a script must not take for success.
        return batch.code or (Exit.OK if batch.stopped is None else Exit.RATE_LIMIT)
    return exit_code(status.first_error)


def _summary(batch: Batch, total: int) -> str:
    from xai_vision._cli.batch.progress import totals

    status = batch.status
    where = (
        ""
        if batch.is_stream and batch.parquet is None
        else f", results in {batch.parquet or batch.out}"
    )
    parts = [f"{status.answered + status.earlier} of {total} images done{where}"]
    if status.failed:
        parts.append(f"{status.failed} failed")
    if batch.stopped is not None:
        parts.append(f"stopped by --{batch.stopped.replace('_', '-')}")
        if status.needed_usd is not None:
            parts[-1] += f" (the next image can cost up to {usd(status.needed_usd)})"
    return " · ".join([*parts, str(totals(status))])
