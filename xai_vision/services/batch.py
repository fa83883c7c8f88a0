"""``client.batch``: many requests at a lower price, processed in the background."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from xai_vision._transport.options import CallParameters, call_options
from xai_vision._transport.sync import Transport
from xai_vision.chat._conversation import Conversation
from xai_vision.proto import batch_pb2
from xai_vision.services._batch import calls
from xai_vision.services._batch.async_service import AsyncBatchService
from xai_vision.services._batch.calls import ProgressCallback, RequestState
from xai_vision.services._batch.requests import Pace, adding
from xai_vision.services._batch.results import BatchResult, ListBatchResultsResponse
from xai_vision.services._pages import items_of_pages

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["AsyncBatchService", "BatchService"]

BatchRequestLike: TypeAlias = Conversation | batch_pb2.BatchRequest


class BatchService:
    """Batches of requests.

    Each method has the keywords of ``CallParameters`` and raises APIError if the call fails.

    Examples:
        >>> from xai_vision.chat import image, user
        >>> batch = client.batch.create("invoices")  # doctest: +SKIP
        >>> chats = [
        ...     client.chat.create("grok-4", batch_request_id=path.name).append(
        ...         user("What is the total?", image(path))
        ...     )
        ...     for path in paths
        ... ]  # doctest: +SKIP
        >>> client.batch.add(batch.batch_id, chats)  # doctest: +SKIP
        >>> client.batch.wait(batch.batch_id)  # doctest: +SKIP
        >>> for result in client.batch.results(batch.batch_id):  # doctest: +SKIP
        ...     print(result.batch_request_id, result.response.content)
    """

    def __init__(self, transport: Transport, pace: Pace) -> None:
        self._transport = transport
        self._pace = pace

    def create(
        self, batch_name: str, *, input_file_id: str | None = None, **call: Unpack[CallParameters]
    ) -> batch_pb2.Batch:
        """Create a batch.

        Args:
            batch_name: A name for people.
            input_file_id: The id of an uploaded JSONL file with the requests. Such a batch is
                complete: ``add`` is refused.
            **call: See ``CallParameters``.

        Returns:
            The batch; ``batch_id`` is the argument of the other methods.

        Raises:
            InvalidRequestError: An argument is not valid.
            APIError: The call failed.
        """
        return self._transport.unary(calls.create(batch_name, input_file_id, call))

    def add(
        self,
        batch_id: str,
        batch_requests: Iterable[BatchRequestLike],
        **call: Unpack[CallParameters],
    ) -> None:
        """Add requests to a batch.

        The service accepts 25 MB a call and 100 calls in 30 seconds. Requests are divided into as
        many calls as necessary, and the calls wait for their turn.

        Args:
            batch_id: The id of the batch.
            batch_requests: Chats of this package or of xai_sdk, and messages from
                ``client.image.prepare`` and ``client.video.prepare``. Results are found by the
                id of ``chat.create(batch_request_id=...)``.
            **call: See ``CallParameters``; the timeout is that of each call.

        Raises:
            InvalidRequestError: A request is not valid or too large, two have the same id, or the
                list is empty. Nothing was sent.
            APIError: A call failed. ``partial`` is the number of requests that earlier calls have
                added.
        """
        self._transport.run(adding(batch_id, batch_requests, call_options(call), self._pace))

    def get(self, batch_id: str, **call: Unpack[CallParameters]) -> batch_pb2.Batch:
        """Return the state of a batch; it is complete when ``state.num_pending`` is 0.

        Raises:
            InvalidRequestError: ``batch_id`` is empty.
            NotFoundError: The batch does not exist.
            APIError: The call failed otherwise.
        """
        return self._transport.unary(calls.get(batch_id, call))

    def wait(
        self,
        batch_id: str,
        *,
        interval: float | timedelta | None = None,
        on_progress: ProgressCallback | None = None,
        **call: Unpack[CallParameters],
    ) -> batch_pb2.Batch:
        """Wait until a batch is complete.

        Args:
            batch_id: The id of the batch.
            interval: Seconds or a timedelta between polls. Default 5 seconds.
            on_progress: Called with the batch after each poll. An exception of it ends the wait.
            **call: See ``CallParameters``. ``timeout`` limits the whole wait. Default 24 hours.

        Returns:
            The complete batch.

        Raises:
            InvalidRequestError: An argument is not valid.
            BatchCancelledError: The batch was cancelled.
            RequestTimeoutError: The batch was not complete in time.
            APIError: A call failed otherwise.
        """
        return self._transport.run(calls.waiting(batch_id, interval, on_progress, call))

    def cancel(self, batch_id: str, **call: Unpack[CallParameters]) -> batch_pb2.Batch:
        """Cancel the pending requests of a batch; requests in progress may still finish.

        Errors as for ``get``.
        """
        return self._transport.unary(calls.cancel(batch_id, call))

    def list(
        self,
        limit: int | None = None,
        pagination_token: str | None = None,
        **call: Unpack[CallParameters],
    ) -> batch_pb2.ListBatchesResponse:
        """Return a page of batches.

        Args:
            limit: The number of batches of a page. Default 100.
            pagination_token: The token of the page before; None for the first page.
            **call: See ``CallParameters``.

        Returns:
            ``batches`` and ``pagination_token``, which is empty on the last page.

        Raises:
            InvalidRequestError: An argument is not valid.
            APIError: The call failed.
        """
        return self._transport.unary(calls.list_batches(limit, pagination_token, call))

    def list_batch_requests(
        self,
        batch_id: str,
        limit: int | None = None,
        pagination_token: str | None = None,
        *,
        status: RequestState | None = None,
        **call: Unpack[CallParameters],
    ) -> batch_pb2.ListBatchRequestMetadataResponse:
        """Return the states of a page of requests.

        Args:
            batch_id: The id of the batch.
            limit: As for ``list``.
            pagination_token: As for ``list``.
            status: Only requests in this state: "pending", "succeeded", "cancelled", "failed".
            **call: See ``CallParameters``.

        Returns:
            ``batch_request_metadata`` and ``pagination_token``.

        Raises:
            InvalidRequestError: An argument is not valid.
            NotFoundError: The batch does not exist.
            APIError: The call failed otherwise.
        """
        return self._transport.unary(
            calls.list_requests(batch_id, limit, pagination_token, status, call)
        )

    def list_batch_results(
        self,
        batch_id: str,
        limit: int | None = None,
        pagination_token: str | None = None,
        **call: Unpack[CallParameters],
    ) -> ListBatchResultsResponse:
        """Return a page of results; ``results`` iterates over all of them.

        Results can be read while other requests are pending. Arguments and errors as for
        ``list_batch_requests``.

        Returns:
            ``results``, ``succeeded``, ``failed`` and ``pagination_token``.
        """
        return self._transport.unary(
            calls.list_results(batch_id, limit, pagination_token, ListBatchResultsResponse, call)
        )

    def results(self, batch_id: str, **call: Unpack[CallParameters]) -> Iterator[BatchResult]:
        """Iterate over all results; the pages are requested as they are needed.

        The order of results is not that of the requests: match them by ``batch_request_id``.

        Raises:
            InvalidRequestError: ``batch_id`` is empty.
            NotFoundError: The batch does not exist.
            APIError: A call failed otherwise.
        """
        describe = calls.list_pages(batch_id, ListBatchResultsResponse, call)
        return items_of_pages(self._transport, describe, lambda page: page.results)

    def get_result(
        self, batch_id: str, batch_request_id: str, **call: Unpack[CallParameters]
    ) -> BatchResult:
        """Return the result of one request.

        Raises:
            InvalidRequestError: An id is empty.
            NotFoundError: The batch, the request or its result does not exist.
            APIError: The call failed otherwise.
        """
        return self._transport.unary(
            calls.get_result(batch_id, batch_request_id, BatchResult, call)
        )
