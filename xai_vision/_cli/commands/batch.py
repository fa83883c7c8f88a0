"""``xai-vision batch``: one request for many images."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xai_vision._cli.commands.ask import check_prompt
from xai_vision._cli.exit_codes import Exit, epilog, exit_code
from xai_vision._cli.image_files import IMAGE, SUFFIXES, is_url
from xai_vision._cli.options import (
    ImageOptions,
    Service,
    image_options,
    model_option,
    read_schema,
    schema_option,
    service_options,
    system_option,
)
from xai_vision._cli.terminal import error_text, print_error, print_note

if TYPE_CHECKING:
    from xai_vision._cli.batch.runner import BatchRunner, BatchStats


@click.command(
    "batch",
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
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.jsonl",
    help="The results file, one line of JSON for each image.",
)
@click.option(
    "--from",
    "listed",
    type=click.File(encoding="utf-8", errors="surrogateescape"),
    metavar="FILE",
    help="A file with the names of more images, one per line; - is standard input.",
)
@click.option(
    "-j",
    "--concurrency",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    help="Maximum number of concurrent requests.",
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
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
    listed: Any,
    concurrency: int,
    patience: float,
    model: str,
    system: str | None,
    json_schema: Path | None,
    image_options: ImageOptions,
    service: Service,
) -> int:
    """Ask PROMPT about each of IMAGES: files, directories or URLs.

    If the command is stopped or killed, the same command resumes. It skips images that have a
    result in --out and tries failed images again. An image is identified by its name as passed.
    """
    check_prompt(prompt, ())
    names = _names(images, listed)
    schema = read_schema(json_schema)
    from xai_vision._cli.batch.results_file import ResultsFile
    from xai_vision._cli.batch.runner import BatchRequest, BatchRunner

    question = BatchRequest(prompt, model, system, schema, image_options)
    with ResultsFile(out, _hash_request(question)) as ledger:
        batch = BatchRunner(question, ledger, concurrency=concurrency, patience=patience)
        done = [name for name in names if name in ledger.answered]
        if ledger.repaired:
            print_note(f"{out}: removed an incomplete line of the last run")
        if done:
            print_note(f"{len(done)} of {len(names)} images already have a result")
            _report_changed_files(done, ledger.answered)
        ended = _run(batch, [name for name in names if name not in ledger.answered], service)
    tally = batch.stats
    print_note(_summary(tally, len(names), len(done), out))
    return ended or _exit_code_of(tally)


def _names(images: tuple[str, ...], listed: Any) -> list[str]:
    if "-" in images:
        raise click.UsageError(
            "- is not supported as an image of a batch; --from - reads names of images."
        )
    lines = [line.rstrip("\r\n") for line in listed] if listed is not None else []
    given = [*images, *(line for line in lines if line)]
    names: dict[str, None] = {}
    for name in given:
        folder = None if is_url(name) else Path(name)
        if folder is None or not folder.is_dir():
            names[name] = None
            continue
        found = sorted(str(p) for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
        if not found:
            raise click.UsageError(f"no images in the directory {name}.")
        names.update(dict.fromkeys(found))
    if not names:
        raise click.UsageError("no images to process.")
    return list(names)


def _hash_request(question: Any) -> str:
    """Return a hash that identifies the request."""
    whole = json.dumps(question.as_dict(), sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _report_changed_files(done: list[str], sizes: dict[str, int | None]) -> None:
    for name in done:
        before = sizes[name]
        if before is None or is_url(name):
            continue
        try:
            now = Path(name).stat().st_size
        except OSError:
            continue
        if now != before:
            print_note(
                f"{name} has changed since its result was written; delete the line to ask again"
            )


def _run(batch: BatchRunner, names: list[str], service: Service) -> int:
    """Process the images; return the exit code of an error that ended the batch, or 0."""
    if not names:
        return Exit.OK
    from xai_vision._cli.batch.progress import progress
    from xai_vision._cli.connection import client_arguments

    with client_arguments(service) as given, progress(sys.stderr, len(names), batch):
        try:
            asyncio.run(batch.run(names, given))
        except (KeyboardInterrupt, asyncio.CancelledError):
            print_error("interrupted; the same command resumes")
            return Exit.TERMINATED if batch.terminated else Exit.INTERRUPTED
        except Exception as error:
            if exit_code(error) is Exit.FAILED and not isinstance(error, OSError):
                raise
            where = f"{error.filename or batch.out}: " if isinstance(error, OSError) else ""
            print_error(f"{where}{error_text(error)} The same command resumes.")
            return exit_code(error)
    return Exit.OK


def _summary(tally: BatchStats, total: int, before: int, out: Path) -> str:
    from xai_vision._cli.report import usd

    parts = [f"{tally.answered + before} of {total} images done, results in {out}"]
    if tally.failed:
        parts.append(f"{len(tally.failed)} failed")
    parts.append(
        f"{tally.tokens_in:,} tokens in (images {tally.image_tokens:,}), "
        f"{tally.tokens_out:,} out, {usd(tally.cost)}"
    )
    return " · ".join(parts)


def _exit_code_of(tally: BatchStats) -> int:
    return exit_code(tally.failed[0]) if tally.failed else Exit.OK
