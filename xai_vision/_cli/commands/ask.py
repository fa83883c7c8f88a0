"""``xai-vision ask``: one question, streamed."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xai_vision._cli.exit_codes import Exit, Failure, epilog
from xai_vision._cli.image_files import PICTURE
from xai_vision._cli.options import (
    Looking,
    Service,
    json_option,
    looking_options,
    model_option,
    read_schema,
    schema_option,
    service_options,
    system_option,
)
from xai_vision._cli.terminal import note, write_answer

if TYPE_CHECKING:
    from xai_vision.chat import Chat, Response
    from xai_vision.imaging import PreparedImage

__all__ = ["check_prompt", "command", "parsed"]


@click.command(
    "ask",
    epilog=epilog(
        'xai-vision ask "What is this?" photo.jpg',
        'curl -s https://example.com/a.png | xai-vision ask "Read the text" - --detail high',
    ),
)
@click.argument("prompt")
@click.argument("pictures", nargs=-1, type=PICTURE)
@model_option
@system_option
@looking_options
@schema_option
@click.option("--web-search", is_flag=True, help="Let the model search, and view what it finds.")
@click.option(
    "--store", is_flag=True, help="Have the answer stored, so that one can go on from it."
)
@click.option("--continue", "go_on", metavar="ID", help="Go on from a stored answer.")
@click.option("--last", is_flag=True, help="Go on from the last answer stored here.")
@json_option
@click.option(
    "-q", "--quiet", is_flag=True, help="Nothing on stderr but errors (and that a fake is one)."
)
@service_options
def command(
    prompt: str,
    pictures: tuple[str, ...],
    *,
    model: str,
    system: str | None,
    json_schema: Path | None,
    web_search: bool,
    store: bool,
    go_on: str | None,
    last: bool,
    as_json: bool,
    quiet: bool,
    looking: Looking,
    service: Service,
) -> None:
    """Ask PROMPT about PICTUREs: files, URLs, or - for standard input.

    The answer goes to stdout as it is written; tokens, cost and the answer's id go to stderr.
    """
    if last and go_on:
        raise click.UsageError("--last and --continue cannot both be given.")
    check_prompt(prompt, pictures)
    settings: dict[str, Any] = {"store_messages": store}
    schema = read_schema(json_schema)
    if schema is not None:
        settings["response_format"] = schema
    if go_on or last:
        settings["previous_response_id"] = go_on or _recalled(service)
    if web_search:
        from xai_vision.tools import web_search as searching

        settings["tools"] = [searching(enable_image_understanding=True)]

    from xai_vision._cli.connection import client
    from xai_vision._cli.image_files import open_picture
    from xai_vision._cli.report import as_dict, tally
    from xai_vision.chat import image, user
    from xai_vision.chat import system as instructions

    shown = [open_picture(name, looking) for name in pictures]
    if not quiet:
        _tell_changes(shown)
    with client(service) as asked:
        chat = asked.chat.create(model, **settings)
        if system:
            chat.append(instructions(system))
        parts = [image(picture, detail=looking.detail) for picture in shown]
        chat.append(user(prompt, *parts))
        response = _answer(chat, silent=as_json)
    value = parsed(response) if schema is not None else None
    if as_json:
        told = as_dict(response, shown, fake=service.fake)
        if schema is not None:
            told["parsed"] = value
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    if store and not service.fake:
        from xai_vision._cli.last_response import remember

        remember(response.id, service.host)
    if not quiet:
        note(tally(response))


def check_prompt(prompt: str, pictures: tuple[str, ...]) -> None:
    """Refuse a question that is a file's name: the file would be sent as these few letters."""
    if not prompt.strip():
        raise click.UsageError("PROMPT is empty.")
    try:
        is_file = len(prompt) < 4096 and Path(prompt).is_file()
    except (OSError, ValueError):
        is_file = False
    if is_file:
        raise click.UsageError(
            f"PROMPT is the file {prompt!r}: the question comes first, then the pictures."
        )
    if pictures.count("-") > 1:
        raise click.UsageError("- can be given once: there is one standard input.")


def _recalled(service: Service) -> str:
    from xai_vision._cli.last_response import recall

    if service.fake:
        raise click.UsageError("--last: an embedded fake forgets when it ends; see `serve`.")
    return recall(service.host)


def _tell_changes(pictures: list[PreparedImage]) -> None:
    for picture in pictures:
        if picture.changes:
            note(f"{picture.source}: {', '.join(map(str, picture.changes))}")


def _answer(chat: Chat, *, silent: bool) -> Response:
    response = None
    written = ""
    with closing(chat.stream()) as pairs:
        try:
            for response, chunk in pairs:  # noqa: B007  # the last one is the answer
                if not silent and chunk.content:
                    written = chunk.content
                    write_answer(written)
        finally:
            # What comes after it on a terminal, be it an error, begins on a line of its own.
            if written and not written.endswith("\n"):
                write_answer("\n")
    if response is None:
        raise Failure("the service answered with nothing", Exit.SERVICE)
    return response


def parsed(response: Response) -> Any:
    """The answer read as JSON.

    Raises:
        Failure: It is none.
    """
    try:
        return json.loads(response.content)
    except ValueError as error:
        cut = " It was cut short." if "MAX" in response.finish_reason else ""
        raise Failure(
            f"the answer is not the JSON that was asked for: {error}.{cut}", Exit.SERVICE
        ) from None
