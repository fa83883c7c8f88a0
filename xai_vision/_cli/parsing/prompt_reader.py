"""The lines of a conversation, from a terminal or another program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress

from xai_vision._cli.exit_codes import CliError, Exit
from xai_vision._cli.terminal import print_note, write_response

_PROMPT = "you> "
_CONTINUED = "...> "


class PromptReader:
    """Reads prompts from standard input. A line that ends in a backslash continues on the next.

    Attributes:
        interactive: Whether standard input is a terminal.
    """

    def __init__(self) -> None:
        self.interactive = sys.stdin.isatty()
        if self.interactive:
            with suppress(ImportError):  # not on Windows
                import readline  # noqa: F401  # input() edits lines once it is loaded

    def __iter__(self) -> Iterator[str]:
        """Yield prompts until the end of input.

        Raises:
            KeyboardInterrupt: Ctrl-C was typed twice at the prompt.
            CliError: The input is not text.
        """
        interrupted = False
        while True:
            try:
                prompt = self._read_prompt()
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                write_response("\n")
                print_note("Ctrl-C again or Ctrl-D ends the conversation")
                continue
            if prompt is None:
                return
            interrupted = False
            yield prompt

    def _read_prompt(self) -> str | None:
        lines: list[str] = []
        while (line := self._read_line(_CONTINUED if lines else _PROMPT)) is not None:
            lines.append(line.removesuffix("\\"))
            if not line.endswith("\\"):
                break
        return "\n".join(lines).strip() if lines else None

    def _read_line(self, prompt: str) -> str | None:
        if self.interactive:
            try:
                return input(prompt)
            except EOFError:
                write_response("\n")
                return None
        data = sys.stdin.buffer.readline()
        try:
            line = data.decode()
        except UnicodeDecodeError:
            line = "\0"
        if "\0" in line:
            raise CliError(
                "standard input is not UTF-8 text. `chat` reads prompts from it; name images as "
                "arguments: xai-vision chat photo.jpg",
                Exit.USAGE,
            )
        return line.rstrip("\r\n") if data else None
