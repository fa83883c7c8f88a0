"""The batches of a tenant."""

from __future__ import annotations

import math
import threading
from collections import deque
from typing import TYPE_CHECKING

from xai_vision.testing._batches.batch import Batch, BatchItem, BatchPlan, InputLine
from xai_vision.testing._errors import ServiceError, invalid_argument, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xai_vision.proto import batch_pb2
    from xai_vision.testing._clock import Clock
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._settings import Settings

_PERIOD_SECONDS = 30.0


class BatchStore:
    """Batches by id.

    Attributes:
        plan: The course of the batches that are created from now on.
        lock: Guards the batches. It is not held while a request is processed, because functions
            of the test may block.

    Args:
        clock: The service's clock.
        settings: The settings of the tenant.
        new_id: Makes a random UUID.
    """

    def __init__(self, clock: Clock, settings: Settings, new_id: Callable[[], str]) -> None:
        self.plan = BatchPlan()
        self.lock = threading.RLock()
        self._clock = clock
        self._settings = settings
        self._new_id = new_id
        self._batches: dict[str, Batch] = {}
        self._count = 0
        self._last_creation = -math.inf
        self._adds: deque[float] = deque(maxlen=settings.max_batch_calls)

    def create(
        self,
        name: str,
        caller: ApiKey,
        input_file_id: str = "",
        lines: Sequence[InputLine] = (),
    ) -> Batch:
        """Create a batch with the requests of its file.

        Raises:
            ServiceError: RESOURCE_EXHAUSTED if another batch was created just before; the errors
                of ``add``.
        """
        now = self._clock.time()
        with self.lock:
            wait = self._last_creation + self._settings.batch_interval - now
            if wait > 0:
                raise _too_many(
                    "batches are created: the maximum is one in "
                    f"{self._settings.batch_interval:g} seconds",
                    wait,
                )
            self._count += 1
            batch_id = f"batch_{self._new_id()}"
            batch = Batch(batch_id, name, caller.key_id, now, self._count, self.plan, input_file_id)
            self.add(batch, [line.request for line in lines], caller)
            for item, line in zip(batch.items.values(), lines, strict=True):
                item.url = line.url
            self._last_creation = now
            self._batches[batch_id] = batch
        return batch

    def get(self, batch_id: str) -> Batch:
        """Return a batch.

        Raises:
            ServiceError: NOT_FOUND if it does not exist, or has expired.
        """
        with self.lock:
            batch = self._batches.get(batch_id)
        if batch is None or self._clock.time() >= batch.expires:
            raise not_found(f"Batch not found: {batch_id}")
        return batch

    def all(self) -> list[Batch]:
        """Return the batches that have not expired."""
        now = self._clock.time()
        with self.lock:
            return [batch for batch in self._batches.values() if now < batch.expires]

    def count_add(self) -> None:
        """Count a call that adds requests.

        Raises:
            ServiceError: RESOURCE_EXHAUSTED if there were too many in 30 seconds.
        """
        now = self._clock.time()
        with self.lock:
            full = len(self._adds) == self._adds.maxlen
            if full and now - self._adds[0] < _PERIOD_SECONDS:
                raise _too_many(
                    f"calls add requests to batches: the maximum is {self._adds.maxlen} in 30 "
                    "seconds",
                    _PERIOD_SECONDS - (now - self._adds[0]),
                )
            self._adds.append(now)

    def add(self, batch: Batch, requests: Sequence[batch_pb2.BatchRequest], caller: ApiKey) -> None:
        """Add requests to a batch; all or none of them.

        Raises:
            ServiceError: INVALID_ARGUMENT if an id exists already, a request is empty, or its
                model is refused; FAILED_PRECONDITION if the batch is cancelled.
        """
        with self.lock:
            if batch.cancelled is not None:
                reason = f" {batch.cancel_message}" if batch.cancel_message else ""
                raise ServiceError(
                    "FAILED_PRECONDITION",
                    f"The batch {batch.batch_id} is cancelled.{reason}",
                )
            now, first = self._clock.time(), len(batch.items)
            items: dict[str, BatchItem] = {}
            for index, request in enumerate(requests):
                request_id = request.batch_request_id or self._new_id()
                if request.WhichOneof("request") is None:
                    raise invalid_argument(f"Request {index} of the batch is empty.")
                if request_id in batch.items or request_id in items:
                    raise invalid_argument(
                        f"The batch_request_id {request_id!r} exists already in the batch."
                    )
                item = BatchItem(request, request_id, caller, first + index, now)
                items[request_id] = item
                model = item.body.model
                if model in batch.plan.models_refused:
                    raise invalid_argument(
                        f"The model {model} is not available for batch requests."
                    )
            batch.add(items)

    def clear(self) -> None:
        """Remove all batches and reset the plan."""
        with self.lock:
            self._batches.clear()
            self._adds.clear()
            self.plan = BatchPlan()
            self._last_creation = -math.inf


def _too_many(problem: str, wait: float) -> ServiceError:
    return ServiceError(
        "RESOURCE_EXHAUSTED", f"Too many {problem}.", [("retry-after", f"{wait:.3f}")]
    )
