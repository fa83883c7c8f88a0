"""The parameters of ``client.chat.create``, as editors see them."""

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
    """A rule about content: what kind of it, and what the model does on meeting it."""

    type: Literal["policy"]
    category: GuidelineCategory
    behavior: Literal["decline"]


class CreateParameters(TypedDict, total=False):
    """Everything ``create()`` takes besides the model. All are optional."""

    conversation_id: str | None
    """Any text that is the same for all requests of one conversation: lets the service route them
    to where its cache is warm."""
    messages: Sequence[Message | chat_pb2.Message | Mapping[str, Any]] | None
    """What the conversation begins with."""
    user: str | None
    """Your own id of the end user, for abuse reports."""
    safety_identifier: str | None
    """A stable, anonymous id of the end user, for the service's safety checks."""
    max_tokens: int | None
    """The most tokens an answer may have, above 0. Default: the model's own limit."""
    seed: int | None
    """Any 32-bit number; equal requests with equal seeds give equal answers, on best effort."""
    stop: Sequence[str] | str | None
    """Texts that end the answer where they would appear; one string is one such text."""
    temperature: float | None
    """How freely words are chosen, 0 (always the likeliest) to 2. Default: the service's, 1."""
    top_p: float | None
    """Choose among the likeliest words that share this probability, 0 to 1. Default 1."""
    logprobs: bool | None
    """Whether to return the log probability of each token of the answer. Default no."""
    top_logprobs: int | None
    """How many likeliest tokens to return at each place, 0 to 8; needs ``logprobs=True``."""
    tools: Sequence[ToolLike] | None
    """What the model may call: ``tool(...)`` and the functions of ``xai_vision.tools``, at most
    128; dicts in the documents' form, ``{"type": "web_search"}``, are taken too."""
    tool_choice: ToolMode | chat_pb2.ToolChoice | None
    """Whether it may ("auto", the default), must not ("none") or must ("required") call a tool;
    ``required_tool(name)`` for one in particular."""
    parallel_tool_calls: bool | None
    """Whether it may call several tools at once. Default: the service's, yes."""
    response_format: (
        ResponseFormat | chat_pb2.ResponseFormat | type[BaseModel] | Mapping[str, Any] | None
    )
    """"text" (the default), "json_object", a Pydantic model, or a JSON schema as a dict."""
    frequency_penalty: float | None
    """-2 to 2: above 0 avoids words the more often they have come. Default 0."""
    presence_penalty: float | None
    """-2 to 2: above 0 avoids words that have come at all. Default 0."""
    reasoning_effort: ReasoningEffort | chat_pb2.ReasoningEffort.ValueType | None
    """How long a reasoning model thinks. Default: the model's own."""
    search_parameters: SearchParameters | chat_pb2.SearchParameters | None
    """Live search by the older interface; ``tools=[web_search()]`` is the newer one."""
    store_messages: bool | None
    """Whether the service keeps the conversation, so that ``previous_response_id`` can go on
    from it. Default no. With pictures the service advises against it."""
    previous_response_id: str | None
    """The id of a stored answer to go on from; its conversation is put before this one."""
    use_encrypted_content: bool | None
    """Whether to return the model's reasoning encrypted, to be appended again. Default no."""
    max_turns: int | None
    """The most turns of tools the service takes before it answers, above 0."""
    include: Sequence[IncludeOption | chat_pb2.IncludeOption.ValueType] | None
    """What else to return, such as "inline_citations" or the outputs of tools."""
    agent_count: Literal[4, 16] | chat_pb2.AgentCount.ValueType | None
    """How many agents a multi-agent model sets to work."""
    batch_request_id: str | None
    """Your own id for this request when it is added to a batch; not part of the request."""
    service_tier: ServiceTier | usage_pb2.ServiceTier.ValueType | None
    """"priority" is served sooner at a higher price. Default "default"."""
    guidelines: Sequence[Guideline | chat_pb2.Guideline] | None
    """Rules about content, checked by the service."""
