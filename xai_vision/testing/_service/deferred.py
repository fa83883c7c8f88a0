"""Answers to be fetched later."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing import _validation as given
from xai_vision.testing._clock import Clock
from xai_vision.testing._errors import not_found


@dataclass(frozen=True)
class DeferredPlan:
    """How deferred answers come.

    Attributes:
        ready_after_polls: How often a client is told PENDING first.
        failed: Whether they end as FAILED instead of DONE.
        expired: Whether they end as EXPIRED.
    """

    ready_after_polls: int = 1
    failed: bool = False
    expired: bool = False

    def __post_init__(self) -> None:
        given.integer("deferred: ready_after_polls", self.ready_after_polls, 0)
        failed = given.boolean("deferred: failed", self.failed)
        if given.boolean("deferred: expired", self.expired) and failed:
            raise ValueError("deferred: an answer ends as failed or as expired, not as both")


@dataclass
class _Waiting:
    response: chat_pb2.GetChatCompletionResponse
    plan: DeferredPlan
    at: datetime
    polls: int = 0


class DeferredResponses:
    """Deferred answers by request id."""

    def __init__(self, clock: Clock, hours: float) -> None:
        self.plan = DeferredPlan()
        self._clock = clock
        self._keep = timedelta(hours=hours)
        self._items: dict[str, _Waiting] = {}
        self._lock = threading.Lock()

    def put(self, request_id: str, response: chat_pb2.GetChatCompletionResponse) -> None:
        """Keep an answer until it is asked for."""
        with self._lock:
            self._items[request_id] = _Waiting(response, self.plan, self._clock.now())

    def poll(
        self, request_id: str, *, remove_when_done: bool = False
    ) -> chat_pb2.GetDeferredCompletionResponse:
        """Say how far an answer is.

        Args:
            request_id: Which.
            once: Whether an answer that is told is forgotten, as over REST.

        Raises:
            ServiceError: NOT_FOUND, no request has that id.
        """
        with self._lock:
            waiting = self._items.get(request_id)
            if waiting is None:
                raise not_found("Deferred request not found")
            waiting.polls += 1
            status = self._status(waiting)
            if remove_when_done and status == deferred_pb2.DONE:
                del self._items[request_id]
        polled = chat_pb2.GetDeferredCompletionResponse(status=status)
        if status == deferred_pb2.DONE:
            polled.response.CopyFrom(waiting.response)
        return polled

    def clear(self) -> None:
        """Forget all, and how they are to come."""
        with self._lock:
            self._items.clear()
            self.plan = DeferredPlan()

    def _status(self, waiting: _Waiting) -> deferred_pb2.DeferredStatus.ValueType:
        if self._clock.now() - waiting.at > self._keep:
            return deferred_pb2.EXPIRED
        if waiting.polls <= waiting.plan.ready_after_polls:
            return deferred_pb2.PENDING
        if waiting.plan.failed:
            return deferred_pb2.FAILED
        return deferred_pb2.EXPIRED if waiting.plan.expired else deferred_pb2.DONE
