"""Asking one question about many pictures."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xai_vision._cli.batch.adaptive_limiter import Pace
from xai_vision._cli.batch.results_file import Ledger
from xai_vision._cli.exit_codes import Exit, Failure, exit_of
from xai_vision._cli.image_files import is_address, open_picture
from xai_vision._cli.options import Looking
from xai_vision._cli.report import picture_dict, usage_dict
from xai_vision._cli.terminal import complain, said
from xai_vision._transport.retry import RetryPolicy
from xai_vision.chat import image, system, user
from xai_vision.client import AsyncClient
from xai_vision.errors import RateLimitError, SafetyRefusalError, XaiVisionError

if TYPE_CHECKING:
    from xai_vision.chat import Response
    from xai_vision.imaging import PreparedImage

__all__ = ["Batch", "Question", "Tally"]

# The batch itself waits for rate limits: all of its pictures together.
_RETRIES = RetryPolicy(rate_limit_attempts=1)
_FAILURES_IN_A_ROW = 10


@dataclass(frozen=True)
class Question:
    """What is asked about each picture."""

    prompt: str
    model: str
    system: str | None
    schema: dict[str, Any] | None
    looking: Looking

    def as_dict(self) -> dict[str, Any]:
        """All of it, as plain values."""
        return asdict(self)


@dataclass
class Tally:
    """What a batch has come to.

    Attributes:
        failed: What went wrong, in the order it did.
    """

    answered: int = 0
    tokens_in: int = 0
    picture_tokens: int = 0
    tokens_out: int = 0
    cost: float | None = 0.0
    failed: list[Exception] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def count(self, response: Response) -> None:
        """Add an answer."""
        usage = response.usage
        self.answered += 1
        self.tokens_in += usage.prompt_tokens
        self.picture_tokens += usage.prompt_image_tokens
        self.tokens_out += usage.completion_tokens
        if self.cost is not None:
            # One answer without a price, and the sum is not known.
            self.cost = None if response.cost_usd is None else self.cost + response.cost_usd


class Batch:
    """Asks about pictures, and writes each answer down as it comes.

    Attributes:
        tally: What it has come to.
        terminated: Whether SIGTERM ended it.
    """

    def __init__(
        self, question: Question, ledger: Ledger, *, concurrency: int, patience: float
    ) -> None:
        self.tally = Tally()
        self.terminated = False
        self.out = ledger.path
        self._question = question
        self._ledger = ledger
        self._concurrency = concurrency
        self._patience = patience
        self._in_a_row = 0
        self._pace: Pace | None = None

    @property
    def waits(self) -> float:
        """Seconds that a rate limit makes it wait."""
        return self._pace.waits if self._pace is not None else 0.0

    async def run(self, names: list[str], client: dict[str, Any]) -> None:
        """Ask about these pictures.

        Args:
            names: The pictures.
            client: What an AsyncClient is made with.

        Raises:
            CancelledError: A signal ended it.
            XaiVisionError: There is no use in going on: the key is refused, say.
            OSError: The answers cannot be written.
        """
        self._listen()
        self._pace = Pace(self._concurrency, self._patience)
        async with AsyncClient(**client, retries=_RETRIES) as asked:
            waiting = iter(names)
            workers = [
                asyncio.create_task(self._work(asked, waiting, self._pace))
                for _ in range(min(self._concurrency, len(names)))
            ]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)

    def _listen(self) -> None:
        """Have signals cancel us between two writes, never within one."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101  # we run in one

        def end(number: int) -> None:
            self.terminated = number == signal.SIGTERM
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, end, number)
            except (NotImplementedError, RuntimeError):  # Windows; not the main thread
                return

    async def _work(self, client: AsyncClient, waiting: Iterator[str], pace: Pace) -> None:
        for name in waiting:
            try:
                await self._answer(client, name, pace)
            except (XaiVisionError, Failure) as error:
                self._failed(name, error)

    async def _answer(self, client: AsyncClient, name: str, pace: Pace) -> None:
        picture = None
        while True:
            async with pace.turn():
                if picture is None:
                    picture = await asyncio.to_thread(open_picture, name, self._question.looking)
                try:
                    response = await self._ask(client, picture)
                except RateLimitError as error:
                    if not pace.refused(error.retry_after):
                        raise
                    continue
            pace.went_well()
            self._write_down(name, picture, response)
            return

    async def _ask(self, client: AsyncClient, picture: PreparedImage) -> Response:
        asked = self._question
        chat = client.chat.create(asked.model, response_format=asked.schema)
        if asked.system:
            chat.append(system(asked.system))
        part = image(picture, detail=asked.looking.detail)
        chat.append(user(asked.prompt, part))
        return await chat.sample()

    def _write_down(self, name: str, picture: PreparedImage, response: Response) -> None:
        entry: dict[str, Any] = {"picture": name, "answer": response.content}
        if self._question.schema is not None:
            from xai_vision._cli.commands.ask import parsed

            entry["parsed"] = parsed(response)
        sent = picture_dict(picture)
        del sent["picture"]
        self._ledger.add(
            {
                **entry,
                "id": response.id,
                "model": response.model,
                "finish_reason": response.finish_reason,
                "usage": usage_dict(response.usage),
                "cost_usd": response.cost_usd,
                "sent": sent,
                "source_bytes": _size(name),
            }
        )
        self._in_a_row = 0
        self.tally.count(response)

    def _failed(self, name: str, error: Exception) -> None:
        """Note that a picture got no answer.

        Raises:
            Exception: The same, if the others would fare no better.
        """
        code = exit_of(error)
        self.tally.failed.append(error)
        of_the_picture = code is Exit.PICTURE or isinstance(error, SafetyRefusalError)
        self._in_a_row += not of_the_picture
        hopeless = code in (Exit.KEY, Exit.RATE_LIMIT, Exit.USAGE)
        if hopeless or self._in_a_row >= _FAILURES_IN_A_ROW:
            raise error
        text = said(error)
        complain(text if text.startswith(name) else f"{name}: {text}")


def _size(name: str) -> int | None:
    if is_address(name):
        return None
    try:
        return os.stat(Path(name)).st_size  # noqa: PTH116  # one call, on purpose
    except OSError:
        return None
