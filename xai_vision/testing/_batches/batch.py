"""A batch: its requests, their states and their results."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto import batch_pb2
from xai_vision.testing import _validation as check

if TYPE_CHECKING:
    from xai_vision.testing._service.api_keys import ApiKey

State = batch_pb2.BatchRequestMetadata.State
DAYS_TO_EXPIRY: Final = 30
"""The days after which a batch does not exist any more (unsure)."""
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
        models_refused: The names and aliases of the models that batches do not accept.
    """

    ready_after: int = 1
    fail: Collection[str] = ()
    cancel: str = ""
    models_refused: Collection[str] = ()

    def __post_init__(self) -> None:
        check.integer("batches: ready_after", self.ready_after, 0)
        check.string("batches: cancel", self.cancel)


@dataclass(frozen=True)
class InputLine:
    """A line of an input file.

    Attributes:
        request: The request.
        url: The path of the endpoint.
    """

    request: batch_pb2.BatchRequest
    url: str


@dataclass(eq=False)
class BatchItem:
    """A request of a batch.

    Attributes:
        request: The request as the client sent it.
        request_id: Its id, which the service made if the client did not.
        caller: The key of the client that added it.
        number: Its number in the batch, from 0.
        created: Seconds since the epoch.
        url: The path of its endpoint in the input file; empty without a file.
        state: Its state.
        finished: Seconds since the epoch; None while it is pending.
        result: Its result; None while it is pending.
        position: Its place in the list of results; None until it was listed.
        cost: The cost in ticks.
    """

    request: batch_pb2.BatchRequest
    request_id: str
    caller: ApiKey
    number: int
    created: float
    url: str = ""
    state: int = State.Value("STATE_PENDING")
    finished: float | None = None
    result: batch_pb2.BatchResult | None = None
    position: int | None = None
    cost: int = 0

    @property
    def body(self) -> Any:
        """The request inside: a completion, image or video request."""
        return getattr(self.request, self.request.WhichOneof("request") or "completion_request")

    @property
    def endpoint(self) -> str:
        """The path of the REST endpoint for such requests."""
        return self.url or _ENDPOINTS[self.request.WhichOneof("request") or "completion_request"]

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
            state=self.state,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        )
        message.create_time.FromNanoseconds(int(self.created * 1e9))
        if self.finished is not None:
            message.finish_time.FromNanoseconds(int(self.finished * 1e9))
        return message


@dataclass(eq=False)
class Batch:
    """A batch. The lock of its store guards it.

    Attributes:
        batch_id: The id.
        name: The name.
        key_id: The id of the key that created it.
        created: Seconds since the epoch.
        number: The number of the batch, in the order of creation.
        plan: Its course.
        input_file_id: The id of the file with its requests. Empty: ``add`` adds them.
        items: The requests by id.
        waiting: The requests whose processing has not begun.
        polls: The number of calls for its state or results so far.
        cancelled: Seconds since the epoch; None if it is not cancelled.
        cancel_message: The service's reason to cancel it.
        metadata: OpenAI's metadata of the batch, over REST.
        file_ids: The ids of its output file and its error file; None before they are made, or if
            it has no such results.
    """

    batch_id: str
    name: str
    key_id: str
    created: float
    number: int
    plan: BatchPlan
    input_file_id: str = ""
    items: dict[str, BatchItem] = field(default_factory=dict)
    polls: int = 0
    cancelled: float | None = None
    cancel_message: str = ""
    metadata: Mapping[str, Any] | None = None
    file_ids: tuple[str | None, str | None] | None = None
    waiting: deque[BatchItem] = field(default_factory=deque)
    _listed: int = 0

    @property
    def expires(self) -> float:
        """When the batch expires, in seconds since the epoch."""
        return self.created + DAYS_TO_EXPIRY * 24 * 3600

    def is_due(self) -> bool:
        """Count a poll, and return whether the requests are to be processed."""
        self.polls += 1
        return self.polls > self.plan.ready_after and self.cancelled is None

    def add(self, items: Mapping[str, BatchItem]) -> None:
        """Add requests by their ids."""
        self.items.update(items)
        self.waiting += items.values()
        self.file_ids = None

    def start_next(self) -> BatchItem | None:
        """Return the next request to process, or None if there is none."""
        return self.waiting.popleft() if self.waiting else None

    def results(self) -> list[BatchItem]:
        """Return the requests with a result.

        Their order is not that in which they were added. It does not change when requests are
        finished later, so that clients which read page after page find all results.
        """
        done = [item for item in self.items.values() if item.result is not None]
        new = [item for item in done if item.position is None]
        new.sort(key=lambda item: hashlib.sha256(item.request_id.encode()).digest())
        for item in new:
            item.position = self._listed
            self._listed += 1
        return done

    def cancel(self, time: float, message: str = "") -> None:
        """Cancel the requests whose processing has not begun."""
        self.cancelled, self.cancel_message = time, message
        while item := self.start_next():
            error = {"code": 1, "message": message or "The request was cancelled."}
            item.finish("STATE_CANCELLED", time, error=error)

    def message(self) -> batch_pb2.Batch:
        """Return the message about the batch."""
        message = batch_pb2.Batch(
            batch_id=self.batch_id, name=self.name, create_api_key_id=self.key_id
        )
        message.create_time.FromNanoseconds(int(self.created * 1e9))
        message.expire_time.FromNanoseconds(int(self.expires * 1e9))
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
    calculated = 0.0
    for item in items:
        if item.cost:
            calculated = max(calculated, item.finished or 0.0)
            by_endpoint.setdefault(item.endpoint, []).append(item.cost)
    for endpoint, ticks in sorted(by_endpoint.items()):
        costs.endpoint_costs.add(
            endpoint=endpoint, cost_usd_ticks=sum(ticks), request_count=len(ticks)
        )
        costs.total_cost_usd_ticks += sum(ticks)
    if calculated:
        costs.calculation_time.FromNanoseconds(int(calculated * 1e9))
