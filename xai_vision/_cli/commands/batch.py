"""``xai-vision batch``: one question about many pictures."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xai_vision._cli.commands.ask import check_prompt
from xai_vision._cli.exit_codes import Exit, epilog, exit_of
from xai_vision._cli.image_files import PICTURE, SUFFIXES, is_address
from xai_vision._cli.options import (
    Looking,
    Service,
    looking_options,
    model_option,
    read_schema,
    schema_option,
    service_options,
    system_option,
)
from xai_vision._cli.terminal import complain, note, said

if TYPE_CHECKING:
    from xai_vision._cli.batch.runner import Batch, Tally

__all__ = ["command"]


@click.command(
    "batch",
    epilog=epilog(
        'xai-vision batch "Describe it in a sentence" photos/ --out answers.jsonl',
        'find . -name "*.jpg" | xai-vision batch "Any text?" --from - --out text.jsonl',
    ),
)
@click.argument("prompt")
@click.argument("pictures", nargs=-1, type=PICTURE)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.jsonl",
    help="Where the answers go, a line of JSON each.",
)
@click.option(
    "--from",
    "listed",
    type=click.File(encoding="utf-8", errors="surrogateescape"),
    metavar="FILE",
    help="A file that names more pictures, one a line; - is standard input.",
)
@click.option(
    "-j",
    "--concurrency",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    help="How many to ask about at a time, at the most.",
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up after so long of nothing but rate limits.",
)
@model_option
@system_option
@looking_options
@schema_option
@service_options
def command(
    prompt: str,
    pictures: tuple[str, ...],
    *,
    out: Path,
    listed: Any,
    concurrency: int,
    patience: float,
    model: str,
    system: str | None,
    json_schema: Path | None,
    looking: Looking,
    service: Service,
) -> int:
    """Ask PROMPT about each of PICTURES, many at a time: files, folders or URLs.

    Stopped or killed at any point, the same command goes on where it was: no picture that has an
    answer in --out is asked about again, and no answer is lost. Pictures that failed are asked
    about again. A picture is known by its name as given.
    """
    check_prompt(prompt, ())
    names = _names(pictures, listed)
    schema = read_schema(json_schema)
    from xai_vision._cli.batch.results_file import Ledger
    from xai_vision._cli.batch.runner import Batch, Question

    question = Question(prompt, model, system, schema, looking)
    with Ledger(out, _mark(question)) as ledger:
        batch = Batch(question, ledger, concurrency=concurrency, patience=patience)
        done = [name for name in names if name in ledger.answered]
        if ledger.repaired:
            note(f"{out}: a line that was being written when the last run ended was taken out")
        if done:
            note(f"{len(done)} of {len(names)} pictures have an answer already")
            _tell_changed(done, ledger.answered)
        ended = _run(batch, [name for name in names if name not in ledger.answered], service)
    tally = batch.tally
    note(_summary(tally, len(names), len(done), out))
    return ended or _worst(tally)


def _names(pictures: tuple[str, ...], listed: Any) -> list[str]:
    if "-" in pictures:
        raise click.UsageError(
            "- cannot be a picture of a batch; --from - takes names of pictures."
        )
    lines = [line.rstrip("\r\n") for line in listed] if listed is not None else []
    given = [*pictures, *(line for line in lines if line)]
    names: dict[str, None] = {}
    for name in given:
        folder = None if is_address(name) else Path(name)
        if folder is None or not folder.is_dir():
            names[name] = None
            continue
        found = sorted(str(p) for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
        if not found:
            raise click.UsageError(f"there are no pictures in the folder {name}.")
        names.update(dict.fromkeys(found))
    if not names:
        raise click.UsageError("no pictures are given.")
    return list(names)


def _mark(question: Any) -> str:
    """What tells a question from others."""
    whole = json.dumps(question.as_dict(), sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _tell_changed(done: list[str], sizes: dict[str, int | None]) -> None:
    for name in done:
        before = sizes[name]
        if before is None or is_address(name):
            continue
        try:
            now = Path(name).stat().st_size
        except OSError:
            continue
        if now != before:
            note(f"{name} has changed since it was asked about; to ask again, delete its line")


def _run(batch: Batch, names: list[str], service: Service) -> int:
    """Ask about them all; returns the exit code of what ended it early, 0 if nothing did."""
    if not names:
        return Exit.OK
    from xai_vision._cli.batch.progress import progress
    from xai_vision._cli.connection import arguments

    with arguments(service) as given, progress(sys.stderr, len(names), batch):
        try:
            asyncio.run(batch.run(names, given))
        except (KeyboardInterrupt, asyncio.CancelledError):
            complain("interrupted; the same command goes on from here")
            return Exit.TERMINATED if batch.terminated else Exit.INTERRUPTED
        except Exception as error:
            if exit_of(error) is Exit.FAILED and not isinstance(error, OSError):
                raise
            where = f"{error.filename or batch.out}: " if isinstance(error, OSError) else ""
            complain(f"{where}{said(error)} The same command goes on from here.")
            return exit_of(error)
    return Exit.OK


def _summary(tally: Tally, total: int, before: int, out: Path) -> str:
    from xai_vision._cli.report import usd

    parts = [f"{tally.answered + before} of {total} pictures answered in {out}"]
    if tally.failed:
        parts.append(f"{len(tally.failed)} failed")
    parts.append(
        f"{tally.tokens_in:,} tokens in (pictures {tally.picture_tokens:,}), "
        f"{tally.tokens_out:,} out, {usd(tally.cost)}"
    )
    return " · ".join(parts)


def _worst(tally: Tally) -> int:
    return exit_of(tally.failed[0]) if tally.failed else Exit.OK
