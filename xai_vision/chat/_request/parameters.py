"""The parameters of ``client.chat.create``, as type checkers and editors see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from xai_vision.proto import chat_pb2, usage_pb2

if TYPE_CHECKING:
    from pydantic import BaseModel

    from xai_vision.chat._messages.message import Message
    from xai_vision.chat._request.tools import ToolLike
    from xai_vision.search import SearchParameters

ReasoningEffort: TypeAlias = Literal["none", "low", "medium", "high", "xhigh"]
ResponseFormat: TypeAlias = Literal["text", "json_object"]
ToolMode: TypeAlias = Literal["auto", "none", "required"]
ServiceTier: TypeAlias = Literal["default", "priority"]
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


class Guideline(TypedDict, total=False):
    """A rule about a kind of content, and what the model does when it meets such content."""

    type: Literal["policy"]
    category: GuidelineCategory
    behavior: Literal["decline"]


class CreateParameters(TypedDict, total=False):
    """The parameters of ``create()`` besides the model. All are optional."""

    conversation_id: str | None
    """A string that all requests of one conversation share. The service then routes them to the
    same server, where its cache is warm."""
    messages: Sequence[Message | chat_pb2.Message | Mapping[str, Any]] | None
    """The first messages of the conversation."""
    user: str | None
    """Your id of the end user, for abuse reports."""
    safety_identifier: str | None
    """A stable, anonymous id of the end user, for the service's safety checks."""
    max_tokens: int | None
    """The maximum number of tokens in a response, at least 1. Default: the model's limit."""
    seed: int | None
    """A 32-bit integer. The service tries to answer equal requests with equal seeds equally."""
    stop: Sequence[str] | str | None
    """Stop sequences: the response ends before the first of them. A string is one sequence."""
    temperature: float | None
    """The sampling temperature, from 0 (always the likeliest token) to 2. Default: 1."""
    top_p: float | None
    """Sample from the likeliest tokens with this total probability, from 0 to 1. Default: 1."""
    logprobs: bool | None
    """Whether to return the log probability of each token of the response. Default: False."""
    top_logprobs: int | None
    """The number of likeliest tokens to return at each position, from 0 to 8. Needs
    ``logprobs=True``."""
    tools: Sequence[ToolLike] | None
    """The tools that the model may call, at most 128: ``tool(...)``, Python functions, the
    functions of ``xai_vision.tools``, and dicts in the documented form,
    ``{"type": "web_search"}``."""
    tool_choice: ToolMode | chat_pb2.ToolChoice | None
    """Whether the model may ("auto", the default), must not ("none") or must ("required") call a
    tool. ``required_tool(name)`` names the tool that it must call."""
    parallel_tool_calls: bool | None
    """Whether the model may call several tools at once. Default: True."""
    response_format: (
        ResponseFormat | chat_pb2.ResponseFormat | type[BaseModel] | Mapping[str, Any] | None
    )
    """"text" (the default), "json_object", a Pydantic model, or a JSON schema as a dict."""
    frequency_penalty: float | None
    """From -2 to 2. Above 0, a token gets less likely each time it appears. Default: 0."""
    presence_penalty: float | None
    """From -2 to 2. Above 0, a token gets less likely once it has appeared. Default: 0."""
    reasoning_effort: ReasoningEffort | chat_pb2.ReasoningEffort.ValueType | None
    """How long a reasoning model reasons. Default: the model's own."""
    search_parameters: SearchParameters | chat_pb2.SearchParameters | None
    """Live search in its older form. ``tools=[web_search()]`` replaces it."""
    store_messages: bool | None
    """Whether the service stores the conversation, so that ``previous_response_id`` can continue
    it. Default: False. The service advises against it for conversations with images."""
    previous_response_id: str | None
    """The id of a stored response to continue. Its conversation precedes this one."""
    use_encrypted_content: bool | None
    """Whether to return the model's reasoning in encrypted form, for appending. Default: False."""
    max_turns: int | None
    """The maximum number of turns with tools before the response, at least 1."""
    include: Sequence[IncludeOption | chat_pb2.IncludeOption.ValueType] | None
    """Additional output to return, such as "inline_citations" or the outputs of tools."""
    agent_count: Literal[4, 16] | chat_pb2.AgentCount.ValueType | None
    """The number of agents that a multi-agent model starts."""
    batch_request_id: str | None
    """Your id of this request in a batch. It is not part of the request itself."""
    service_tier: ServiceTier | usage_pb2.ServiceTier.ValueType | None
    """"priority" requests are served sooner at a higher price. Default: "default"."""
    guidelines: Sequence[Guideline | chat_pb2.Guideline] | None
    """Rules about content, which the service enforces."""
