"""Run one request for many images."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xai_vision._cli.batch.adaptive_limiter import AdaptiveLimiter
from xai_vision._cli.batch.results_file import ResultsFile
from xai_vision._cli.batch.results_stream import ResultsStream
from xai_vision._cli.exit_codes import CliError, Exit, exit_code
from xai_vision._cli.image_files import file_size, open_image
from xai_vision._cli.options import ImageOptions
from xai_vision._cli.report import UsageTotals, parse_json, sent_dict, usage_dict
from xai_vision._cli.terminal import error_text, print_error
from xai_vision._transport.retry import RetryPolicy
from xai_vision.chat import image, system, user
from xai_vision.client import AsyncClient
from xai_vision.errors import RateLimitError, SafetyRefusalError, XaiVisionError

if TYPE_CHECKING:
    from xai_vision.chat import Response
    from xai_vision.imaging import PreparedImage


# The limiter handles rate limits for all images together.
_RETRIES = RetryPolicy(rate_limit_attempts=1)
_MAX_CONSECUTIVE_FAILURES = 10


@dataclass(frozen=True)
class BatchRequest:
    """The request that is made for each image."""

    prompt: str
    model: str
    system: str | None
    schema: dict[str, Any] | None
    image_options: ImageOptions


@dataclass
class BatchStats:
    """The statistics of a batch; ``failed`` are the errors in order."""

    usage: UsageTotals = field(default_factory=UsageTotals)
    failed: list[Exception] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)


class BatchRunner:
    """Sends a request for each image and writes each response to the results file.

    Attributes:
        stats: The statistics of this run.
        out: The path of the results file.
        limiter: The limit of concurrent requests.
        terminated: Whether SIGTERM ended the batch.
    """

    def __init__(
        self,
        request: BatchRequest,
        results: ResultsFile | ResultsStream,
        *,
        concurrency: int,
        patience: float,
    ) -> None:
        self.stats = BatchStats()
        self.terminated = False
        self.out = results.path
        self.limiter = AdaptiveLimiter(concurrency, patience)
        self._request = request
        self._results = results
        self._concurrency = concurrency
        self._consecutive_failures = 0

    async def run(self, names: list[str], client: dict[str, Any]) -> None:
        """Process images.

        Args:
            names: The images.
            client: The arguments of AsyncClient.

        Raises:
            CancelledError: A signal ended the batch.
            XaiVisionError: An error that affects all images, such as a refused key.
            OSError: The results file cannot be written.
        """
        self._handle_sigterm()
        async with AsyncClient(**client, retries=_RETRIES) as api:
            pending = iter(names)
            workers = [
                asyncio.create_task(self._work(api, pending))
                for _ in range(min(self._concurrency, len(names)))
            ]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)

    def _handle_sigterm(self) -> None:
        """Make SIGINT and SIGTERM cancel the task, so that no write is interrupted."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101  # run() is a coroutine of a task

        def end(number: int) -> None:
            self.terminated = number == signal.SIGTERM
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, end, number)
            except (NotImplementedError, RuntimeError):  # Windows; not the main thread
                return

    async def _work(self, client: AsyncClient, pending: Iterator[str]) -> None:
        for name in pending:
            try:
                await self._process(client, name)
            except (XaiVisionError, CliError) as error:
                self._record_failure(name, error)

    async def _process(self, client: AsyncClient, name: str) -> None:
        prepared = None
        while True:
            async with self.limiter.slot():
                if prepared is None:
                    prepared = await asyncio.to_thread(
                        open_image, name, self._request.image_options
                    )
                try:
                    response = await self._ask(client, prepared)
                except RateLimitError as error:
                    if not self.limiter.record_rate_limit(error.retry_after):
                        raise
                    continue
            self.limiter.record_success()
            self._record(name, prepared, response)
            return

    async def _ask(self, client: AsyncClient, prepared: PreparedImage) -> Response:
        request = self._request
        chat = client.chat.create(request.model, response_format=request.schema)
        if request.system:
            chat.append(system(request.system))
        part = image(prepared, detail=request.image_options.detail)
        chat.append(user(request.prompt, part))
        return await chat.sample()

    def _record(self, name: str, prepared: PreparedImage, response: Response) -> None:
        entry: dict[str, Any] = {"image": name, "answer": response.content}
        if self._request.schema is not None:
            entry["parsed"] = parse_json(response)
        self._results.add(
            {
                **entry,
                "id": response.id,
                "model": response.model,
                "finish_reason": response.finish_reason,
                "usage": usage_dict(response.usage),
                "cost_usd": response.cost_usd,
                "sent": sent_dict(prepared),
                "source_bytes": file_size(name),
            }
        )
        self._consecutive_failures = 0
        self.stats.usage.add(response)

    def _record_failure(self, name: str, error: Exception) -> None:
        """Count a failed image.

        Raises:
            Exception: The same error, if it affects the other images too.
        """
        code = exit_code(error)
        self.stats.failed.append(error)
        image_specific = code is Exit.IMAGE or isinstance(error, SafetyRefusalError)
        self._consecutive_failures += not image_specific
        affects_all = code in (Exit.KEY, Exit.RATE_LIMIT, Exit.USAGE)
        if affects_all or self._consecutive_failures >= _MAX_CONSECUTIVE_FAILURES:
            raise error
        text = error_text(error)
        print_error(text if text.startswith(name) else f"{name}: {text}")
