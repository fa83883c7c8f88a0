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


def write_messages(out: BytesIO, field: int, messages: Sequence[Message], rest: bytes) -> None:
    """Write a request: its messages, which are ``field`` of it, and the rest as it is.

    Raises:
        InvalidRequestError: It is larger than a protobuf message can be (2 GiB).
        ImageError: A picture can no longer be read; ``source`` says which.
    """
    sizes = [message.encoded_size for message in messages]
    total = sum(sizes) + len(rest)
    if total > MAX_MESSAGE_BYTES:
        raise InvalidRequestError(
            f"the request is {total / 2**20:.0f} MiB; a protobuf message ends at 2048 MiB. "
            "Send fewer pictures at once, or chain with previous_response_id."
        )
    for place, (message, size) in enumerate(zip(messages, sizes, strict=True), 1):
        out.write(head(field, size))
        try:
            message.write(out.write)
        except ImageError as error:
            error.source = f"message {place}, {error.source}"
            raise
    out.write(rest)
