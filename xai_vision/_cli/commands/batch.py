"""``xai-vision batch``: one request for many images."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xai_vision._cli.commands.ask import check_prompt
from xai_vision._cli.exit_codes import Exit, epilog, exit_code
from xai_vision._cli.image_files import IMAGE, file_size, image_names
from xai_vision._cli.options import (
    ImageOptions,
    Service,
    image_options,
    listed_option,
    model_option,
    schema_option,
    service_options,
    system_option,
)
from xai_vision._cli.parsing.numbers import Integer, seconds
from xai_vision._cli.terminal import error_text, print_error, print_note

if TYPE_CHECKING:
    from xai_vision._cli.batch.runner import BatchRunner, BatchStats


@click.command(
    "batch",
    short_help="Ask the same about many images; resumable.",
    epilog=epilog(
        'xai-vision batch "Describe it in a sentence" photos/ --out answers.jsonl',
        'find . -name "*.jpg" | xai-vision batch "Any text?" --from - --out text.jsonl',
    ),
)
@click.argument("prompt")
@click.argument("images", nargs=-1, type=IMAGE)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE.jsonl",
    help="The results file, one line of JSON for each image; - is standard output.",
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
@model_option
@system_option
@image_options
@schema_option
@service_options
def command(
    prompt: str,
    images: tuple[str, ...],
    *,
    out: Path,
    listed: Iterable[str] | None,
    concurrency: int,
    patience: float,
    model: str,
    system: str | None,
    json_schema: dict[str, Any] | None,
    image_options: ImageOptions,
    service: Service,
) -> int:
    """Ask PROMPT about each of IMAGES: files, directories or URLs.

    If the command is stopped or killed, the same command resumes. It skips images that have a
    result in --out and tries failed images again. An image is identified by its name as passed.
    """
    prompt = check_prompt(prompt, ())
    names = image_names(images, listed)
    from xai_vision._cli.batch.results_file import ResultsFile
    from xai_vision._cli.batch.results_stream import ResultsStream, is_stream
    from xai_vision._cli.batch.runner import BatchRequest, BatchRunner

    request = BatchRequest(prompt, model, system, json_schema, image_options)
    digest = hashlib.sha256(json.dumps(asdict(request), sort_keys=True).encode()).hexdigest()
    opened = ResultsStream(out) if is_stream(out) else ResultsFile(out, digest[:16])
    with opened as results:
        batch = BatchRunner(request, results, concurrency=concurrency, patience=patience)
        done = [name for name in names if name in results.answered]
        if results.repaired:
            print_note(f"{out}: removed an incomplete line of the last run")
        if done:
            print_note(f"{len(done)} of {len(names)} images already have a result")
            _report_changed_files(done, results.answered)
        code = _run(batch, [name for name in names if name not in results.answered], service, done)
    stats = batch.stats
    print_note(_summary(stats, len(names), len(done), out))
    return code or (exit_code(stats.failed[0]) if stats.failed else Exit.OK)


def _report_changed_files(names: list[str], sizes: dict[str, int | None]) -> None:
    for name in names:
        size = file_size(name)
        if size is not None and sizes[name] not in (None, size):
            print_note(
                f"{name} has changed since its result was written; delete the line to ask again"
            )


def _run(batch: BatchRunner, names: list[str], service: Service, done: list[str]) -> int:
    """Process the images; return the exit code of an error that ended the batch, or 0."""
    if not names:
        return Exit.OK
    from xai_vision._cli.batch.progress import progress
    from xai_vision._cli.batch.results_stream import is_stream
    from xai_vision._cli.connection import client_arguments

    again = "" if is_stream(batch.out) else " The same command resumes."
    with client_arguments(service) as client, progress(sys.stderr, len(names), batch, len(done)):
        try:
            asyncio.run(batch.run(names, client))
        except (KeyboardInterrupt, asyncio.CancelledError):
            print_error(f"interrupted.{again}")
            return Exit.TERMINATED if batch.terminated else Exit.INTERRUPTED
        except BrokenPipeError:  # of standard output, for example `| head`
            raise
        except Exception as error:
            if exit_code(error) is Exit.FAILED and not isinstance(error, OSError):
                raise
            where = f"{error.filename or batch.out}: " if isinstance(error, OSError) else ""
            print_error(f"{where}{error_text(error)}{again}")
            return exit_code(error)
    return Exit.OK


def _summary(stats: BatchStats, total: int, before: int, out: Path) -> str:
    where = "" if str(out) == "-" else f", results in {out}"
    parts = [f"{stats.usage.responses + before} of {total} images done{where}"]
    if stats.failed:
        parts.append(f"{len(stats.failed)} failed")
    return " · ".join([*parts, str(stats.usage)])
