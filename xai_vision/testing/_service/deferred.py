"""Store deferred responses until the client fetches them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing import _validation as check
from xai_vision.testing._clock import Clock
from xai_vision.testing._errors import not_found


@dataclass(frozen=True)
class DeferredPlan:
    """The course of deferred responses.

    Attributes:
        ready_after_polls: The number of polls that get PENDING first.
        failed: Whether the responses then end as FAILED instead of DONE.
        expired: Whether the responses then end as EXPIRED instead of DONE.
    """

    ready_after_polls: int = 1
    failed: bool = False
    expired: bool = False

    def __post_init__(self) -> None:
        check.integer("deferred: ready_after_polls", self.ready_after_polls, 0)
        failed = check.boolean("deferred: failed", self.failed)
        if check.boolean("deferred: expired", self.expired) and failed:
            raise ValueError("deferred: failed and expired are both True. Pass only one of them")


@dataclass
class _DeferredResponse:
    response: chat_pb2.GetChatCompletionResponse
    plan: DeferredPlan
    created: datetime
    polls: int = 0


class DeferredResponses:
    """Deferred responses by request id.

    Attributes:
        plan: The course of the responses that are added from now on.

    Args:
        clock: The service's clock.
        hours: The hours until a response expires.
    """

    def __init__(self, clock: Clock, hours: float) -> None:
        self.plan = DeferredPlan()
        self._clock = clock
        self._lifetime = timedelta(hours=hours)
        self._responses: dict[str, _DeferredResponse] = {}
        self._lock = threading.Lock()

    def put(self, request_id: str, response: chat_pb2.GetChatCompletionResponse) -> None:
        """Add a response."""
        with self._lock:
            self._responses[request_id] = _DeferredResponse(response, self.plan, self._clock.now())

    def poll(
        self, request_id: str, *, remove_when_done: bool = False
    ) -> chat_pb2.GetDeferredCompletionResponse:
        """Return the status of a deferred response, and the response itself if it is done.

        Args:
            request_id: The id of the request.
            remove_when_done: Whether a response can be fetched only once, as over REST.

        Raises:
            ServiceError: NOT_FOUND if no deferred request has the id.
        """
        with self._lock:
            deferred = self._responses.get(request_id)
            if deferred is None:
                raise not_found("Deferred request not found")
            deferred.polls += 1
            status = self._status(deferred)
            if remove_when_done and status == deferred_pb2.DONE:
                del self._responses[request_id]
        response = deferred.response if status == deferred_pb2.DONE else None
        return chat_pb2.GetDeferredCompletionResponse(status=status, response=response)

    def __contains__(self, request_id: object) -> bool:
        return request_id in self._responses

    def clear(self) -> None:
        """Remove all responses, and reset the plan."""
        with self._lock:
            self._responses.clear()
            self.plan = DeferredPlan()

    def _status(self, deferred: _DeferredResponse) -> deferred_pb2.DeferredStatus.ValueType:
        if self._clock.now() - deferred.created > self._lifetime:
            return deferred_pb2.EXPIRED
        if deferred.polls <= deferred.plan.ready_after_polls:
            return deferred_pb2.PENDING
        if deferred.plan.failed:
            return deferred_pb2.FAILED
        return deferred_pb2.EXPIRED if deferred.plan.expired else deferred_pb2.DONE
