"""Answers the server keeps: stored ones that can be continued, and deferred ones."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from xai_vision.proto import chat_pb2
from xai_vision.testing._clock import Clock
from xai_vision.testing._errors import not_found
from xai_vision.testing._service.request_reader import ConversationSummary


@dataclass(frozen=True)
class StoredResponse:
    """A stored answer with the conversation it belongs to.

    Attributes:
        metadata: What its request noted beside it, over REST.
    """

    response: chat_pb2.GetChatCompletionResponse
    conversation: ConversationSummary
    at: datetime
    metadata: Mapping[str, Any] = field(default_factory=dict)


class ResponseStore:
    """Stored answers by id; they expire on the server's clock."""

    def __init__(self, clock: Clock, days: float) -> None:
        self._clock = clock
        self._keep = timedelta(days=days)
        self._items: dict[str, StoredResponse] = {}
        self._lock = threading.Lock()

    def put(
        self, response: chat_pb2.GetChatCompletionResponse, conversation: ConversationSummary
    ) -> None:
        """Keep an answer under its id."""
        with self._lock:
            self._items[response.id] = StoredResponse(response, conversation, self._clock.now())

    def set_metadata(self, response_id: str, metadata: Mapping[str, Any]) -> None:
        """Keep what a request noted beside its answer, if that is kept."""
        with self._lock:
            stored = self._items.get(response_id)
            if stored is not None:
                self._items[response_id] = replace(stored, metadata=metadata)

    def get(self, response_id: str) -> StoredResponse:
        """Return a stored answer.

        Raises:
            ServiceError: NOT_FOUND, there is none, or no longer.
        """
        with self._lock:
            stored = self._items.get(response_id)
            if stored is not None and self._clock.now() - stored.at > self._keep:
                del self._items[response_id]
                stored = None
        if stored is None:
            raise not_found("Response not found")
        return stored

    def delete(self, response_id: str) -> None:
        """Forget a stored answer.

        Raises:
            ServiceError: NOT_FOUND, there is none.
        """
        self.get(response_id)
        with self._lock:
            self._items.pop(response_id, None)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._items.clear()

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, response_id: object) -> bool:
        return response_id in self._items
