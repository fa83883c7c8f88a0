"""A batch: its requests, their states and their results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from xai_vision.proto import batch_pb2
from xai_vision.testing import _validation as check

State = batch_pb2.BatchRequestMetadata.State
DAYS_TO_EXPIRY: Final = 30
_ENDPOINTS: Final = {
    "completion_request": "/v1/chat/completions",
    "image_request": "/v1/images/generations",
    "video_request": "/v1/videos/generations",
    "video_extension_request": "/v1/videos/extensions",
}
_COUNTERS: Final[dict[int, str]] = {
    State.Value("STATE_PENDING"): "num_pending",
    State.Value("STATE_SUCCEEDED"): "num_success",
    State.Value("STATE_CANCELLED"): "num_cancelled",
    State.Value("STATE_FAILED"): "num_error",
}


@dataclass(frozen=True)
class BatchPlan:
    """The course of batches.

    Attributes:
        ready_after: The number of calls for the state or the results that find all requests
            pending.
        fail: The ids of the requests that fail.
        cancel: The service's reason to cancel the batch instead of completing it. Empty: none.
        models_refused: The names of the models that batches do not accept.
    """

    ready_after: int = 1
    fail: Iterable[str] = ()
    cancel: str = ""
    models_refused: Iterable[str] = ()

    def __post_init__(self) -> None:
        check.integer("batches: ready_after", self.ready_after, 0)
        check.string("batches: cancel", self.cancel)
        for name in ("fail", "models_refused"):
            object.__setattr__(self, name, check.strings(f"batches: {name}", getattr(self, name)))


@dataclass
class BatchItem:
    """A request of a batch.

    Attributes:
        request: The request, with an id.
        created: Seconds since the epoch.
        state: Its state.
        finished: Seconds since the epoch; None while it is pending.
        result: Its result; None while it is pending.
        cost: The cost in ticks.
    """

    request: batch_pb2.BatchRequest
    created: float
    state: int = State.Value("STATE_PENDING")
    finished: float | None = None
    result: batch_pb2.BatchResult | None = None
    cost: int = 0

    @property
    def request_id(self) -> str:
        """The id of the request."""
        return self.request.batch_request_id

    @property
    def body(self) -> Any:
        """The request inside: a completion, image or video request."""
        return getattr(self.request, self.request.WhichOneof("request") or "completion_request")

    @property
    def endpoint(self) -> str:
        """The path of the REST endpoint for such requests."""
        return _ENDPOINTS[self.request.WhichOneof("request") or "completion_request"]

    def finish(self, state: str, time: float, **result: Any) -> None:
        """Set the result.

        Args:
            state: The name of the state.
            time: Seconds since the epoch.
            result: ``response`` or ``error`` of the BatchResult.
        """
        self.state, self.finished = State.Value(state), time
        self.result = batch_pb2.BatchResult(batch_request_id=self.request_id, **result)

    def metadata(self) -> batch_pb2.BatchRequestMetadata:
        """Return the message about the request's state."""
        message = batch_pb2.BatchRequestMetadata(
            batch_request_id=self.request_id,
            endpoint=self.endpoint,
            model=self.body.model,
            state=self.state,  # type: ignore[arg-type]
        )
        message.create_time.FromNanoseconds(int(self.created * 1e9))
        if self.finished is not None:
            message.finish_time.FromNanoseconds(int(self.finished * 1e9))
        return message


@dataclass
class Batch:
    """A batch.

    Attributes:
        batch_id: The id.
        name: The name.
        key_id: The id of the key that created it.
        created: Seconds since the epoch.
        plan: Its course.
        input_file_id: The id of the file with its requests. Empty: ``add`` adds them.
        items: The requests by id.
        polls: The number of calls for its state or results so far.
        cancelled: Seconds since the epoch; None if it is not cancelled.
        cancel_message: The service's reason to cancel it.
    """

    batch_id: str
    name: str
    key_id: str
    created: float
    plan: BatchPlan
    input_file_id: str = ""
    items: dict[str, BatchItem] = field(default_factory=dict)
    polls: int = 0
    cancelled: float | None = None
    cancel_message: str = ""

    def pending(self) -> list[BatchItem]:
        """Return the pending requests."""
        return [item for item in self.items.values() if item.result is None]

    def finished(self) -> list[BatchItem]:
        """Return the requests with a result. Their order is not that in which they were added."""
        done = [item for item in self.items.values() if item.result is not None]
        return sorted(done, key=lambda item: hashlib.sha256(item.request_id.encode()).digest())

    def cancel(self, time: float, message: str = "") -> None:
        """Cancel the pending requests."""
        self.cancelled, self.cancel_message = time, message
        for item in self.pending():
            error = {"code": 1, "message": message or "The request was cancelled."}
            item.finish("STATE_CANCELLED", time, error=error)

    def message(self) -> batch_pb2.Batch:
        """Return the message about the batch."""
        message = batch_pb2.Batch(
            batch_id=self.batch_id, name=self.name, create_api_key_id=self.key_id
        )
        message.create_time.FromNanoseconds(int(self.created * 1e9))
        expires = self.created + DAYS_TO_EXPIRY * 24 * 3600
        message.expire_time.FromNanoseconds(int(expires * 1e9))
        if self.input_file_id:
            message.input_file_id = self.input_file_id
        if self.cancelled is not None:
            message.cancel_time.FromNanoseconds(int(self.cancelled * 1e9))
            if self.cancel_message:
                message.cancel_by_xai_message = self.cancel_message
        message.state.num_requests = len(self.items)
        for counter in _COUNTERS.values():
            setattr(message.state, counter, 0)
        for item in self.items.values():
            counter = _COUNTERS[item.state]
            setattr(message.state, counter, getattr(message.state, counter) + 1)
        _add_costs(message, self.items.values())
        return message


def _add_costs(message: batch_pb2.Batch, items: Iterable[BatchItem]) -> None:
    costs = message.cost_breakdown
    by_endpoint: dict[str, list[int]] = {}
    for item in items:
        if item.cost:
            by_endpoint.setdefault(item.endpoint, []).append(item.cost)
    for endpoint, ticks in sorted(by_endpoint.items()):
        costs.endpoint_costs.add(
            endpoint=endpoint, cost_usd_ticks=sum(ticks), request_count=len(ticks)
        )
        costs.total_cost_usd_ticks += sum(ticks)
