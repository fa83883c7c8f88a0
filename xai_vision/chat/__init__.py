"""Conversations: messages, pictures in them, and answers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xai_vision.chat.achat import AsyncChat
    from xai_vision.chat.chat import Chat
    from xai_vision.chat.chunk import Chunk
    from xai_vision.chat.compaction import CompactContextResponse
    from xai_vision.chat.content import Content, ImageContent, ImageDetail, file, image, text
    from xai_vision.chat.functions import required_tool, tool
    from xai_vision.chat.message import (
        Message,
        assistant,
        developer,
        system,
        tool_result,
        user,
    )
    from xai_vision.chat.parameters import (
        CreateParameters,
        IncludeOption,
        ReasoningEffort,
        ResponseFormat,
        ToolMode,
    )
    from xai_vision.chat.response import Response
    from xai_vision.proto import chat_pb2, usage_pb2

__all__ = [
    "AsyncChat",
    "Chat",
    "Chunk",
    "CompactContextResponse",
    "Content",
    "CreateParameters",
    "ImageContent",
    "ImageDetail",
    "IncludeOption",
    "Message",
    "ReasoningEffort",
    "Response",
    "ResponseFormat",
    "ToolMode",
    "assistant",
    "chat_pb2",
    "developer",
    "file",
    "image",
    "required_tool",
    "system",
    "text",
    "tool",
    "tool_result",
    "usage_pb2",
    "user",
]

_HOMES = {
    "AsyncChat": "achat",
    "Chat": "chat",
    "Chunk": "chunk",
    "CompactContextResponse": "compaction",
    "Content": "content",
    "CreateParameters": "parameters",
    "ImageContent": "content",
    "ImageDetail": "content",
    "IncludeOption": "parameters",
    "Message": "message",
    "ReasoningEffort": "parameters",
    "Response": "response",
    "ResponseFormat": "parameters",
    "ToolMode": "parameters",
    "assistant": "message",
    "developer": "message",
    "file": "content",
    "image": "content",
    "required_tool": "functions",
    "system": "message",
    "text": "content",
    "tool": "functions",
    "tool_result": "message",
    "user": "message",
}


def __getattr__(name: str) -> object:
    # Loaded on use: most programs need neither both clients' chats nor tools.
    if name in ("chat_pb2", "usage_pb2"):
        value: object = import_module(f"xai_vision.proto.{name}")
    elif name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
