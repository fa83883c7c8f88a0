"""Conversations: messages with images, and responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision._transport.stream import AsyncStream, Stream
    from xai_vision.chat._async_chat import AsyncChat
    from xai_vision.chat._chat import Chat
    from xai_vision.chat._compaction import CompactContextResponse
    from xai_vision.chat._conversation import Conversation
    from xai_vision.chat._conversation import Conversation as BaseChat
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
        ChatModel,
        CreateParameters,
        Guideline,
        IncludeOption,
        ReasoningEffort,
        ResponseFormat,
        ServiceTier,
        ToolMode,
    )
    from xai_vision.chat._request.settings import (
        AgentCountMap,
        GuidelineBehaviorMap,
        GuidelineCategoryMap,
        IncludeOptionMap,
    )
    from xai_vision.chat._response.chunk import Chunk, CompletionOutputChunk
    from xai_vision.chat._response.image_output import ImageOutput
    from xai_vision.chat._response.image_output import ImageOutput as ImageGenerationOutput
    from xai_vision.chat._response.proto_decorator import ProtoDecorator
    from xai_vision.chat._response.response import Response
    from xai_vision.chat._service import ChatFactory
    from xai_vision.chat._service import ChatFactory as BaseClient
    from xai_vision.proto import chat_pb2, image_pb2, sample_pb2, usage_pb2
    from xai_vision.search import SearchParameters

__all__ = [
    "AgentCountMap",
    "AsyncChat",
    "AsyncStream",
    "BaseChat",
    "BaseClient",
    "Chat",
    "ChatFactory",
    "ChatModel",
    "Chunk",
    "CompactContextResponse",
    "CompletionOutputChunk",
    "Content",
    "Conversation",
    "CreateParameters",
    "Guideline",
    "GuidelineBehaviorMap",
    "GuidelineCategoryMap",
    "ImageContent",
    "ImageDetail",
    "ImageGenerationOutput",
    "ImageOutput",
    "IncludeOption",
    "IncludeOptionMap",
    "Message",
    "ProtoDecorator",
    "ReasoningEffort",
    "Response",
    "ResponseFormat",
    "SearchParameters",
    "ServiceTier",
    "Stream",
    "ToolMode",
    "assistant",
    "chat_pb2",
    "developer",
    "file",
    "image",
    "image_pb2",
    "required_tool",
    "sample_pb2",
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
            (
                "ChatModel",
                "CreateParameters",
                "Guideline",
                "IncludeOption",
                "ReasoningEffort",
                "ResponseFormat",
                "ServiceTier",
                "ToolMode",
            ),
            "xai_vision.chat._request.parameters",
        ),
        # Names of xai_sdk.chat.
        "AgentCountMap": "xai_vision.chat._request.settings",
        "BaseChat": "xai_vision.chat._conversation:Conversation",
        "BaseClient": "xai_vision.chat._service:ChatFactory",
        "ChatFactory": "xai_vision.chat._service",
        "Conversation": "xai_vision.chat._conversation",
        "CompletionOutputChunk": "xai_vision.chat._response.chunk",
        "GuidelineBehaviorMap": "xai_vision.chat._request.settings",
        "GuidelineCategoryMap": "xai_vision.chat._request.settings",
        "ImageGenerationOutput": "xai_vision.chat._response.image_output:ImageOutput",
        "ImageOutput": "xai_vision.chat._response.image_output",
        "IncludeOptionMap": "xai_vision.chat._request.settings",
        "ProtoDecorator": "xai_vision.chat._response.proto_decorator",
        "SearchParameters": "xai_vision.search",
    },
    {
        name: f"xai_vision.proto.{name}"
        for name in ("chat_pb2", "image_pb2", "sample_pb2", "usage_pb2")
    },
)
