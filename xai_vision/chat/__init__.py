"""Conversations: messages with images, and responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision._transport.stream import AsyncStream, Stream
    from xai_vision.chat._async_chat import AsyncChat
    from xai_vision.chat._chat import Chat
    from xai_vision.chat._compaction import CompactContextResponse
    from xai_vision.chat._messages.content import (
        Content,
        ImageContent,
        ImageDetail,
        file,
        image,
        text,
    )
    from xai_vision.chat._messages.message import (
        Message,
        assistant,
        developer,
        system,
        tool_result,
        user,
    )
    from xai_vision.chat._request.function_tool import required_tool, tool
    from xai_vision.chat._request.parameters import (
        CreateParameters,
        IncludeOption,
        ReasoningEffort,
        ResponseFormat,
        ToolMode,
    )
    from xai_vision.chat._response.chunk import Chunk
    from xai_vision.chat._response.response import Response
    from xai_vision.proto import chat_pb2, usage_pb2

__all__ = [
    "AsyncChat",
    "AsyncStream",
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
    "Stream",
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

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "AsyncChat": "xai_vision.chat._async_chat",
        "AsyncStream": "xai_vision._transport.stream",
        "Chat": "xai_vision.chat._chat",
        "Chunk": "xai_vision.chat._response.chunk",
        "CompactContextResponse": "xai_vision.chat._compaction",
        "Content": "xai_vision.chat._messages.content",
        "CreateParameters": "xai_vision.chat._request.parameters",
        "ImageContent": "xai_vision.chat._messages.content",
        "ImageDetail": "xai_vision.chat._messages.content",
        "IncludeOption": "xai_vision.chat._request.parameters",
        "Message": "xai_vision.chat._messages.message",
        "ReasoningEffort": "xai_vision.chat._request.parameters",
        "Response": "xai_vision.chat._response.response",
        "ResponseFormat": "xai_vision.chat._request.parameters",
        "Stream": "xai_vision._transport.stream",
        "ToolMode": "xai_vision.chat._request.parameters",
        "assistant": "xai_vision.chat._messages.message",
        "developer": "xai_vision.chat._messages.message",
        "file": "xai_vision.chat._messages.content",
        "image": "xai_vision.chat._messages.content",
        "required_tool": "xai_vision.chat._request.function_tool",
        "system": "xai_vision.chat._messages.message",
        "text": "xai_vision.chat._messages.content",
        "tool": "xai_vision.chat._request.function_tool",
        "tool_result": "xai_vision.chat._messages.message",
        "user": "xai_vision.chat._messages.message",
    },
    {name: f"xai_vision.proto.{name}" for name in ("chat_pb2", "usage_pb2")},
)
