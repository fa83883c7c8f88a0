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
    from xai_vision.chat._messages.factories import (
        assistant,
        developer,
        system,
        tool_result,
        user,
    )
    from xai_vision.chat._messages.message import Message
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
        "Chat": "xai_vision.chat._chat",
        "Chunk": "xai_vision.chat._response.chunk",
        "CompactContextResponse": "xai_vision.chat._compaction",
        "Message": "xai_vision.chat._messages.message",
        "Response": "xai_vision.chat._response.response",
        **dict.fromkeys(("AsyncStream", "Stream"), "xai_vision._transport.stream"),
        **dict.fromkeys(
            ("Content", "ImageContent", "ImageDetail", "file", "image", "text"),
            "xai_vision.chat._messages.content",
        ),
        **dict.fromkeys(
            ("assistant", "developer", "system", "tool_result", "user"),
            "xai_vision.chat._messages.factories",
        ),
        **dict.fromkeys(("required_tool", "tool"), "xai_vision.chat._request.function_tool"),
        **dict.fromkeys(
            ("CreateParameters", "IncludeOption", "ReasoningEffort", "ResponseFormat", "ToolMode"),
            "xai_vision.chat._request.parameters",
        ),
    },
    {name: f"xai_vision.proto.{name}" for name in ("chat_pb2", "usage_pb2")},
)
