"""Conversations: messages, pictures in them, and answers."""

from __future__ import annotations

from xai_vision.chat.achat import AsyncChat
from xai_vision.chat.chat import Chat
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
from xai_vision.chat.response import Chunk, Response
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
