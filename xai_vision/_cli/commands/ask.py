"""``xai-vision ask``: send one prompt and stream the response."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xai_vision._cli.exit_codes import CliError, Exit, epilog
from xai_vision._cli.image_files import IMAGE
from xai_vision._cli.options import (
    ImageOptions,
    Service,
    image_options,
    json_option,
    model_option,
    read_schema,
    schema_option,
    service_options,
    system_option,
)
from xai_vision._cli.terminal import print_note, write_response

if TYPE_CHECKING:
    from xai_vision.chat import Chat, Response
    from xai_vision.imaging import PreparedImage


@click.command(
    "ask",
    epilog=epilog(
        'xai-vision ask "What is this?" photo.jpg',
        'curl -s https://example.com/a.png | xai-vision ask "Read the text" - --detail high',
    ),
)
@click.argument("prompt")
@click.argument("images", nargs=-1, type=IMAGE)
@model_option
@system_option
@image_options
@schema_option
@click.option("--web-search", is_flag=True, help="Let the model search the web and view images.")
@click.option(
    "--store", is_flag=True, help="Store the response on the server, to continue it later."
)
@click.option("--continue", "continue_id", metavar="ID", help="Continue a stored response.")
@click.option("--last", is_flag=True, help="Continue the last stored response.")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print only errors to stderr.")
@service_options
def command(
    prompt: str,
    images: tuple[str, ...],
    *,
    model: str,
    system: str | None,
    json_schema: Path | None,
    web_search: bool,
    store: bool,
    continue_id: str | None,
    last: bool,
    as_json: bool,
    quiet: bool,
    image_options: ImageOptions,
    service: Service,
) -> None:
    """Ask PROMPT about IMAGEs: files, URLs, or - for standard input.

    The response is streamed to stdout. Tokens, cost and the response's id go to stderr.
    """
    if last and continue_id:
        raise click.UsageError("--last and --continue are mutually exclusive.")
    check_prompt(prompt, images)
    settings: dict[str, Any] = {"store_messages": store}
    schema = read_schema(json_schema)
    if schema is not None:
        settings["response_format"] = schema
    if continue_id or last:
        settings["previous_response_id"] = continue_id or _last_response_id(service)
    if web_search:
        from xai_vision.tools import web_search as search_tool

        settings["tools"] = [search_tool(enable_image_understanding=True)]

    from xai_vision._cli.connection import open_client
    from xai_vision._cli.image_files import open_image
    from xai_vision._cli.report import as_dict, usage_line
    from xai_vision.chat import image, user
    from xai_vision.chat import system as instructions

    prepared = [open_image(name, image_options) for name in images]
    if not quiet:
        _print_changes(prepared)
    with open_client(service) as api:
        chat = api.chat.create(model, **settings)
        if system:
            chat.append(instructions(system))
        parts = [image(prepared, detail=image_options.detail) for prepared in prepared]
        chat.append(user(prompt, *parts))
        response = _stream_response(chat, silent=as_json)
    value = parse_json(response) if schema is not None else None
    if as_json:
        document = as_dict(response, prepared, fake=service.fake)
        if schema is not None:
            document["parsed"] = value
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    if store and not service.fake:
        from xai_vision._cli.last_response import save

        save(response.id, service.host)
    if not quiet:
        print_note(usage_line(response))


def check_prompt(prompt: str, images: tuple[str, ...]) -> None:
    """Refuse an empty prompt, and a prompt that is the name of a file."""
    if not prompt.strip():
        raise click.UsageError("PROMPT is empty.")
    try:
        is_file = len(prompt) < 4096 and Path(prompt).is_file()
    except (OSError, ValueError):
        is_file = False
    if is_file:
        raise click.UsageError(
            f"PROMPT is the file {prompt!r}: the prompt comes first, then the images."
        )
    if images.count("-") > 1:
        raise click.UsageError("- can be used once only.")


def _last_response_id(service: Service) -> str:
    from xai_vision._cli.last_response import load

    if service.fake:
        raise click.UsageError(
            "--last: the embedded fake server stores nothing between runs; see `serve`."
        )
    return load(service.host)


def _print_changes(images: list[PreparedImage]) -> None:
    for image in images:
        if image.changes:
            print_note(f"{image.source}: {', '.join(map(str, image.changes))}")


def _stream_response(chat: Chat, *, silent: bool) -> Response:
    response = None
    written = ""
    with closing(chat.stream()) as pairs:
        try:
            for response, chunk in pairs:  # noqa: B007  # the last one is the response
                if not silent and chunk.content:
                    written = chunk.content
                    write_response(written)
        finally:
            # Whatever the terminal shows next, including an error, starts on a new line.
            if written and not written.endswith("\n"):
                write_response("\n")
    if response is None:
        raise CliError("the service sent an empty stream", Exit.SERVICE)
    return response


def parse_json(response: Response) -> Any:
    """Parse the response as JSON.

    Raises:
        CliError: The response is not valid JSON.
    """
    try:
        return json.loads(response.content)
    except ValueError as error:
        cut = " It was cut short." if "MAX" in response.finish_reason else ""
        raise CliError(
            f"the response is not the requested JSON: {error}.{cut}", Exit.SERVICE
        ) from None
