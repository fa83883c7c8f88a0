"""A parsed message, independent of the JSON format it was written in.

Both formats are parsed into these classes; the protos and the client's messages are built from
them, so each JSON key is interpreted in one place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from xai_vision.openai_compat._values import drop_none, enum, string
from xai_vision.proto import chat_pb2, image_pb2

ROLES: Final = {
    "user": chat_pb2.ROLE_USER,
    "assistant": chat_pb2.ROLE_ASSISTANT,
    "system": chat_pb2.ROLE_SYSTEM,
    "developer": chat_pb2.ROLE_DEVELOPER,
    "tool": chat_pb2.ROLE_TOOL,
}
DETAILS: Final = {
    "auto": image_pb2.DETAIL_AUTO,
    "low": image_pb2.DETAIL_LOW,
    "high": image_pb2.DETAIL_HIGH,
}


@dataclass(frozen=True)
class ImagePart:
    """An image.

    Attributes:
        source: A URL or data URL; None for an uploaded image. The client also accepts bytes and
            paths here, which JSON cannot hold.
        detail: "auto", "low" or "high"; None means "auto".
        file_id: The id of an uploaded image.
        path: The part's path, for errors.
    """

    source: object
    detail: object = None
    file_id: str | None = None
    path: str = "image"


@dataclass(frozen=True)
class FilePart:
    """A file; exactly one of ``file_id``, ``url`` and ``data`` is set."""

    file_id: str | None = None
    url: str | None = None
    data: bytes | None = None
    filename: str = ""
    mime_type: str = ""


Part: TypeAlias = "str | ImagePart | FilePart"


@dataclass
class ParsedMessage:
    """One message.

    Attributes:
        role: One of ``ROLES``.
        parts: The content, in order.
        name: The name of the participant.
        tool_calls: The model's tool calls.
        tool_call_id: The id of the call that this message is the result of.
        reasoning: The model's reasoning.
        encrypted_content: The encrypted reasoning, which only the service can read.
    """

    role: str
    parts: list[Part] = field(default_factory=list)
    name: str = ""
    tool_calls: list[chat_pb2.ToolCall] = field(default_factory=list)
    tool_call_id: str | None = None
    reasoning: str | None = None
    encrypted_content: str = ""


def to_message(message: ParsedMessage) -> chat_pb2.Message:
    """Build the proto of a message.

    Raises:
        TranslationError: An image has no URL, or its detail is not a known one.
    """
    return chat_pb2.Message(
        role=ROLES[message.role],
        content=[_content(part) for part in message.parts],
        name=message.name,
        tool_calls=message.tool_calls,
        tool_call_id=message.tool_call_id,
        reasoning_content=message.reasoning,
        encrypted_content=message.encrypted_content,
    )


def _content(part: Part) -> chat_pb2.Content:
    if isinstance(part, str):
        return chat_pb2.Content(text=part)
    if isinstance(part, ImagePart):
        return chat_pb2.Content(image_url=_image(part))
    return chat_pb2.Content(file=chat_pb2.FileContent(**drop_none(vars(part))))


def _image(part: ImagePart) -> image_pb2.ImageUrlContent:
    detail = image_pb2.DETAIL_AUTO
    if part.detail is not None:
        detail = enum(f"{part.path}.detail", part.detail, DETAILS)
    if part.file_id is not None:
        return image_pb2.ImageUrlContent(file_id=part.file_id, detail=detail)
    source = string(f"{part.path}.image_url", part.source)
    return image_pb2.ImageUrlContent(image_url=source, detail=detail)
