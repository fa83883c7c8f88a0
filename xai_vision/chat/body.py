"""A request's body, written once.

Each picture is read and encoded straight to its place; there is no second copy of it. Messages
come first and settings last, for the order of fields is free and messages are what stays the same
from one turn to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from xai_vision.chat.encode import MAX_MESSAGE_BYTES, head
from xai_vision.chat.message import Message
from xai_vision.errors import ImageError, InvalidRequestError
from xai_vision.proto import chat_pb2

# Field number of xai_api.GetCompletionsRequest.
_MESSAGES = 1


class Body:
    """The messages and settings of one request."""

    def __init__(
        self, messages: Sequence[Message], settings: chat_pb2.GetCompletionsRequest
    ) -> None:
        self._messages = messages
        self._settings = settings

    def encode(self) -> bytes:
        """Write it.

        Raises:
            InvalidRequestError: It is larger than a protobuf message can be (2 GiB).
            ImageError: A picture's file can no longer be read; ``source`` says which.
        """
        sizes = [message.encoded_size for message in self._messages]
        total = sum(sizes) + self._settings.ByteSize()
        if total > MAX_MESSAGE_BYTES:
            raise InvalidRequestError(
                f"the request is {total / 2**20:.0f} MiB; a protobuf message ends at 2048 MiB. "
                "Send fewer pictures at once, or chain with previous_response_id."
            )
        out = BytesIO()
        for place, (message, size) in enumerate(zip(self._messages, sizes, strict=True), 1):
            out.write(head(_MESSAGES, size))
            try:
                message.write(out.write)
            except ImageError as error:
                error.source = f"message {place}: {error.source}"
                raise
        out.write(self._settings.SerializeToString())
        return out.getvalue()
