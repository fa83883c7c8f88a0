"""``xai-vision batches``: create, fill, watch, read and cancel batches of the service."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from xai_vision._cli.commands.ask import check_prompt
from xai_vision._cli.exit_codes import Exit, epilog
from xai_vision._cli.image_files import IMAGE, image_names, open_image
from xai_vision._cli.options import (
    ImageOptions,
    Sampling,
    Service,
    image_options,
    json_option,
    listed_option,
    model_option,
    sampling_options,
    service_options,
    system_option,
)
from xai_vision._cli.parsing.groups import Group
from xai_vision._cli.parsing.numbers import Integer, Number
from xai_vision._cli.progress_bars import batch_progress
from xai_vision._cli.prompt_lines import read_requests
from xai_vision._cli.terminal import (
    clean_line,
    echo,
    json_text,
    print_json,
    print_note,
)

if TYPE_CHECKING:
    from xai_vision.chat import Chat
    from xai_vision.client import Client
    from xai_vision.proto import batch_pb2

_COUNTERS: Final = ("num_requests", "num_pending", "num_success", "num_error", "num_cancelled")


@click.group(
    "batches",
    short_help="Use batches of the service, at a lower price.",
    cls=Group,
    epilog=epilog(
        "xai-vision batches create photos",
        'xai-vision batches add batch_123 "Describe it in a sentence" photos/',
        "xai-vision batches wait batch_123",
        "xai-vision batches results batch_123 > answers.jsonl",
    ),
)
def command() -> None:
    """Create and read batches, which the service processes in the background at a lower price.

    Unlike these, `xai-vision batch` asks about images at once, from this machine.
    """


@command.command("create", epilog=epilog("xai-vision batches create photos"))
@click.argument("name")
@click.option(
    "--input-file-id",
    metavar="FILE_ID",
    help="An uploaded JSONL file with all requests; see `xai-vision files upload`.",
)
@json_option
@service_options
def create(*, name: str, input_file_id: str | None, as_json: bool, service: Service) -> None:
    """Create a batch, and print its id."""
    from xai_vision._cli.connection import open_client

    with open_client(service) as api:
        batch = api.batch.create(name, input_file_id=input_file_id)
        if as_json:
            _print(batch, as_json)
        else:
            echo(batch.batch_id)  # alone, for a variable of a shell


@command.command(
    "add",
    short_help="Add requests to a batch.",
    epilog=epilog(
        'xai-vision batches add batch_123 "Any text?" photos/',
        "xai-vision batches add batch_123 --requests requests.jsonl",
    ),
)
@click.argument("batch_id")
@click.argument("prompt", required=False)
@click.argument("images", nargs=-1, type=IMAGE)
@listed_option
@click.option(
    "--requests",
    "lines",
    type=click.File(encoding="utf-8"),
    metavar="FILE.jsonl",
    help='Requests, one a line: {"id": "a", "prompt": "Any text?", "images": ["a.jpg"]}.',
)
@model_option
@system_option
@sampling_options
@image_options
@service_options
def add(
    *,
    batch_id: str,
    prompt: str | None,
    images: tuple[str, ...],
    listed: Iterable[str] | None,
    lines: Iterable[str] | None,
    model: str,
    system: str | None,
    sampling: Sampling,
    image_options: ImageOptions,
    service: Service,
) -> None:
    """Add requests to a batch: PROMPT about each of IMAGES, or the lines of --requests.

    The id of a request is its image's name as passed, unless the line has an "id".
    """
    if (prompt is None) == (lines is None):
        raise click.UsageError("pass either PROMPT and IMAGES, or --requests")
    if prompt is not None:
        prompt = check_prompt(prompt, images)
    if lines is not None:
        requests = read_requests(lines)
    else:
        requests = [(name, prompt or "", [name]) for name in image_names(images, listed)]
    from xai_vision._cli.connection import open_client

    with open_client(service) as api:
        chats = [
            _chat(
                api, *request, model=model, system=system, options=image_options, sampling=sampling
            )
            for request in requests
        ]
        api.batch.add(batch_id, chats)
    print_note(f"{len(chats)} requests added")


def _chat(
    api: Client,
    request_id: str | None,
    prompt: str,
    images: list[str],
    *,
    model: str,
    system: str | None,
    options: ImageOptions,
    sampling: Sampling,
) -> Chat:
    from xai_vision import chat as messages

    before = [] if system is None else [messages.system(system)]
    chat = api.chat.create(
        model, messages=before, batch_request_id=request_id, **sampling.settings()
    )
    parts = [messages.image(open_image(name, options), detail=options.detail) for name in images]
    return chat.append(messages.user(prompt, *parts))


@command.command("list")
@click.option(
    "--limit", type=Integer(min=1), metavar="N", help="List at most N batches. Default: all."
)
@json_option
@service_options
def list_batches(*, limit: int | None, as_json: bool, service: Service) -> None:
    """List the batches, the newest first."""
    from xai_vision._cli.connection import open_client

    with open_client(service) as api:
        found = list(itertools.islice(_all_batches(api), limit))
    if as_json:
        print_json([_as_dict(batch) for batch in found])
    else:
        for batch in found:
            _print(batch, as_json)


def _all_batches(api: Client) -> Iterator[batch_pb2.Batch]:
    token = None
    while token != "":
        page = api.batch.list(pagination_token=token)
        yield from page.batches
        token = page.pagination_token


@command.command("get")
@click.argument("batch_id")
@json_option
@service_options
def get(*, batch_id: str, as_json: bool, service: Service) -> None:
    """Show the state of a batch."""
    from xai_vision._cli.connection import open_client

    with open_client(service) as api:
        _print(api.batch.get(batch_id), as_json)


@command.command("cancel")
@click.argument("batch_id")
@json_option
@service_options
def cancel(*, batch_id: str, as_json: bool, service: Service) -> None:
    """Cancel the pending requests of a batch."""
    from xai_vision._cli.connection import open_client

    with open_client(service) as api:
        _print(api.batch.cancel(batch_id), as_json)


@command.command("wait", epilog=epilog("xai-vision batches wait batch_123 --interval 60"))
@click.argument("batch_id")
@click.option(
    "--interval",
    type=Number(0.001, unit="of seconds"),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Seconds between two polls.",
)
@click.option(
    "--limit",
    type=Number(0.001, unit="of seconds"),
    default=24 * 3600.0,
    show_default=True,
    metavar="SECONDS",
    help="Stop waiting after this many seconds; the batch goes on.",
)
@json_option
@service_options
def wait(*, batch_id: str, interval: float, limit: float, as_json: bool, service: Service) -> None:
    """Wait until no request of a batch is pending."""
    from xai_vision._cli.connection import open_client

    with open_client(service) as api, batch_progress() as on_progress:
        batch = api.batch.wait(batch_id, interval=interval, timeout=limit, on_progress=on_progress)
    _print(batch, as_json)


@command.command(
    "results",
    short_help="Print the results of a batch as JSONL.",
    epilog=epilog("xai-vision batches results batch_123 > answers.jsonl"),
)
@click.argument("batch_id")
@service_options
def results(*, batch_id: str, service: Service) -> int:
    """Print the results of a batch as JSONL: an id with an answer or an error a line."""
    from xai_vision._cli.connection import open_client

    code = Exit.OK
    with open_client(service) as api:
        for result in api.batch.results(batch_id):
            line: dict[str, Any] = {"id": result.batch_request_id}
            kind = result.proto.response.WhichOneof("response")
            if result.has_error:
                line["error"] = result.error_message
                code = Exit.FAILED
            elif kind == "image_response":
                line["image"] = result.image_response.url
            elif kind == "video_response":
                line["video"] = result.video_response.url
            else:
                line["answer"] = result.response.content
                line["cost_usd"] = result.response.cost_usd
            echo(json_text(line))
    return code


def _as_dict(batch: batch_pb2.Batch) -> dict[str, Any]:
    from google.protobuf.json_format import MessageToDict

    state = {name: getattr(batch.state, name) for name in _COUNTERS}
    return {**MessageToDict(batch, preserving_proto_field_name=True), "state": state}


def _print(batch: batch_pb2.Batch, as_json: bool) -> None:
    if as_json:
        print_json(_as_dict(batch))
        return
    state = batch.state
    parts = [f"{state.num_requests - state.num_pending} of {state.num_requests} done"]
    parts += [f"{state.num_error} failed"] if state.num_error else []
    parts += [f"{state.num_cancelled} cancelled"] if state.num_cancelled else []
    echo(f"{batch.batch_id}  {clean_line(batch.name)}  {', '.join(parts)}")
