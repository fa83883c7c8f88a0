"""``xai-vision chat``: a conversation."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import click

from xai_vision._cli.exit_codes import Exit, epilog, exit_code
from xai_vision._cli.image_files import IMAGE
from xai_vision._cli.options import (
    ImageOptions,
    Sampling,
    Service,
    image_options,
    model_option,
    sampling_options,
    service_options,
    system_option,
)
from xai_vision._cli.parsing.prompt_reader import PromptReader
from xai_vision._cli.report import UsageTotals, usage_line
from xai_vision._cli.terminal import error_text, print_error, print_note, write_response

if TYPE_CHECKING:
    from xai_vision.chat import Chat, ImageContent, Response
    from xai_vision.imaging import PreparedImage


_HELP = """\
/add IMAGE...  add images to the next prompt: files or URLs
/drop          discard pending images
/images        list pending images
/new           start over
/cost          show the cost of the conversation
/quit          quit (or Ctrl-D)
A line that ends in a backslash continues on the next line."""


@click.command(
    "chat",
    short_help="Start a conversation about images.",
    epilog=epilog("xai-vision chat photo.jpg"),
)
@click.argument("images", nargs=-1, type=IMAGE)
@model_option
@system_option
@sampling_options
@image_options
@service_options
def command(
    images: tuple[str, ...],
    *,
    model: str,
    system: str | None,
    sampling: Sampling,
    image_options: ImageOptions,
    service: Service,
) -> int:
    """Start a conversation about images.

    Each line is a prompt; IMAGEs are sent with the first. /add adds another image, /help lists all
    commands. Ctrl-C stops a response.
    """
    if "-" in images:
        raise click.UsageError("- is not supported as an image: standard input has the prompts.")
    from xai_vision._cli.connection import open_client
    from xai_vision.chat import system as instructions

    with open_client(service) as client:

        def begin() -> Chat:
            chat = client.chat.create(model, **sampling.settings())
            return chat.append(instructions(system)) if system else chat

        talk = Conversation(begin, model, image_options)
        for name in images:
            talk.add(name)
        return talk.run()


class Conversation:
    """A conversation that reads prompts line by line."""

    def __init__(self, begin: Callable[[], Chat], model: str, image_options: ImageOptions) -> None:
        self._begin = begin
        self._model = model
        self._chat = begin()
        self._image_options = image_options
        self._pending: list[PreparedImage] = []
        self._usage = UsageTotals()
        self._failed = Exit.OK
        self._commands: dict[str, Callable[[list[str]], object]] = {
            "add": self._add_all,
            "drop": lambda _: self._pending.clear(),
            "images": lambda _: self._list(),
            "new": lambda _: self._reset(),
            "cost": lambda _: self._print_cost(),
            "help": lambda _: print_note(_HELP, dim=False),
        }

    def run(self) -> int:
        """Read lines until the end of input.

        Returns:
            The exit code; without a terminal, that of the first error.
        """
        reader = PromptReader()
        if reader.interactive:
            pending = [image.describe() for image in self._pending]
            print_note("\n".join([f"{self._model}; /help lists commands; Ctrl-D ends", *pending]))
        for prompt in reader:
            if prompt in ("/quit", "/exit"):
                break
            self._handle_line(prompt)
        return Exit.OK if reader.interactive else self._failed

    def _handle_line(self, line: str) -> None:
        if not line:
            return
        if not line.startswith("/"):
            self._ask(line)
            return
        name, _, rest = line[1:].partition(" ")
        act = self._commands.get(name)
        if act is None:
            print_error(f"no command /{name}; /help lists them")
            return
        try:
            act(shlex.split(rest))
        except ValueError as error:
            print_error(f"/{name}: {error}")

    def add(self, name: str) -> None:
        """Add an image to the next prompt.

        Raises:
            ImageError: The image cannot be sent.
        """
        from xai_vision._cli.image_files import open_image

        self._pending.append(open_image(name, self._image_options))

    def _add_all(self, names: list[str]) -> None:
        if not names:
            print_error("/add needs the name of an image")
        from xai_vision.errors import ImageError

        for name in names:
            if name == "-":
                print_error("-: standard input has the prompts")
                continue
            try:
                self.add(name)
            except ImageError as error:
                self._report_error(error)
            else:
                print_note(f"added {self._pending[-1].describe()}")

    def _report_error(self, error: Exception, more: str = "") -> None:
        self._failed = self._failed or exit_code(error)
        print_error(error_text(error) + more)

    def _list(self) -> None:
        for prepared in self._pending:
            print_note(prepared.describe(), dim=False)
        if not self._pending:
            print_note("no pending images", dim=False)

    def _reset(self) -> None:
        self._chat = self._begin()
        self._pending.clear()

    def _print_cost(self) -> None:
        print_note(str(self._usage), dim=False)

    def _ask(self, prompt: str) -> None:
        from xai_vision.chat import image
        from xai_vision.errors import XaiVisionError

        parts = [image(prepared, detail=self._image_options.detail) for prepared in self._pending]
        try:
            response = self._stream(prompt, parts)
        except KeyboardInterrupt:
            print_error("stopped; the prompt was removed")
        except XaiVisionError as error:
            hint = " The images are still pending; /drop discards them." if self._pending else ""
            self._report_error(error, hint)
        else:
            self._pending.clear()
            if response is not None:
                self._count(response)

    def _stream(self, prompt: str, parts: list[ImageContent]) -> Response | None:
        response = None
        written = False
        with closing(self._chat.ask_stream(prompt, *parts)) as pairs:
            try:
                for response, chunk in pairs:  # noqa: B007  # the last one is the response
                    if chunk.content:
                        written = True
                        write_response(chunk.content)
            finally:
                if written:
                    write_response("\n")
        return response

    def _count(self, response: Response) -> None:
        self._usage.add(response)
        print_note(usage_line(response))
