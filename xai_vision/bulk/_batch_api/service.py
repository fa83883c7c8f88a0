"""The calls of batches, repeated while the service is away."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

import grpc

from xai_vision.errors import (
    APIError,
    BatchCancelledError,
    CertificateError,
    MessageTooLargeError,
    OutOfCreditsError,
    RateLimitError,
    RequestTimeoutError,
)
from xai_vision.proto import batch_pb2

if TYPE_CHECKING:
    from xai_vision.client import AsyncClient
    from xai_vision.services._batch.results import BatchResult

T = TypeVar("T")

_ATTEMPTS: Final = 10
_LONGEST_PAUSE: Final = 60.0
_TRANSIENT: Final = frozenset(
    {
        *(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED),
        *(grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN),
        *(grpc.StatusCode.ABORTED, grpc.StatusCode.DEADLINE_EXCEEDED),
    }
)
_FINAL: Final = (CertificateError, MessageTooLargeError, OutOfCreditsError)


def is_transient(error: APIError) -> bool:
    """Return whether the same request may succeed later."""
    return error.code() in _TRANSIENT and not isinstance(error, _FINAL)


class Batches:
    """Batches of the service.

    Args:
        client: The client.
        interval: The seconds between polls; None is the default of ``client.batch.wait``.
    """

    def __init__(self, client: AsyncClient, interval: float | None) -> None:
        self._batch = client.batch
        self._interval = interval

    async def create(self, name: str) -> str:
        """Create a batch and return its id."""
        return (await _persist(lambda: self._batch.create(name))).batch_id

    async def add(self, batch_id: str, requests: Sequence[batch_pb2.BatchRequest]) -> None:
        """Add requests to a batch, all or none.

        Raises:
            APIError: The service refused them.
        """
        retried = False

        async def add() -> None:
            nonlocal retried
            try:
                await self._batch.add(batch_id, requests)
            except APIError as error:
                # An earlier attempt may have arrived, although its reply was lost. Then the
                # service refuses the same ids.
                ambiguous = retried or error.attempts > 1
                if ambiguous and error.code() is grpc.StatusCode.INVALID_ARGUMENT:
                    known = {request_id async for request_id in self.request_ids(batch_id)}
                    if all(request.batch_request_id in known for request in requests):
                        return
                retried = True
                raise

        await _persist(add)

    async def request_ids(self, batch_id: str) -> AsyncIterator[str]:
        """Iterate over the ids of the requests of a batch."""
        token: str | None = None
        while True:
            page = await _persist(
                lambda token=token: self._batch.list_batch_requests(  # type: ignore[misc]
                    batch_id, pagination_token=token
                )
            )
            for request in page.batch_request_metadata:
                yield request.batch_request_id
            token = page.pagination_token or None
            if token is None:
                return

    async def wait(self, batch_id: str) -> BatchCancelledError | None:
        """Wait until no request of a batch is pending; return the error if it was cancelled.

        Raises:
            NotFoundError: The batch has expired.
        """
        while True:
            try:
                await _persist(lambda: self._batch.wait(batch_id, interval=self._interval))
            except BatchCancelledError as error:
                return error
            except RequestTimeoutError:
                continue  # after a day
            return None

    async def results(self, batch_id: str) -> AsyncIterator[BatchResult]:
        """Iterate over the results. A page is requested again after a transient error."""
        token: str | None = None
        while True:
            page = await _persist(
                lambda token=token: self._batch.list_batch_results(  # type: ignore[misc]
                    batch_id, pagination_token=token
                )
            )
            for result in page.results:
                yield result
            token = page.pagination_token
            if token is None:
                return


async def _persist(call: Callable[[], Awaitable[T]]) -> T:
    """Repeat a call after transient errors, with growing pauses."""
    for attempt in itertools.count(1):
        try:
            return await call()
        except APIError as error:
            if attempt >= _ATTEMPTS or not is_transient(error):
                raise
            pause = min(2.0 ** (attempt - 1), _LONGEST_PAUSE)
            if isinstance(error, RateLimitError) and error.retry_after is not None:
                pause = error.retry_after
        await asyncio.sleep(pause * random.uniform(1, 1.2))  # noqa: S311 - not a secret
    raise AssertionError  # the loop has no end
