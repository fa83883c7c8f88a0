"""Run a batch: signals, output and exit codes around a job of ``xai_vision.bulk``."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xai_vision._cli.batch.results_stream import ResultsStream, is_stream
from xai_vision._cli.exit_codes import CliError, Exit, exit_code
from xai_vision._cli.image_files import source_of
from xai_vision._cli.terminal import error_text, print_error
from xai_vision.bulk import LedgerError, LedgerLockedError, Outcome, Row, Status, ask
from xai_vision.client import AsyncClient
from xai_vision.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable


class NamedImages:
    """The images of a batch as rows; the id of a row is the image's name as passed."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def __iter__(self) -> Iterator[Row]:
        """Return the rows."""
        return (Row(name, (source_of(name),)) for name in self._names)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._names)


@dataclass
class Batch:
    """A batch and what became of it.

    Args:
        prompt: The prompt.
        names: The images.
        out: The results file; "-" is standard output. A pipe or a device gets the same lines, and
            cannot be resumed. None: beside ``parquet``.
        parquet: A Parquet file with the results.
        options: More arguments of ``bulk.ask``.

    Attributes:
        status: The state of the run.
        code: The exit code of the error or signal that ended the batch, or 0.
    """

    prompt: str
    names: list[str]
    out: Path | None
    parquet: Path | None
    options: dict[str, Any]
    status: Status = field(default_factory=Status)
    code: int = Exit.OK
    stopped: str | None = None
    _terminated: bool = False
    _stream: ResultsStream | None = None

    @property
    def is_stream(self) -> bool:
        """Whether the results go to standard output, a pipe or a device."""
        return self.out is not None and is_stream(self.out)

    def run(self, client: dict[str, Any], show: Callable[[Status], object]) -> None:
        """Process the images.

        Args:
            client: The arguments of AsyncClient.
            show: Shows the state.

        Raises:
            CliError: An argument is invalid, or the results file cannot be used.
        """
        resumes = "" if self.is_stream else " The same command resumes."
        try:
            with self._opened_stream():
                asyncio.run(self._run(client, show))
        except (LedgerError, LedgerLockedError) as error:
            code = Exit.USAGE if isinstance(error, LedgerError) else Exit.FAILED
            raise _cli_error(error, code) from None
        except (KeyboardInterrupt, asyncio.CancelledError):
            print_error(f"interrupted.{resumes}")
            self.code = Exit.TERMINATED if self._terminated else Exit.INTERRUPTED
        except (BrokenPipeError, CliError):  # for example `| head`
            raise
        except Exception as error:
            self.code = exit_code(error)
            if self.code is Exit.FAILED and not isinstance(error, OSError):
                raise
            where = ""
            if isinstance(error, OSError):
                where = f"{error.filename or self.out or self.parquet}: "
            print_error(f"{where}{error_text(error)}{resumes}")

    @contextmanager
    def _opened_stream(self) -> Iterator[None]:
        """Open the pipe or device during the block."""
        if self.out is None or not self.is_stream:
            yield
            return
        with ResultsStream(self.out) as self._stream:
            yield

    async def _run(self, client: dict[str, Any], show: Callable[[Status], object]) -> None:
        self._handle_signals()
        async with AsyncClient(**client) as api:
            try:
                job = ask(
                    self.prompt,
                    NamedImages(self.names),
                    out=self.parquet,
                    ledger=None if self.is_stream else self.out,
                    client=api,
                    **self.options,
                )
            except InvalidRequestError as error:
                raise _cli_error(error, Exit.USAGE) from None

            def keep(status: Status) -> None:
                self.status = status
                show(status)

            self.stopped = (await job._run(keep, self._report)).stopped

    async def _report(self, outcome: Outcome) -> None:
        """Print an outcome: a failure, or any that goes to a stream."""
        if self._stream is not None:
            self._stream.add(outcome.to_dict())
        if outcome.error is not None:
            text = error_text(Exception(outcome.error.message))
            print_error(text if text.startswith(outcome.id) else f"{outcome.id}: {text}")

    def _handle_signals(self) -> None:
        """Make SIGINT and SIGTERM cancel the task, so that no write is interrupted."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101  # it runs in a task

        def end(number: int) -> None:
            self._terminated = number == signal.SIGTERM
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, end, number)
            except (NotImplementedError, RuntimeError):  # Windows; not the main thread
                return


def _cli_error(error: Exception, code: Exit) -> CliError:
    text = error_text(error).replace("another out", "another --out")
    text = text.replace("out: ", "--parquet: ", text.startswith("out: "))
    return CliError(text.replace("ledger: ", "--out: ", text.startswith("ledger: ")), code)
