"""``xai-vision ask``: send one prompt and stream the response."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xai_vision._cli.exit_codes import CliError, Exit, epilog
from xai_vision._cli.image_files import IMAGE
from xai_vision._cli.options import (
    ImageOptions,
    Sampling,
    Service,
    image_options,
    json_option,
    model_option,
    sampling_options,
    schema_option,
    service_options,
    system_option,
)
from xai_vision._cli.parsing.standard_input import read_prompt, with_piped_image
from xai_vision._cli.pdf_files import dpi_option, open_images, pages_option
from xai_vision._cli.terminal import print_json, print_note, write_response
from xai_vision.bulk._run.json_depth import load_json

if TYPE_CHECKING:
    from xai_vision.chat import Chat, Response


@click.command(
    "ask",
    short_help="Ask about images: files, PDFs, URLs, standard input.",
    epilog=epilog(
        'xai-vision ask "What is this?" photo.jpg',
        'xai-vision ask "Summarize" report.pdf --pages 1-3',
        'curl -s https://example.com/a.png | xai-vision ask "Read the text" - --detail high',
        "xai-vision ask - photo.jpg < prompt.txt",
    ),
)
@click.argument("prompt")
@click.argument("images", nargs=-1, type=IMAGE)
@model_option
@system_option
@image_options
@pages_option
@dpi_option
@schema_option
@sampling_options
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
    json_schema: dict[str, Any] | None,
    web_search: bool,
    store: bool,
    continue_id: str | None,
    last: bool,
    as_json: bool,
    quiet: bool,
    image_options: ImageOptions,
    sampling: Sampling,
    pages: list[int] | None,
    dpi: float,
    service: Service,
) -> None:
    """Ask PROMPT about IMAGEs: files (also PDF), URLs, or - for standard input.

    PROMPT can be - as well. Without IMAGEs, an image that is piped to the command is used.
    The response is streamed to stdout. Tokens, cost and the response's id go to stderr.
    """
    if last and continue_id:
        raise click.UsageError("--last and --continue are mutually exclusive.")
    with_input = with_piped_image(prompt, images, quiet=quiet)
    prompt, images = check_prompt(prompt, images), with_input
    settings: dict[str, Any] = {"store_messages": store, **sampling.settings()}
    if json_schema is not None:
        settings["response_format"] = json_schema
    if continue_id or last:
        settings["previous_response_id"] = continue_id or _load_response_id(service)
    if web_search:
        from xai_vision.tools import web_search as search_tool

        settings["tools"] = [search_tool(enable_image_understanding=True)]

    from xai_vision._cli.connection import open_client
    from xai_vision._cli.report import as_dict, parse_json, usage_line
    from xai_vision.chat import image, user
    from xai_vision.chat import system as instructions

    prepared = open_images(images, image_options, pages, dpi)
    if not quiet:
        for sent in prepared:
            if sent.changes:
                print_note(f"{sent.source}: {', '.join(map(str, sent.changes))}")
    with open_client(service) as api:
        chat = api.chat.create(model, **settings)
        if system:
            chat.append(instructions(system))
        chat.append(user(prompt, *(image(sent, detail=image_options.detail) for sent in prepared)))
        response = _stream_response(chat, silent=as_json)
    parsed = {} if json_schema is None else {"parsed": parse_json(response)}
    if as_json:
        print_json({**as_dict(response, prepared, fake=service.fake), **parsed})
    if store and not service.fake:
        _save_response_id(response.id, service.host)
    if not quiet:
        print_note(usage_line(response))


def check_prompt(prompt: str, images: tuple[str, ...]) -> str:
    """Return the prompt; "-" reads it from standard input.

    Raises:
        UsageError: The prompt is empty, or the name of a file.
        CliError: Standard input has no text.
    """
    if (prompt, *images).count("-") > 1:
        raise click.UsageError("- can be used once only.")
    if prompt == "-":
        return read_prompt()
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
    return prompt


def _save_response_id(response_id: str, host: str) -> None:
    """Save an id for --last; ignore errors."""
    path = _state_file()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"id": response_id, "host": host}), encoding="utf-8")
        fresh.replace(path)


def _load_response_id(service: Service) -> str:
    """Return the last saved id.

    Raises:
        CliError: No id is saved, or it was stored on another host.
    """
    if service.fake:
        raise click.UsageError(
            "--last: the embedded fake server stores nothing between runs; see `serve`."
        )
    try:
        saved = load_json(_state_file().read_bytes())
        saved_id, saved_host = str(saved["id"]), str(saved["host"])
    except (OSError, ValueError, KeyError, TypeError):
        raise CliError(
            "--last: no stored response to continue; use --store first", Exit.USAGE
        ) from None
    if saved_host != service.host:
        raise CliError(
            f"--last: the last response was stored on {saved_host}, not {service.host}", Exit.USAGE
        )
    return saved_id


def _state_file() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base, "xai-vision", "last.json")


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
