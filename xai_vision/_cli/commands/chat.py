"""``xai-vision chat``: a conversation."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import click

from xai_vision._cli.exit_codes import Exit, epilog, exit_of
from xai_vision._cli.image_files import PICTURE
from xai_vision._cli.options import (
    Looking,
    Service,
    looking_options,
    model_option,
    service_options,
    system_option,
)
from xai_vision._cli.terminal import complain, note, said, write_answer

if TYPE_CHECKING:
    from xai_vision.chat import Chat, ImageContent, Response
    from xai_vision.imaging import PreparedImage

__all__ = ["command"]

_PROMPT = "you> "
_HELP = """\
/add PICTURE...  show pictures with the next question: files or URLs
/drop            take them back
/pictures        which pictures wait for the next question
/new             begin anew
/cost            what the conversation has cost so far
/quit            end; so does the end of input (Ctrl-D)"""


@click.command("chat", epilog=epilog("xai-vision chat photo.jpg"))
@click.argument("pictures", nargs=-1, type=PICTURE)
@model_option
@system_option
@looking_options
@service_options
def command(
    pictures: tuple[str, ...],
    *,
    model: str,
    system: str | None,
    looking: Looking,
    service: Service,
) -> int:
    """Talk about pictures.

    Each line is a question; PICTUREs go with the first. /add shows another picture, /help lists
    what else there is. Ctrl-C stops an answer.
    """
    if "-" in pictures:
        raise click.UsageError("- cannot be a picture here: standard input has the questions.")
    from xai_vision._cli.connection import client
    from xai_vision.chat import system as instructions

    with client(service) as asked:

        def begin() -> Chat:
            chat = asked.chat.create(model)
            return chat.append(instructions(system)) if system else chat

        talk = Talk(begin, looking)
        for name in pictures:
            talk.add(name)
        return talk.run()


class Talk:
    """A conversation, line by line."""

    def __init__(self, begin: Callable[[], Chat], looking: Looking) -> None:
        self._begin = begin
        self._chat = begin()
        self._looking = looking
        self._waiting: list[PreparedImage] = []
        self._tokens = 0
        self._cost = 0.0
        self._failed = Exit.OK
        self._commands: dict[str, Callable[[list[str]], object]] = {
            "add": self._add_all,
            "drop": lambda _: self._waiting.clear(),
            "pictures": lambda _: self._list(),
            "new": lambda _: self._anew(),
            "cost": lambda _: self._tell_cost(),
            "help": lambda _: note(_HELP, dim=False),
        }

    def run(self) -> int:
        """Take lines until there are no more.

        Returns:
            The exit code: where nobody sits at a terminal, that of the first failure.
        """
        interactive = sys.stdin.isatty()
        if interactive:
            note("/help lists commands; Ctrl-D ends.")
            _load_line_editing()
        while True:
            try:
                line = input(_PROMPT) if interactive else sys.stdin.readline()
            except EOFError:
                write_answer("\n")
                return Exit.OK
            if not interactive and not line:
                return self._failed
            line = line.strip()
            if line in ("/quit", "/exit"):
                return Exit.OK if interactive else self._failed
            self._take(line)

    def _take(self, line: str) -> None:
        if not line:
            return
        if not line.startswith("/"):
            self._ask(line)
            return
        name, _, rest = line[1:].partition(" ")
        act = self._commands.get(name)
        if act is None:
            complain(f"no command /{name}; /help lists them")
            return
        try:
            act(shlex.split(rest))
        except ValueError as error:
            complain(f"/{name}: {error}")

    def add(self, name: str) -> None:
        """Have a picture wait for the next question.

        Raises:
            ImageError: It cannot be sent.
        """
        from xai_vision._cli.image_files import open_picture

        self._waiting.append(open_picture(name, self._looking))

    def _add_all(self, names: list[str]) -> None:
        if not names:
            complain("/add needs the name of a picture")
        from xai_vision.errors import ImageError

        for name in names:
            if name == "-":
                complain("-: standard input has the questions")
                continue
            try:
                self.add(name)
            except ImageError as error:
                self._fail(error)
            else:
                note(f"added {self._waiting[-1].describe()}")

    def _fail(self, error: Exception, more: str = "") -> None:
        self._failed = self._failed or exit_of(error)
        complain(said(error) + more)

    def _list(self) -> None:
        for picture in self._waiting:
            note(picture.describe(), dim=False)
        if not self._waiting:
            note("no picture waits", dim=False)

    def _anew(self) -> None:
        self._chat = self._begin()
        self._waiting.clear()

    def _tell_cost(self) -> None:
        from xai_vision._cli.report import usd

        note(f"{self._tokens:,} tokens, {usd(self._cost)}", dim=False)

    def _ask(self, question: str) -> None:
        from xai_vision.chat import image
        from xai_vision.errors import XaiVisionError

        parts = [image(picture, detail=self._looking.detail) for picture in self._waiting]
        try:
            response = self._stream(question, parts)
        except KeyboardInterrupt:
            complain("stopped; the question is taken back")
        except XaiVisionError as error:
            kept = " The pictures still wait; /drop takes them back." if self._waiting else ""
            self._fail(error, kept)
        else:
            self._waiting.clear()
            if response is not None:
                self._count(response)

    def _stream(self, question: str, parts: list[ImageContent]) -> Response | None:
        response = None
        written = False
        with closing(self._chat.ask_stream(question, *parts)) as pairs:
            try:
                for response, chunk in pairs:  # noqa: B007  # the last one is the answer
                    if chunk.content:
                        written = True
                        write_answer(chunk.content)
            finally:
                if written:
                    write_answer("\n")
        return response

    def _count(self, response: Response) -> None:
        from xai_vision._cli.report import tally

        self._tokens += response.usage.total_tokens
        self._cost += response.cost_usd or 0.0
        note(tally(response))


def _load_line_editing() -> None:
    with suppress(ImportError):  # not on Windows
        import readline  # noqa: F401  # input() edits lines once it is loaded
