"""What a message says, apart from any form it is written in.

Both forms of JSON are read into these, and both the wire's messages and the client's own are made
of them: what a key means is decided once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from xai_vision.openai_compat._values import TranslationError, wrong
from xai_vision.proto import chat_pb2, image_pb2

__all__ = ["DETAILS", "ROLES", "Document", "Part", "Picture", "Said", "to_message"]

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
class Picture:
    """A picture as JSON has it.

    Attributes:
        source: Its URL, or data URL; None for an uploaded one. The client takes more here
            (bytes, paths) than JSON can hold.
        detail: "auto", "low" or "high"; None where nothing was said, which is "auto".
        file_id: An uploaded picture's id.
        where: What to call it in errors.
    """

    source: object
    detail: object = None
    file_id: str | None = None
    where: str = "picture"


@dataclass(frozen=True)
class Document:
    """A file for the model to read: one of the three says where it is."""

    file_id: str | None = None
    url: str | None = None
    data: bytes | None = None
    filename: str = ""
    mime_type: str = ""


Part: TypeAlias = "str | Picture | Document"


@dataclass
class Said:
    """One message.

    Attributes:
        role: One of ``ROLES``.
        parts: What it says, in order.
        name: Who of that role says it.
        tool_calls: Calls the model made.
        tool_call_id: Which call this is the result of.
        reasoning: The model's thinking.
        encrypted: The same as only the service can read it.
    """

    role: str
    parts: list[Part] = field(default_factory=list)
    name: str = ""
    tool_calls: list[chat_pb2.ToolCall] = field(default_factory=list)
    tool_call_id: str | None = None
    reasoning: str | None = None
    encrypted: str = ""


def to_message(said: Said) -> chat_pb2.Message:
    """Make the wire's message.

    Raises:
        TranslationError: A picture is no URL, or its detail none of the three words.
    """
    message = chat_pb2.Message(role=ROLES[said.role], name=said.name)
    message.content.extend(_content(part) for part in said.parts)
    message.tool_calls.extend(said.tool_calls)
    message.encrypted_content = said.encrypted
    if said.tool_call_id is not None:
        message.tool_call_id = said.tool_call_id
    if said.reasoning is not None:
        message.reasoning_content = said.reasoning
    return message


def _content(part: Part) -> chat_pb2.Content:
    if isinstance(part, str):
        return chat_pb2.Content(text=part)
    if isinstance(part, Picture):
        return chat_pb2.Content(image_url=_picture(part))
    file = chat_pb2.FileContent(
        file_id=part.file_id or "",
        url=part.url or "",
        data=part.data or b"",
        filename=part.filename,
        mime_type=part.mime_type,
    )
    return chat_pb2.Content(file=file)


def _picture(picture: Picture) -> image_pb2.ImageUrlContent:
    detail = image_pb2.DETAIL_AUTO
    if picture.detail is not None:
        if not isinstance(picture.detail, str) or picture.detail not in DETAILS:
            allowed = ", ".join(map(repr, DETAILS))
            raise wrong(f"{picture.where}.detail", f"one of {allowed}", picture.detail)
        detail = DETAILS[picture.detail]
    if picture.file_id is not None:
        return image_pb2.ImageUrlContent(file_id=picture.file_id, detail=detail)
    if not isinstance(picture.source, str):
        raise wrong(f"{picture.where}.image_url", "a URL", picture.source)
    try:
        return image_pb2.ImageUrlContent(image_url=picture.source, detail=detail)
    except UnicodeEncodeError:
        raise TranslationError(
            f"{picture.where}.image_url holds a lone surrogate", key=picture.where
        ) from None
