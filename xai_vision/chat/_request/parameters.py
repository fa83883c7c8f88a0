"""The parameters of ``client.chat.create``, as type checkers and editors see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from xai_vision.proto import chat_pb2, usage_pb2

if TYPE_CHECKING:
    from pydantic import BaseModel

    from xai_vision.chat._messages.coerce import MessageLike
    from xai_vision.chat._request.tools import ToolLike
    from xai_vision.search import SearchParameters

ReasoningEffort: TypeAlias = Literal["none", "low", "medium", "high", "xhigh"]
ResponseFormat: TypeAlias = Literal["text", "json_object"]
ToolMode: TypeAlias = Literal["auto", "none", "required"]
ServiceTier: TypeAlias = Literal["default", "priority"]
ChatModel: TypeAlias = Literal[
    "grok-4",
    "grok-4-fast",
    "grok-4-fast-non-reasoning",
    "grok-4-fast-reasoning",
    "grok-4-1-fast",
    "grok-4-1-fast-non-reasoning",
    "grok-4-1-fast-reasoning",
    "grok-4.20",
    "grok-4.20-multi-agent",
    "grok-4.20-non-reasoning",
    "grok-4.3",
    "grok-4.5",
    "grok-4.6",
    "grok-4.7",
    "grok-3",
    "grok-3-mini",
]
"""Models that an editor may suggest. ``create()`` accepts any other name too."""
IncludeOption: TypeAlias = Literal[
    "web_search_call_output",
    "x_search_call_output",
    "code_execution_call_output",
    "collections_search_call_output",
    "attachment_search_call_output",
    "mcp_call_output",
    "inline_citations",
    "verbose_streaming",
    "code_execution_files_output",
]
GuidelineCategory: TypeAlias = Literal["nsfw", "violence", "profanity"]
GuidelineBehavior: TypeAlias = Literal["decline"]
AgentCount: TypeAlias = Literal[4, 16]


class Guideline(TypedDict, total=False):
    """A rule about a kind of content, and what the model does when it meets such content."""

    type: Literal["policy"]
    category: GuidelineCategory
    behavior: GuidelineBehavior


class CreateParameters(TypedDict, total=False):
    """The keywords of ``create()`` besides the model, for programs that collect them in a dict.

    ``ChatService.create`` documents them.
    """

    conversation_id: str | None
    messages: Sequence[MessageLike] | None
    user: str | None
    safety_identifier: str | None
    max_tokens: int | None
    seed: int | None
    stop: Sequence[str] | str | None
    temperature: float | None
    top_p: float | None
    logprobs: bool | None
    top_logprobs: int | None
    tools: Sequence[ToolLike] | None
    tool_choice: ToolMode | chat_pb2.ToolChoice | None
    parallel_tool_calls: bool | None
    response_format: (
        ResponseFormat | chat_pb2.ResponseFormat | type[BaseModel] | Mapping[str, Any] | None
    )
    frequency_penalty: float | None
    presence_penalty: float | None
    reasoning_effort: ReasoningEffort | chat_pb2.ReasoningEffort.ValueType | None
    search_parameters: SearchParameters | chat_pb2.SearchParameters | None
    store_messages: bool | None
    previous_response_id: str | None
    use_encrypted_content: bool | None
    max_turns: int | None
    include: Sequence[IncludeOption | chat_pb2.IncludeOption.ValueType] | None
    agent_count: AgentCount | chat_pb2.AgentCount.ValueType | None
    batch_request_id: str | None
    service_tier: ServiceTier | usage_pb2.ServiceTier.ValueType | None
    guidelines: Sequence[Guideline | chat_pb2.Guideline] | None
