"""Fill batches with rows, wait for them, and record their results."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import grpc

from xai_vision._transport.status_mapping import status_error
from xai_vision.bulk._batch_api.notes import BatchNotes, Sent
from xai_vision.bulk._batch_api.service import Batches, is_transient
from xai_vision.bulk._run.now import ask_now, now
from xai_vision.errors import (
    APIError,
    BadRequestError,
    BatchCancelledError,
    InvalidRequestError,
    NotFoundError,
    RequestTimeoutError,
)
from xai_vision.proto import batch_pb2, chat_pb2
from xai_vision.services._batch.requests import MAX_CALL_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xai_vision.bulk._protocols import Work
    from xai_vision.bulk._row import Request
    from xai_vision.services._batch.results import BatchResult

_CALL_BYTES: Final = MAX_CALL_BYTES - 1000
"""Room for the id of the batch and the lengths of the requests."""
_CANCELLED: Final = grpc.StatusCode.CANCELLED.value[0]
_INTERNAL: Final = grpc.StatusCode.INTERNAL.value[0]
_REFUSALS: Final = 3
"""The first rows that the service refuses before the batch ends, as for a model that it does not
accept in batches."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A row that is about to be sent."""

    sent: Sent
    proto: batch_pb2.BatchRequest


class BatchRun:
    """The batches of a run; see ``BatchSender``.

    Attributes:
        refused_all: Whether the service has refused the first rows.
    """

    def __init__(
        self, work: Work, service: Batches, rows_per_batch: int, *, large_rows_now: bool
    ) -> None:
        self._work = work
        self._rows_per_batch = rows_per_batch
        self._large_rows_now = large_rows_now
        self._service = service
        self._notes = BatchNotes(work.notes)
        self._following: set[asyncio.Task[None]] = set()
        self._again: dict[str, Sent] = {}
        """Rows that failed and are sent again."""
        self._held: dict[str, Sent] = {}
        """Rows that are not in a batch yet."""
        self._accepted = False
        self.refused_all = False
        self._refused: list[tuple[Sent, BadRequestError]] = []

    async def run(self) -> None:
        """Ask rows until there are none."""
        await self._resume()
        filling: asyncio.Task[str | None] | None = None
        try:
            while True:
                if filling is None:
                    filling = asyncio.create_task(self._fill())
                await self._first_of({filling, *self._following})
                if not filling.done():
                    continue
                batch_id, filling = filling.result(), None
                if batch_id is not None:
                    self._follow(batch_id)
                elif self._following:
                    # No row is left, unless one of these batches returns some.
                    await self._first_of(self._following)
                else:
                    await self._record_refused()
                    return
        except APIError:
            # Another sender may go on with them, or the next run.
            for sent in self._held.values():
                await self._work.release(sent.ticket)
            raise
        finally:
            tasks = [task for task in (filling, *self._following) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _first_of(
        self, tasks: set[asyncio.Task[None]] | set[asyncio.Task[str | None]]
    ) -> None:
        """Wait until a task ends; raise the error of a batch."""
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in [task for task in self._following if task.done()]:
            self._following.discard(task)
            task.result()

    # --- batches of an earlier run ---

    async def _resume(self) -> None:
        """Take over the rows that an earlier run has sent."""
        for batch_id in self._notes.batches():
            noted = self._notes.read(batch_id)
            try:
                # The run may have ended between the note and the call.
                arrived = {key async for key in self._service.request_ids(batch_id)}
            except NotFoundError:  # it has expired
                arrived = set()
            rows = [
                sent
                for key, sent in noted.items()
                if key in arrived and await self._work.claim(sent.ticket)
            ]
            if rows:
                self._notes.replace(batch_id, rows)
                self._follow(batch_id)
            else:
                self._notes.close(batch_id)

    # --- from rows to a batch ---

    async def _fill(self) -> str | None:
        """Fill a batch and return its id; None if there is no row."""
        batch_id: str | None = None
        items: list[_Item] = []
        size = count = 0
        while count < self._rows_per_batch:
            # With rows in the batch, do not wait for the budget: their results make it free.
            request = await self._work.next(wait=count == 0)
            if request is None:
                break
            item = self._item(request)
            if item.proto.ByteSize() > _CALL_BYTES:
                if self._large_rows_now:
                    del self._held[request.ticket.key]
                    await ask_now(self._work, request)
                else:
                    await self._fail(item.sent, _too_large(item.proto.ByteSize()))
                continue
            if batch_id is None:
                batch_id = await self._service.create("xai_vision bulk")
            if size + item.proto.ByteSize() > _CALL_BYTES:
                await self._add(batch_id, items)
                items, size = [], 0
            items.append(item)
            # With the tag and the length of the field.
            size += item.proto.ByteSize() + 8
            count += 1
        if batch_id is not None and items:
            await self._add(batch_id, items)
        return batch_id

    def _item(self, request: Request) -> _Item:
        ticket = request.ticket
        earlier = self._again.pop(ticket.key, None)
        attempts, asked_at = (earlier.attempts, earlier.asked_at) if earlier else (0, now())
        body = chat_pb2.GetCompletionsRequest.FromString(request.chat._body(n=None))
        proto = batch_pb2.BatchRequest(batch_request_id=ticket.key, completion_request=body)
        sent = self._held[ticket.key] = Sent(ticket, attempts + 1, asked_at)
        return _Item(sent, proto)

    async def _add(self, batch_id: str, items: Sequence[_Item]) -> None:
        """Add rows to a batch. If the service refuses them, find out which."""
        self._notes.add(batch_id, [item.sent for item in items])
        try:
            await self._service.add(batch_id, [item.proto for item in items])
        except BadRequestError as error:
            if error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
                raise
            await self._add_parts(batch_id, items, error)
            return
        self._accepted = True
        for item in items:
            del self._held[item.sent.ticket.key]
        await self._record_refused()

    async def _add_parts(
        self, batch_id: str, items: Sequence[_Item], error: BadRequestError
    ) -> None:
        if len(items) > 1:
            half = len(items) // 2
            await self._add(batch_id, items[:half])
            await self._add(batch_id, items[half:])
            return
        sent = items[0].sent
        self._notes.drop(batch_id, sent.ticket.key)
        self._refused.append((sent, error))
        if self._accepted:
            await self._record_refused()
        elif len(self._refused) >= _REFUSALS:
            self.refused_all = True
            self._notes.close(batch_id)
            raise error

    async def _record_refused(self) -> None:
        refused, self._refused = self._refused, []
        for sent, error in refused:
            await self._fail(sent, error)

    # --- from a batch to outcomes ---

    def _follow(self, batch_id: str) -> None:
        self._following.add(asyncio.create_task(self._settle(batch_id)))

    async def _settle(self, batch_id: str) -> None:
        """Wait for a batch and record its results."""
        rows: dict[str, Sent] | None = None
        reason: APIError | BatchCancelledError | None = None
        try:
            reason = await self._service.wait(batch_id)
            rows = self._notes.read(batch_id)
            async for result in self._service.results(batch_id):
                sent = rows.pop(result.batch_request_id, None)
                if sent is None:
                    continue
                if reason is not None and result.proto.error.code == _CANCELLED:
                    await self._fail(sent, reason)
                else:
                    await self._record(sent, result)
        except NotFoundError as error:  # the batch has expired
            reason = error
        for sent in (self._notes.read(batch_id) if rows is None else rows).values():
            if isinstance(reason, BatchCancelledError):
                await self._fail(sent, reason)
            else:
                # The service may have answered, but its answer cannot be had any more.
                await self._charge_and_repeat(sent, reason or _no_result(batch_id))
        self._notes.close(batch_id)

    async def _record(self, sent: Sent, result: BatchResult) -> None:
        if not result.has_error:
            await self._work.answer(
                sent.ticket, result.response, attempts=sent.attempts, asked_at=sent.asked_at
            )
            return
        error = status_error(result.proto.error.code, result.proto.error.message)
        if isinstance(error, RequestTimeoutError):
            await self._charge_and_repeat(sent, error)
        elif is_transient(error):
            await self._repeat_or_fail(sent, error)
        else:
            await self._fail(sent, error)

    async def _charge_and_repeat(self, sent: Sent, error: APIError) -> None:
        """Repeat a row that may have been paid for."""
        charged = await self._work.charge(sent.ticket, again=False)
        await self._repeat_or_fail(replace(sent, ticket=charged or sent.ticket), error)

    async def _repeat_or_fail(self, sent: Sent, error: APIError) -> None:
        if sent.attempts > self._work.retries:
            await self._fail(sent, error)
            return
        self._again[sent.ticket.key] = sent
        await self._work.release(sent.ticket)

    async def _fail(self, sent: Sent, error: Exception) -> None:
        self._held.pop(sent.ticket.key, None)
        await self._work.fail(sent.ticket, error, attempts=sent.attempts, asked_at=sent.asked_at)


def _too_large(size: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"the request has {size} bytes; a batch accepts at most {_CALL_BYTES} bytes a request. "
        'Pass max_side= or max_bytes= in image_options=, or via="auto"'
    )


def _no_result(batch_id: str) -> APIError:
    return status_error(_INTERNAL, f"the batch {batch_id} has no result of this request")
