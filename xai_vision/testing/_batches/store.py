"""The batches of a tenant."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from xai_vision.testing._batches.batch import Batch, BatchItem, BatchPlan
from xai_vision.testing._errors import ServiceError, invalid_argument, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xai_vision.proto import batch_pb2
    from xai_vision.testing._clock import Clock

_PERIOD_SECONDS = 30.0


class BatchStore:
    """Batches by id.

    Attributes:
        plan: The course of the batches that are created from now on.
        lock: Guards the batches; one thread processes a batch.

    Args:
        clock: The service's clock.
        max_calls: The maximum number of calls that add requests, in 30 seconds.
    """

    def __init__(self, clock: Clock, max_calls: int) -> None:
        self.plan = BatchPlan()
        self.lock = threading.RLock()
        self._clock = clock
        self._batches: dict[str, Batch] = {}
        self._adds: deque[float] = deque(maxlen=max_calls)

    def create(self, batch_id: str, name: str, key_id: str, input_file_id: str) -> Batch:
        """Create a batch."""
        batch = Batch(batch_id, name, key_id, self._clock.time(), self.plan, input_file_id)
        with self.lock:
            self._batches[batch_id] = batch
        return batch

    def get(self, batch_id: str) -> Batch:
        """Return a batch.

        Raises:
            ServiceError: NOT_FOUND if it does not exist.
        """
        with self.lock:
            batch = self._batches.get(batch_id)
        if batch is None:
            raise not_found(f"Batch not found: {batch_id}")
        return batch

    def all(self) -> list[Batch]:
        """Return the batches, the newest first."""
        with self.lock:
            return list(reversed(self._batches.values()))

    def count_add(self) -> None:
        """Count a call that adds requests.

        Raises:
            ServiceError: RESOURCE_EXHAUSTED if there were too many in 30 seconds.
        """
        now = self._clock.time()
        with self.lock:
            full = len(self._adds) == self._adds.maxlen
            if full and now - self._adds[0] < _PERIOD_SECONDS:
                wait = _PERIOD_SECONDS - (now - self._adds[0])
                raise ServiceError(
                    "RESOURCE_EXHAUSTED",
                    f"Too many calls add requests to batches: the maximum is "
                    f"{self._adds.maxlen} in 30 seconds.",
                    [("retry-after", f"{wait:.3f}")],
                )
            self._adds.append(now)

    def add(self, batch: Batch, requests: Sequence[batch_pb2.BatchRequest]) -> None:
        """Add requests with ids to a batch; all or none of them.

        Raises:
            ServiceError: INVALID_ARGUMENT if an id exists already or a request is empty;
                FAILED_PRECONDITION if the batch is cancelled.
        """
        with self.lock:
            if batch.cancelled is not None:
                reason = f" {batch.cancel_message}" if batch.cancel_message else ""
                raise ServiceError(
                    "FAILED_PRECONDITION",
                    f"The batch {batch.batch_id} is cancelled.{reason}",
                )
            items: dict[str, BatchItem] = {}
            for index, request in enumerate(requests):
                request_id = request.batch_request_id
                if request.WhichOneof("request") is None:
                    raise invalid_argument(f"Request {index} of the batch is empty.")
                if request_id in batch.items or request_id in items:
                    raise invalid_argument(
                        f"The batch_request_id {request_id!r} exists already in the batch."
                    )
                items[request_id] = BatchItem(request, self._clock.time())
                model = items[request_id].body.model
                if model in batch.plan.models_refused:
                    raise invalid_argument(
                        f"The model {model} is not available for batch requests."
                    )
            batch.items.update(items)

    def clear(self) -> None:
        """Remove all batches and reset the plan."""
        with self.lock:
            self._batches.clear()
            self._adds.clear()
            self.plan = BatchPlan()
