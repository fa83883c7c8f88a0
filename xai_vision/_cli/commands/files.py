"""``xai-vision files``: upload, list, show, read and delete stored files."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Literal

import click

from xai_vision._cli.exit_codes import CliError, Exit, epilog, exit_code
from xai_vision._cli.options import Service, json_option, service_options
from xai_vision._cli.parsing.groups import Group
from xai_vision._cli.parsing.numbers import Integer
from xai_vision._cli.progress_bars import progress_bars
from xai_vision._cli.tables import print_table
from xai_vision._cli.terminal import (
    clean_line,
    echo,
    error_text,
    print_error,
    print_json,
)


@click.group(
    "files",
    short_help="Upload, list, read and delete stored files.",
    cls=Group,
    epilog=epilog(
        "xai-vision files upload photo.jpg",
        "xai-vision files list --sort-by size --order desc",
        "xai-vision files content file_123 --output photo.jpg",
    ),
)
def command() -> None:
    """Upload, list, show, read and delete files that the service stores.

    A file's id can be used in place of an image, in programs and batches.
    """


@command.command("upload", epilog=epilog("xai-vision files upload *.jpg --expires-after 86400"))
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--name", metavar="NAME", help="Name for the service; required for - (stdin).")
@click.option(
    "--expires-after",
    type=Integer(),
    metavar="SECONDS",
    help="Seconds until the service deletes the file, from 3600 to 2592000. Default: never.",
)
@json_option
@service_options
def upload(
    *, files: tuple[str, ...], name: str | None, expires_after: int | None, **options: Any
) -> int:
    """Upload files, and print their ids. A file that fails does not stop the others."""
    from xai_vision._cli.connection import open_client
    from xai_vision.errors import XaiVisionError

    as_json, service = options["as_json"], options["service"]
    if name is not None and len(files) > 1:
        raise click.UsageError("--name is for a single FILE")
    if "-" in files and name is None:
        raise click.UsageError("stdin has no name: add --name NAME")
    uploaded, failed = [], Exit.OK
    with open_client(service) as api, _progress() as bar:
        for file in files:
            source: Path | BinaryIO = sys.stdin.buffer if file == "-" else Path(file)
            try:
                stored = api.files.upload(
                    source,
                    filename=name,
                    expires_after=expires_after,
                    on_progress=bar(name or Path(file).name),
                )
            except (XaiVisionError, OSError) as error:
                print_error(f"{file}: {error_text(error)}")
                failed = failed or exit_code(error)
            else:
                uploaded.append(_as_dict(stored))
                if not as_json:
                    echo(f"{stored.id}  {clean_line(stored.filename)}")
    if as_json:
        print_json(uploaded)
    return failed


@contextmanager
def _progress() -> Iterator[Callable[[str], Any]]:
    """Yield a function that returns the progress callback of a file; it is None off a terminal."""
    with progress_bars(_columns) as bars:

        def start(name: str) -> Callable[[int, int | None], None] | None:
            if bars is None:
                return None
            update = partial(bars.update, bars.add_task(clean_line(name), total=None))
            return lambda sent, total: update(completed=sent, total=total)

        yield start


def _columns() -> tuple[Any, ...]:
    from rich import progress

    return (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=24),
        progress.DownloadColumn(binary_units=True),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(compact=True),
    )


@command.command("list", epilog=epilog("""xai-vision files list --filter 'size_bytes > 1000000'"""))
@click.option("--order", type=click.Choice(["asc", "desc"]), help="Default: asc.")
@click.option(
    "--sort-by",
    type=click.Choice(["created_at", "filename", "size"]),
    help="Default: created_at.",
)
@click.option("--filter", "filter_", metavar="CONDITION", help="Condition on the files.")
@click.option(
    "--limit", type=Integer(min=1), metavar="N", help="List at most N files. Default: all."
)
@json_option
@service_options
def list_files(
    *,
    order: Literal["asc", "desc"] | None,
    sort_by: Literal["created_at", "filename", "size"] | None,
    filter_: str | None,
    limit: int | None,
    as_json: bool,
    service: Service,
) -> None:
    """List the stored files."""
    from xai_vision._cli.connection import open_client

    with open_client(service) as api:
        found = api.files.list_all(order=order, sort_by=sort_by, filter=filter_)
        rows = [_as_dict(file) for file in itertools.islice(found, limit)]
    if as_json:
        print_json(rows)
    else:
        _show(rows)


@command.command("get", epilog=epilog("xai-vision files get file_123 --json"))
@click.argument("file_id", metavar="ID")
@json_option
@service_options
def get(*, file_id: str, as_json: bool, service: Service) -> None:
    """Show the facts about a file."""
    from xai_vision._cli.connection import open_client

    with open_client(service) as api:
        row = _as_dict(api.files.get(file_id))
    if as_json:
        print_json(row)
    else:
        _show([row])


@command.command("delete", epilog=epilog("xai-vision files delete file_123 file_456"))
@click.argument("file_ids", nargs=-1, required=True, metavar="ID...")
@service_options
def delete(*, file_ids: tuple[str, ...], service: Service) -> None:
    """Delete files."""
    from xai_vision._cli.connection import open_client

    with open_client(service) as api:
        for file_id in file_ids:
            echo(f"deleted {api.files.delete(file_id).id}")


@command.command("content", epilog=epilog("xai-vision files content file_123 > photo.jpg"))
@click.argument("file_id", metavar="ID")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File to write. Default: stdout.",
)
@click.option("--text", is_flag=True, help="The extracted text instead of the uploaded bytes.")
@service_options
def content(*, file_id: str, output: Path | None, text: bool, service: Service) -> None:
    """Write the content of a file to stdout or a file."""
    from xai_vision._cli.connection import open_client

    on_terminal = output is None and sys.stdout.isatty()
    if on_terminal and not text:
        raise CliError("the content may be binary: add --output FILE, or --text", Exit.USAGE)
    form: Literal["text"] | None = "text" if text else None
    with open_client(service) as api:
        if on_terminal:
            echo(api.files.content(file_id, format=form).decode(errors="replace"))
        else:
            api.files.content_to(file_id, output or sys.stdout.buffer, format=form)


def _as_dict(file: Any) -> dict[str, Any]:
    def time(name: str) -> str | None:
        return getattr(file, name).ToJsonString() if file.HasField(name) else None

    return {
        "id": file.id,
        "filename": file.filename,
        "size": file.size,
        "created_at": time("created_at"),
        "expires_at": time("expires_at"),
        "public_url": file.public_url or None,
    }


def _show(rows: list[dict[str, Any]]) -> None:
    heads: dict[str, Literal["left", "right"]] = {
        "id": "left",
        "name": "left",
        "bytes": "right",
        "created": "left",
        "expires": "left",
    }
    cells = [
        (
            row["id"],
            clean_line(row["filename"]),
            f"{row['size']:,}",
            str(row["created_at"])[:19],
            str(row["expires_at"] or "never")[:19],
            row["public_url"] or "",
        )
        for row in rows
    ]
    drop = ("public URL", "expires", "created", "bytes")
    print_table({**heads, "public URL": "left"}, cells, drop=drop)
