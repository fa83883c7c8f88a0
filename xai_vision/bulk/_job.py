"""A job: rows, a question, and what is done with the answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing, nullcontext
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from xai_vision.bulk._blocking import iterate_blocking, run_blocking
from xai_vision.bulk._ledger.ledger import Ledger, failed_path, read_outcomes
from xai_vision.bulk._limits.budget import LocalBudget
from xai_vision.bulk._limits.limiter import AdaptiveLimiter, Limit
from xai_vision.bulk._progress import Progress, show_progress
from xai_vision.bulk._protocols import Budget, Limiter, Sender, Sink, Source
from xai_vision.bulk._row import Outcome, Row
from xai_vision.bulk._run.export import export
from xai_vision.bulk._run.failures import FailurePolicy, OnError
from xai_vision.bulk._run.now import NowSender
from xai_vision.bulk._run.parts import OnOutcome, Parts
from xai_vision.bulk._run.question import Question
from xai_vision.bulk._run.run import Run
from xai_vision.bulk._status import Result, Status
from xai_vision.errors import BadRequestError

if TYPE_CHECKING:
    from xai_vision.bulk._estimate import Estimate
    from xai_vision.client import AsyncClient

ViaOption: TypeAlias = Literal["now", "batch", "auto"]

_QUEUE_ROWS = 64


@dataclass(frozen=True)
class Options:
    """How a job is run; ``ask`` documents them."""

    via: ViaOption
    deadline: float | None
    concurrency: int
    limit: Limit | None
    patience: float
    retries: int
    max_usd: float | None
    max_tokens: int | None
    max_failures: int | None
    on_error: OnError
    dedupe: bool


class Job:
    """Rows that are asked the same question, as ``bulk.ask()`` creates it.

    Nothing is sent before it runs. A job can be run again: it goes on where the last run ended.

    Attributes:
        result: The result of the last run; None before.
        path: The ledger; None without one.
    """

    def __init__(
        self,
        source: Source,
        question: Question,
        options: Options,
        *,
        ledger: Path | None,
        sink: Callable[[], Sink] | None,
        out: Path | None,
        client: AsyncClient | None,
    ) -> None:
        self.result: Result | None = None
        self.path = ledger
        self._source = source
        self._question = question
        self._options = options
        self._new_sink = sink
        self._out = out or ledger
        self._client = client
        self._head: list[Row] = []  # rows of an iterator that estimate() has read
        self._failed: list[Outcome] = []
        self._batches_refused = False
        self._limiter: Limiter | None = None
        self._budget: Budget | None = None

    # --- running ---

    def run(self, progress: Progress = False) -> Result:
        """Ask all rows that have no answer yet; blocks until the end.

        Args:
            progress: True to show the progress in the terminal or notebook. A function gets the
                ``Status`` several times a second.

        Returns:
            What was done.

        Raises:
            InvalidRequestError: An event loop runs in this thread.
            LedgerError: The results file has results of another question, or is another file.
            XaiVisionError: An error that affects all rows, such as a refused key. The same job
                goes on when it is run again.
        """
        return run_blocking(lambda: self.arun(progress), "job.run()", "await job.arun()")

    async def arun(self, progress: Progress = False) -> Result:
        """Ask all rows that have no answer yet; see ``run``. Cancelling the task ends the run."""
        return await self._run(progress, None)

    async def _run(self, progress: Progress, on_outcome: OnOutcome | None) -> Result:
        """Run the job; the function gets each outcome of this run."""
        while True:
            async with self._opened(on_outcome) as (run, sender):
                try:
                    async with show_progress(progress, run.status):
                        await sender.run(run)
                except BadRequestError:
                    if self._can_do_without(sender):
                        continue
                    raise
                return await self._finish(run)

    def __iter__(self) -> Iterator[Outcome]:
        """Run the job and yield each row once: those of earlier runs, then each as it is done.

        The job waits while the program handles a row. Leaving the loop ends the run.
        """
        return iterate_blocking(self.__aiter__, "for row in job", "async for row in job")

    async def __aiter__(self) -> AsyncGenerator[Outcome, None]:
        """Run the job and yield each row once; see ``__iter__``.

        A program that leaves the loop and goes on with the job uses
        ``contextlib.aclosing(aiter(job))``, which waits for the end of the run.
        """
        earlier_runs = True
        while True:
            queue: asyncio.Queue[Outcome | None] = asyncio.Queue(_QUEUE_ROWS)
            async with self._opened(queue.put) as (run, sender):
                for outcome in run.ledger.outcomes() if earlier_runs else ():
                    yield outcome
                earlier_runs = False
                sending = asyncio.create_task(_send(run, sender, queue))
                try:
                    while (done := await queue.get()) is not None:
                        yield done
                    await sending
                except BadRequestError:
                    if self._can_do_without(sender):
                        continue
                    raise
                finally:
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)
                await self._finish(run)
                return

    def failed(self) -> list[Outcome]:
        """Return the rows that failed in the last run, with the reasons in ``error``.

        Rows without an answer are asked again by the next run. Rows with an answer that does not
        match the schema are not, because they were paid for.
        """
        if self.path is None:
            return self._failed
        paths = [path for path in (failed_path(self.path), self.path) if path.exists()]
        return [outcome for path in paths for outcome in read_outcomes(path) if not outcome.ok]

    # --- estimates ---

    def estimate(self) -> Estimate:
        """Estimate the tokens and the price of all rows from the first ones, without asking.

        The price needs an API key; it is one free call.
        """
        return run_blocking(self.aestimate, "job.estimate()", "await job.aestimate()")

    async def aestimate(self) -> Estimate:
        """Estimate the tokens and the price; see ``estimate``."""
        from xai_vision.bulk._estimate import SAMPLE_ROWS, estimate

        rows = self._rows()
        sample = await asyncio.to_thread(lambda: list(islice(rows, SAMPLE_ROWS)))
        if self._is_one_shot():
            self._head = sample
        return await estimate(
            self._question,
            sample,
            total=self._total(),
            factor=self._sender().price_factor,
            client=self._client,
        )

    # --- parts ---

    def _share(self, *, limiter: Limiter | None = None, budget: Budget | None = None) -> None:
        """Use a limiter and a budget that several processes share."""
        self._limiter, self._budget = limiter, budget

    def _is_one_shot(self) -> bool:
        return iter(self._source) is iter(self._source)

    def _rows(self) -> Iterator[Row]:
        head, self._head = self._head, []
        return chain(head, iter(self._source))

    def _total(self) -> int | None:
        length = getattr(self._source, "__len__", None)
        return None if length is None else int(length())

    def _can_do_without(self, sender: Sender) -> bool:
        """Return whether batches, which the service has refused, were only one of two ways."""
        self._batches_refused = getattr(sender, "refused", False)
        return self._options.via == "auto" and self._batches_refused

    def _sender(self) -> Sender:
        via = self._options.via
        # Rows of a batch may have to be read again.
        if via == "auto" and (self._batches_refused or self._is_one_shot()):
            via = "now"
        if via != "now":
            from xai_vision.bulk._batch_api import BatchSender, choose

            if via == "batch" or choose(self._total(), self._options.deadline) == "batch":
                return BatchSender(large_rows_now=via == "auto")
        return NowSender()

    @asynccontextmanager
    async def _opened(self, on_outcome: OnOutcome | None) -> AsyncIterator[tuple[Run, Sender]]:
        from xai_vision.client import AsyncClient

        options, sender = self._options, self._sender()
        with Ledger(self.path, self._question.hash.hex()) as ledger:
            limiter = self._limiter
            status = Status(total=await asyncio.to_thread(self._total), repaired=ledger.repaired)
            if limiter is None:
                limiter = AdaptiveLimiter(options.concurrency, options.patience, options.limit)
            if isinstance(limiter, AdaptiveLimiter):
                local = limiter
                status.wait_seconds = lambda: local.wait_seconds
            with self._local_budget(ledger) as budget:
                parts = Parts(
                    question=self._question,
                    ledger=ledger,
                    limiter=limiter,
                    budget=self._budget or budget,
                    failures=FailurePolicy(options.on_error, options.max_failures),
                    dedupe=options.dedupe,
                    via=sender.via,
                )
                client = self._client or AsyncClient()
                run = Run(
                    parts,
                    self._rows,
                    client,
                    concurrency=options.concurrency,
                    retries=options.retries,
                    rereadable=not self._is_one_shot(),
                    status=status,
                    on_outcome=on_outcome,
                )
                try:
                    yield run, sender
                finally:
                    await run.close()
                    if self.path is None:
                        self._failed = list(ledger.failed())
                    if self._client is None:
                        await client.close()

    def _local_budget(self, ledger: Ledger) -> AbstractContextManager[LocalBudget | None]:
        max_usd, max_tokens = self._options.max_usd, self._options.max_tokens
        if max_usd is None and max_tokens is None:
            return nullcontext()
        journal = self.path and self.path.with_name(f"{self.path.name}.budget")
        return closing(
            LocalBudget(max_usd, max_tokens, usd=ledger.usd, tokens=ledger.tokens, journal=journal)
        )

    async def _finish(self, run: Run) -> Result:
        """Write the outcomes where they go, and make the result."""
        ledger, status = run.ledger, run.status
        if self._new_sink is not None:
            await asyncio.to_thread(export, self._new_sink(), ledger)
        self.result = Result(
            answered=ledger.answered,
            failed=ledger.failures + ledger.rejected,
            earlier=status.earlier,
            usd=ledger.usd,
            usage=dict(status.usage),
            stopped=run.stopped,
            seconds=status.seconds,
            path=self._out,
            status=status,
        )
        return self.result


async def _send(run: Run, sender: Sender, queue: asyncio.Queue[Outcome | None]) -> None:
    try:
        await sender.run(run)
    except Exception:
        await queue.put(None)
        raise
    await queue.put(None)
