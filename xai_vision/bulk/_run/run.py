"""A run: hands out the rows that have no answer yet, and records what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xai_vision.bulk._ledger.group_sync import GroupSync
from xai_vision.bulk._ledger.keys import NO_STAMP, join_key
from xai_vision.bulk._limits.prices import Prices, bound_of
from xai_vision.bulk._row import USAGE, Failure, Outcome, Request, Row, Ticket
from xai_vision.bulk._run.parts import OnOutcome, Parts
from xai_vision.bulk._run.question import Prepared
from xai_vision.bulk._run.reader import RowReader
from xai_vision.bulk._status import Status, Stopped
from xai_vision.errors import InvalidRequestError, StructuredOutputError, XaiVisionError

if TYPE_CHECKING:
    from xai_vision.chat import Response
    from xai_vision.client import AsyncClient


class Run:
    """The rows of a run, for its sender; see the protocol ``Work``.

    Attributes:
        status: What was done so far.
        stopped: Which limit ended the run early: "max_usd", "max_tokens" or "max_failures".
    """

    def __init__(
        self,
        parts: Parts,
        rows: Callable[[], Iterator[Row]],
        client: AsyncClient,
        *,
        concurrency: int,
        retries: int,
        rereadable: bool,
        status: Status,
        on_outcome: OnOutcome | None,
    ) -> None:
        self.client = client
        self.concurrency = concurrency
        self.retries = retries
        self.limiter = parts.limiter
        self.status = status
        self.stopped: Stopped | None = None
        self._parts = parts
        self._question = parts.question
        self.ledger = parts.ledger
        self._reader = RowReader(parts.question, parts.ledger, rows, status)
        self._rereadable = rereadable
        self._held: Prepared | None = None
        # The rows that are being asked, by content (or by row, without dedupe), and for each the
        # rows that wait for its answer.
        self._asking: dict[bytes, list[Ticket]] = {}
        self._prices = Prices(client)
        self._sync = GroupSync(parts.ledger)
        self._on_outcome = on_outcome

    @property
    def notes(self) -> Path | None:
        """The path of the sender's notes; None without a ledger."""
        path = self.ledger.path
        return None if path is None else path.with_name(f"{path.name}.{self._parts.via}")

    @property
    def finished(self) -> bool:
        """Whether there will be no further row."""
        return self.stopped is not None or (self._reader.ended and self._held is None)

    async def close(self) -> None:
        """Wait until the ledger can be closed."""
        await self._sync.finish()

    def stop(self, reason: Stopped) -> None:
        """Hand out no further rows."""
        self.stopped = self.stopped or reason

    # --- rows ---

    async def next(self, *, wait: bool = True) -> Request | None:
        """Return the next row to send; see ``Work``."""
        while not self.finished:
            prepared, self._held = self._held, None
            if prepared is None:
                prepared = await self._read()
                if prepared is None or not await self._admit(prepared):
                    continue
            request = await self._reserve(prepared, wait=wait)
            if request is not None or self._held is not None:
                return request
        return None

    async def _read(self) -> Prepared | None:
        """Prepare a row; None if none is left, or it needs no request."""
        taken = await asyncio.to_thread(self._reader.take)
        if taken is None:
            return None
        row, result = taken
        if isinstance(result, Prepared):
            return result
        ticket = Ticket(row.id, join_key(bytes(16), bytes(8), NO_STAMP, self._question.hash))
        await self.fail(ticket, result, attempts=0, asked_at=None)
        return None

    async def _admit(self, prepared: Prepared) -> bool:
        """Return whether a row needs a request of its own, which it then may be sent."""
        ticket, content = prepared.ticket, prepared.content
        if self.ledger.has(prepared.row):
            self._reader.skip()
            return False
        waiting = self._asking.get(self._asked(ticket))
        if waiting is not None:
            waiting.append(ticket)
            return False
        same = self.ledger.same_content(content) if self._parts.dedupe else None
        if same is not None:
            copy = self._copy(ticket, same)
            self.ledger.add(ticket.key, copy)
            await self._commit([copy])
            return False
        self._asking[self._asked(ticket)] = []
        return True

    async def _reserve(self, prepared: Prepared, *, wait: bool) -> Request | None:
        """Reserve what a row can cost; None if it does not fit, or failed."""
        budget, ticket = self._parts.budget, prepared.ticket
        if budget is None:
            return Request(ticket, prepared.chat)
        try:
            bound = bound_of(prepared.chat)
        except XaiVisionError as error:
            await self.fail(ticket, error, attempts=0, asked_at=None)
            return None
        usd = 0.0
        if budget.in_usd:
            # Not less for a batch: the service does not promise how much less it costs.
            usd = bound.usd(await self._prices.of(prepared.chat._settings.model))
        if await budget.reserve(usd, bound.tokens, wait=wait):
            ticket = replace(ticket, usd=usd, tokens=bound.tokens)
            return Request(ticket, prepared.chat)
        if wait or len(self._asking) == 1:  # no other request can return a reservation
            self._asking.pop(self._asked(ticket))
            self.stop(getattr(budget, "exhausted_by", "max_usd"))
            self.status.needed_usd = usd or None
        else:
            self._held = prepared
        return None

    def _asked(self, ticket: Ticket) -> bytes:
        digits = ticket.key[:32] if self._parts.dedupe else ticket.key[32:48]
        return bytes.fromhex(digits)

    # --- rows of earlier runs ---

    async def claim(self, ticket: Ticket) -> bool:
        """Take over a row that an earlier run has sent; see ``Work``."""
        if ticket.key[64:] != self._question.hash.hex():
            return False
        if self.ledger.has(bytes.fromhex(ticket.key[32:48])) or self._asked(ticket) in self._asking:
            return False
        self._asking[self._asked(ticket)] = []
        if self._parts.budget is not None:
            await self._parts.budget.adopt(ticket.usd, ticket.tokens)
        return True

    async def charge(self, ticket: Ticket, *, again: bool) -> Ticket | None:
        """Count a reservation as spent, because the row may have been paid for; see ``Work``."""
        budget = self._parts.budget
        if budget is not None:
            await budget.keep(ticket.usd, ticket.tokens)
        await self._settle(ticket, 0.0, 0)
        if not again:
            return replace(ticket, usd=0.0, tokens=0)
        if budget is None or await budget.reserve(ticket.usd, ticket.tokens, wait=False):
            return ticket
        return None

    async def release(self, ticket: Ticket) -> None:
        """Return a row without recording anything; see ``Work``."""
        if self._asked(ticket) not in self._asking:
            return
        if not self._rereadable:
            await self.fail(ticket, _cannot_be_repeated(), attempts=0, asked_at=None)
            return
        for waiting in (ticket, *self._asking.pop(self._asked(ticket))):
            self._reader.read_again(waiting)
        await self._settle(ticket, 0.0, 0)

    # --- outcomes ---

    async def answer(
        self, ticket: Ticket, response: Response, *, attempts: int, asked_at: str | None
    ) -> None:
        """Record the response of a row; see ``Work``."""
        parsed, error = None, None
        try:
            parsed = self._question.parse(response)
        except StructuredOutputError as mismatch:
            error = mismatch
        usage = {name: getattr(response.usage, name) for name in USAGE}
        outcome = Outcome(
            id=ticket.id,
            answer=response.content,
            parsed=parsed,
            finish_reason=response.finish_reason,
            usage=usage,
            usd=response.cost_usd,
            model=response.model,
            response_id=response.id,
            image_sha256=ticket.image_sha256,
            changes=ticket.changes,
            error=None if error is None else Failure(type(error).__name__, str(error)),
            attempts=attempts,
            asked_at=asked_at,
            via=ticket.via or self._parts.via,
        )
        self.ledger.add(ticket.key, outcome)
        outcomes = [outcome]
        for follower in self._asking.pop(self._asked(ticket), ()):
            if self.ledger.has(bytes.fromhex(follower.key[32:48])):
                self._reader.skip()  # the source has the row twice
                continue
            outcomes.append(self._copy(follower, outcome))
            self.ledger.add(follower.key, outcomes[-1])
        if outcome.usd is None and self._parts.budget is not None and ticket.usd:
            # The price is not known, so the reservation counts.
            await self._parts.budget.keep(ticket.usd, 0)
        await self._settle(ticket, outcome.usd or 0.0, usage["total_tokens"])
        await self._commit(outcomes)
        if error is None:
            self._parts.failures.succeeded()
        else:
            self._count_failure(error)

    async def fail(
        self, ticket: Ticket, error: Exception, *, attempts: int, asked_at: str | None
    ) -> None:
        """Record that a row failed; see ``Work``."""
        tickets = [ticket, *self._asking.pop(self._asked(ticket), ())]
        outcomes = [
            Outcome(
                id=failed.id,
                image_sha256=failed.image_sha256,
                changes=failed.changes,
                error=Failure(type(error).__name__, str(error)),
                attempts=attempts,
                asked_at=asked_at,
                via=ticket.via or self._parts.via,
            )
            for failed in tickets
        ]
        for failed, outcome in zip(tickets, outcomes, strict=True):
            self.ledger.add_failure(failed.key, outcome)
        await self._settle(ticket, 0.0, 0)
        await self._emit(outcomes)
        self._count_failure(error)

    def _copy(self, ticket: Ticket, outcome: Outcome) -> Outcome:
        """Return the answer of a row as that of an equal row, which was not paid for."""
        return replace(outcome, id=ticket.id, usage={}, usd=0.0, attempts=0, changes=ticket.changes)

    def _count_failure(self, error: Exception) -> None:
        self.status.first_error = self.status.first_error or error
        if not self._parts.failures.failed(error):
            self.stop("max_failures")

    async def _settle(self, ticket: Ticket, usd: float, tokens: int) -> None:
        if self._parts.budget is not None and (ticket.usd or ticket.tokens):
            await self._parts.budget.settle(ticket.usd, ticket.tokens, usd, tokens)

    async def _commit(self, outcomes: list[Outcome]) -> None:
        """Wait until outcomes are on the disk, and count them."""
        await self._sync.flush()
        await self._emit(outcomes)

    async def _emit(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.status.add(outcome)
            if self._on_outcome is not None:
                await self._on_outcome(outcome)


def _cannot_be_repeated() -> InvalidRequestError:
    return InvalidRequestError(
        "source: the row has to be sent again, but the rows of an iterator can be read once only. "
        "Pass a list, or a function that returns a new iterator"
    )
