"""The conversations that xAI keeps, and a local server does not."""

from __future__ import annotations

from typing import Any

from xai_vision.proto import chat_pb2
from xai_vision.testing._errors import not_found
from xai_vision.testing._upstream.bounded_map import BoundedMap


class Memory:
    """Stored responses with their conversations. Beyond a limit the oldest are dropped."""

    def __init__(self) -> None:
        self._stored: BoundedMap[str, tuple[list[chat_pb2.Message], Any]] = BoundedMap()

    def put(
        self, messages: list[chat_pb2.Message], response: chat_pb2.GetChatCompletionResponse
    ) -> None:
        """Store a response with the messages that it answers."""
        self._stored.put(response.id, (messages, response))

    def get(self, response_id: str) -> chat_pb2.GetChatCompletionResponse:
        """Return a stored response.

        Raises:
            ServiceError: NOT_FOUND.
        """
        response: chat_pb2.GetChatCompletionResponse = self._find(response_id)[1]
        return response

    def conversation(self, response_id: str) -> list[chat_pb2.Message]:
        """Return the messages up to and including a stored response.

        Raises:
            ServiceError: NOT_FOUND.
        """
        messages, response = self._find(response_id)
        return [*messages, *(answer_message(output) for output in response.outputs[:1])]

    def _find(self, response_id: str) -> tuple[list[chat_pb2.Message], Any]:
        entry = self._stored.get(response_id)
        if entry is None:
            raise not_found("Response not found")
        return entry

    def delete(self, response_id: str) -> None:
        """Delete a stored response.

        Raises:
            ServiceError: NOT_FOUND.
        """
        if self._stored.pop(response_id) is None:
            raise not_found("Response not found")


def answer_message(output: chat_pb2.CompletionOutput) -> chat_pb2.Message:
    """Return an output as a message of the conversation that it continues."""
    message = output.message
    return chat_pb2.Message(
        role=chat_pb2.ROLE_ASSISTANT,
        content=[chat_pb2.Content(text=message.content)] if message.content else [],
        tool_calls=message.tool_calls,
    )
