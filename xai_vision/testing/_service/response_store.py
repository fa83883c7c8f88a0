"""Store responses that later requests can fetch, continue or delete."""

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
    """A stored response.

    Attributes:
        response: The response.
        conversation: The summary of the conversation up to and including the response.
        created: The time at which the response was stored.
        metadata: The ``metadata`` of the request, over REST.
    """

    response: chat_pb2.GetChatCompletionResponse
    conversation: ConversationSummary
    created: datetime
    metadata: Mapping[str, Any] = field(default_factory=dict)


class ResponseStore:
    """Stored responses by id. They expire by the service's clock.

    Args:
        clock: The service's clock.
        days: The days until a response expires.
    """

    def __init__(self, clock: Clock, days: float) -> None:
        self._clock = clock
        self._lifetime = timedelta(days=days)
        self._responses: dict[str, StoredResponse] = {}
        self._lock = threading.Lock()

    def put(
        self, response: chat_pb2.GetChatCompletionResponse, conversation: ConversationSummary
    ) -> None:
        """Store a response under its id."""
        stored = StoredResponse(response, conversation, self._clock.now())
        with self._lock:
            self._responses[response.id] = stored

    def set_metadata(self, response_id: str, metadata: Mapping[str, Any]) -> None:
        """Add the request's metadata to a response, if the response is stored."""
        with self._lock:
            stored = self._responses.get(response_id)
            if stored is not None:
                self._responses[response_id] = replace(stored, metadata=metadata)

    def metadata(self, response_id: str) -> Mapping[str, Any]:
        """Return the metadata of a response; it is empty if the response is not stored."""
        stored = self._responses.get(response_id)
        return {} if stored is None else stored.metadata

    def get(self, response_id: str) -> StoredResponse:
        """Return a stored response.

        Raises:
            ServiceError: NOT_FOUND if the response is not stored, or has expired.
        """
        with self._lock:
            stored = self._responses.get(response_id)
            if stored is not None and self._clock.now() - stored.created > self._lifetime:
                del self._responses[response_id]
                stored = None
        if stored is None:
            raise not_found("Response not found")
        return stored

    def delete(self, response_id: str) -> None:
        """Delete a stored response.

        Raises:
            ServiceError: NOT_FOUND if the response is not stored, or has expired.
        """
        self.get(response_id)
        with self._lock:
            self._responses.pop(response_id, None)

    def clear(self) -> None:
        """Delete all responses."""
        with self._lock:
            self._responses.clear()

    def __len__(self) -> int:
        return len(self._responses)

    def __contains__(self, response_id: object) -> bool:
        return response_id in self._responses
