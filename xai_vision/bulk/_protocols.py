"""What the parts of a job expect of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from xai_vision.bulk._row import Outcome, Request, Row, Ticket, Via

if TYPE_CHECKING:
    from xai_vision.chat import Response
    from xai_vision.client import AsyncClient


@runtime_checkable
class Source(Protocol):
    """Rows, read lazily. ``__len__`` is optional; without it the number of rows is not known.

    A source that can be read again, such as a folder, returns a new iterator each time. A thread
    of its own reads it, never two at the same time.
    """

    def __iter__(self) -> Iterator[Row]:
        """Read the rows from the start."""
        ...


class Sink(Protocol):
    """Where outcomes go at the end of a run, from the ledger, in the order of the answers."""

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes; called with at most some hundred at a time."""
        ...

    def close(self) -> None:
        """Complete the output. Until then, an earlier output stays as it is."""
        ...

    def abort(self) -> None:
        """Discard what was written, after an error."""
        ...


class Limiter(Protocol):
    """Decides when a request may be sent. It may be shared by processes, so it is asynchronous."""

    async def acquire(self, tokens: int) -> None:
        """Wait until a request of about so many tokens may be sent."""
        ...

    async def answered(self, more: int) -> None:
        """Report the end of a request that was not refused for its rate.

        Args:
            more: Its tokens beyond those of ``acquire``; negative if there were fewer.
        """
        ...

    async def refused(self, retry_after: float | None) -> bool:
        """Report a rate limit; return whether to go on (False: the patience is over)."""
        ...


class Budget(Protocol):
    """Keeps the spend below its limits. It may be shared by processes, so it is asynchronous.

    Attributes:
        in_usd: Whether there is a limit in US dollars, for which prices are needed.
    """

    in_usd: bool

    async def reserve(self, usd: float, tokens: int, *, wait: bool) -> bool:
        """Reserve the most that a request can cost.

        Args:
            usd: The price in US dollars.
            tokens: The tokens.
            wait: Whether to wait while requests that are being sent may return some of theirs.

        Returns:
            Whether it was reserved. False: the budget does not suffice.
        """
        ...

    async def adopt(self, usd: float, tokens: int) -> None:
        """Take over the reservation of a request that an earlier run has sent."""
        ...

    async def keep(self, usd: float, tokens: int) -> None:
        """Count a spend that is in no ledger, in this run and in later ones."""
        ...

    async def settle(
        self, reserved_usd: float, reserved_tokens: int, usd: float, tokens: int
    ) -> None:
        """Replace a reservation by what the request cost."""
        ...


class Work(Protocol):
    """The rows of a run, as a sender sees them.

    Attributes:
        client: The client for the calls.
        retries: How often a row is sent again after a transient error.
        concurrency: The number of requests that may be prepared or sent at the same time.
        limiter: Decides when a request may be sent.
    """

    client: AsyncClient
    retries: int
    concurrency: int
    limiter: Limiter

    async def next(self, *, wait: bool = True) -> Request | None:
        """Return the next row to send. Several tasks may wait for it.

        Rows with a result are skipped, rows equal to one that is being asked wait for its answer,
        and rows whose images cannot be read have failed.

        Args:
            wait: Whether to wait until enough of the budget is free. A sender that holds rows which
                it has not sent passes False.

        Returns:
            The row; None if there is none (now, with ``wait=False``; see ``finished``).
        """
        ...

    @property
    def notes(self) -> Path | None:
        """The path for the sender's own notes beside the ledger; None without a ledger.

        The sender writes them and deletes them when it is done.
        """
        ...

    @property
    def finished(self) -> bool:
        """Whether ``next()`` will never return another row."""
        ...

    async def claim(self, ticket: Ticket) -> bool:
        """Take over a row that an earlier run has sent, before the first ``next()``.

        Returns:
            Whether its result is still missing. False: forget it.
        """
        ...

    async def answer(
        self, ticket: Ticket, response: Response, *, attempts: int, asked_at: str | None
    ) -> None:
        """Record the response of a row. It is on disk afterwards."""
        ...

    async def charge(self, ticket: Ticket, *, again: bool) -> Ticket | None:
        """Count a reservation as spent, because the row may have been paid for without an answer.

        Args:
            ticket: The row.
            again: Whether to reserve the same once more, to send the row again.

        Returns:
            The row with the new reservation, or with none. None: the budget does not suffice.
        """
        ...

    async def release(self, ticket: Ticket) -> None:
        """Return a row that was not sent, or whose batch failed, without recording anything.

        Its reservation is free again, and the row is asked by the next run, or by this one through
        the request that the sender still has after another ``claim()``.
        """
        ...

    async def fail(
        self, ticket: Ticket, error: Exception, *, attempts: int, asked_at: str | None
    ) -> None:
        """Record that a row failed.

        Raises:
            Exception: The same error, if it ends the run, such as a refused key.
        """
        ...


class Sender(Protocol):
    """A way of asking rows."""

    @property
    def via(self) -> Via:
        """The name of this way, for the outcomes."""
        ...

    @property
    def price_factor(self) -> float:
        """What a request costs, compared to a call of its own."""
        ...

    async def run(self, work: Work) -> None:
        """Ask rows until ``work.finished``. Cancelling the task ends the run."""
        ...
