"""``client.batch`` of the asyncio client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters, call_options
from xai_vision.chat._conversation import Conversation
from xai_vision.proto import batch_pb2
from xai_vision.services._batch import calls
from xai_vision.services._batch.calls import ProgressCallback, RequestState
from xai_vision.services._batch.requests import Pace, adding
from xai_vision.services._batch.results import AsyncBatchResult, AsyncListBatchResultsResponse
from xai_vision.services._pages import async_items_of_pages

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AsyncBatchService:
    """Batches of requests; see ``BatchService``."""

    def __init__(self, transport: AsyncTransport, pace: Pace) -> None:
        self._transport = transport
        self._pace = pace

    async def create(
        self, batch_name: str, *, input_file_id: str | None = None, **call: Unpack[CallParameters]
    ) -> batch_pb2.Batch:
        """Create a batch."""
        return await self._transport.unary(calls.create(batch_name, input_file_id, call))

    async def add(
        self,
        batch_id: str,
        batch_requests: Iterable[Conversation | batch_pb2.BatchRequest],
        **call: Unpack[CallParameters],
    ) -> None:
        """Add requests to a batch."""
        await self._transport.run(adding(batch_id, batch_requests, call_options(call), self._pace))

    async def get(self, batch_id: str, **call: Unpack[CallParameters]) -> batch_pb2.Batch:
        """Return the state of a batch."""
        return await self._transport.unary(calls.get(batch_id, call))

    async def wait(
        self,
        batch_id: str,
        *,
        interval: float | timedelta | None = None,
        on_progress: ProgressCallback | None = None,
        **call: Unpack[CallParameters],
    ) -> batch_pb2.Batch:
        """Wait until a batch is complete."""
        return await self._transport.run(calls.waiting(batch_id, interval, on_progress, call))

    async def cancel(self, batch_id: str, **call: Unpack[CallParameters]) -> batch_pb2.Batch:
        """Cancel the pending requests of a batch."""
        return await self._transport.unary(calls.cancel(batch_id, call))

    async def list(
        self,
        limit: int | None = None,
        pagination_token: str | None = None,
        **call: Unpack[CallParameters],
    ) -> batch_pb2.ListBatchesResponse:
        """Return a page of batches."""
        return await self._transport.unary(calls.list_batches(limit, pagination_token, call))

    async def list_batch_requests(
        self,
        batch_id: str,
        limit: int | None = None,
        pagination_token: str | None = None,
        *,
        status: RequestState | None = None,
        **call: Unpack[CallParameters],
    ) -> batch_pb2.ListBatchRequestMetadataResponse:
        """Return the states of a page of requests."""
        return await self._transport.unary(
            calls.list_requests(batch_id, limit, pagination_token, status, call)
        )

    async def list_batch_results(
        self,
        batch_id: str,
        limit: int | None = None,
        pagination_token: str | None = None,
        **call: Unpack[CallParameters],
    ) -> AsyncListBatchResultsResponse:
        """Return a page of results."""
        return await self._transport.unary(
            calls.list_results(
                batch_id, limit, pagination_token, AsyncListBatchResultsResponse, call
            )
        )

    def results(
        self, batch_id: str, **call: Unpack[CallParameters]
    ) -> AsyncIterator[AsyncBatchResult]:
        """Iterate over all results with ``async for``."""
        describe = calls.list_pages(batch_id, AsyncListBatchResultsResponse, call)
        return async_items_of_pages(self._transport, describe, lambda page: page.results)

    async def get_result(
        self, batch_id: str, batch_request_id: str, **call: Unpack[CallParameters]
    ) -> AsyncBatchResult:
        """Return the result of one request."""
        return await self._transport.unary(
            calls.get_result(batch_id, batch_request_id, AsyncBatchResult, call)
        )
