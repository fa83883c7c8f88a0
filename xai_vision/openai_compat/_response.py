"""Answers as the Responses API gives them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

from xai_vision.openai_compat._parts import logprob, url_citations
from xai_vision.openai_compat._request import from_response_format, from_tool_choice
from xai_vision.openai_compat._server_calls import is_server_side, to_item
from xai_vision.openai_compat._settings import REASONING_EFFORTS
from xai_vision.openai_compat._tools import from_tool
from xai_vision.openai_compat._usage import responses_usage
from xai_vision.openai_compat._values import TranslationError, shortest_decimal
from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2

__all__ = ["envelope", "output_items", "response_object"]

_INCOMPLETE: Final = {
    sample_pb2.REASON_MAX_LEN: "max_output_tokens",
    sample_pb2.REASON_MAX_CONTEXT: "max_prompt_tokens",
    sample_pb2.REASON_TIME_LIMIT: "max_time_limit",
}
_EFFORT_WORDS: Final = {number: word for word, number in REASONING_EFFORTS.items()}
_Response = chat_pb2.GetChatCompletionResponse


def response_object(response: _Response) -> dict[str, Any]:
    """Write an answer, with the settings that it says it was made with."""
    return envelope(response, output_items(response))


def envelope(response: _Response, items: list[dict[str, Any]], status: str = "") -> dict[str, Any]:
    """Write everything of an answer around its items.

    Args:
        response: The answer; what it says of the settings is repeated.
        items: Its items.
        status: "in_progress" for one that has only begun; "" works it out.
    """
    settings = response.settings
    reason = next(
        (_INCOMPLETE[o.finish_reason] for o in response.outputs if o.finish_reason in _INCOMPLETE),
        None,
    )
    begun = status == "in_progress"
    written: dict[str, Any] = {
        "id": response.id,
        "object": "response",
        "created_at": response.created.seconds,
        "status": status or ("incomplete" if reason else "completed"),
        "model": response.model,
        "output": items,
        "error": None,
        "incomplete_details": {"reason": reason} if reason and not begun else None,
        "instructions": None,
        "metadata": {},
        "usage": None if begun else responses_usage(response.usage),
        **_echoed(settings),
    }
    if response.service_tier:
        priority = response.service_tier == usage_pb2.SERVICE_TIER_PRIORITY
        written["service_tier"] = "priority" if priority else "default"
    if response.citations and not begun:
        written["citations"] = list(response.citations)
    return written


def _echoed(settings: chat_pb2.RequestSettings) -> dict[str, Any]:
    def some(name: str) -> Any:
        return getattr(settings, name) if settings.HasField(name) else None  # type: ignore[arg-type]

    form = settings.response_format
    effort = some("reasoning_effort")
    return {
        "previous_response_id": some("previous_response_id"),
        "max_output_tokens": some("max_tokens"),
        "temperature": _rounded(some("temperature")),
        "top_p": _rounded(some("top_p")),
        "parallel_tool_calls": settings.parallel_tool_calls,
        "store": settings.store_messages,
        "user": settings.user or None,
        "tools": [_tool(tool) for tool in settings.tools],
        "tool_choice": _or("auto", lambda: from_tool_choice(settings.tool_choice, "responses")),
        "text": {"format": _or({"type": "text"}, lambda: from_response_format(form, "responses"))},
        "reasoning": {"effort": _EFFORT_WORDS.get(effort), "summary": None},
    }


def _or(otherwise: Any, write: Callable[[], Any]) -> Any:
    """Write a setting; what has no words in this form must not make the answer unreadable."""
    try:
        return write()
    except TranslationError:
        return otherwise


def _tool(tool: chat_pb2.Tool) -> dict[str, Any]:
    kind = tool.WhichOneof("tool") or "unknown"
    written: dict[str, Any] = _or({"type": kind}, lambda: from_tool(tool, "responses", "tools"))
    if written["type"] == "function":
        # Typed as always there by those who read it.
        written = {"name": "", "description": None, "parameters": {}, "strict": False, **written}
    return written


def _rounded(value: float | None) -> float | None:
    return None if value is None else shortest_decimal(value)


def output_items(response: _Response) -> list[dict[str, Any]]:
    """Write the items of an answer, in order: of each output its thinking, its text, its calls."""
    results = {
        output.message.tool_calls[0].id: output.message.content
        for output in response.outputs
        if output.message.role == chat_pb2.ROLE_TOOL and output.message.tool_calls
    }
    items: list[dict[str, Any]] = []
    for output in response.outputs:
        if output.message.role != chat_pb2.ROLE_TOOL:
            items += _items(response, output, results)
    return items


def _items(
    response: _Response, output: chat_pb2.CompletionOutput, results: dict[str, str]
) -> Iterator[dict[str, Any]]:
    said = output.message
    # Asked for, it has its item even if nothing came: a stream, which begins with it, cannot know.
    asked = response.settings.use_encrypted_content and not _is_servers(said)
    if said.reasoning_content or said.encrypted_content or asked:
        yield reasoning_item(response.id, output.index, said)
    if said.content or not said.tool_calls:
        yield message_item(response.id, output)
    for call in said.tool_calls:
        yield call_item(call, results.get(call.id, ""))


def _is_servers(said: chat_pb2.CompletionMessage) -> bool:
    """Whether it is no more than calls of the service's own tools."""
    return bool(said.tool_calls) and not said.content and all(map(is_server_side, said.tool_calls))


def item_id(prefix: str, response_id: str, index: int) -> str:
    """The id of an item: the same whenever the answer is shown again."""
    return f"{prefix}_{uuid.uuid5(uuid.NAMESPACE_OID, f'{response_id}/{index}')}"


def reasoning_item(
    response_id: str, index: int, said: chat_pb2.CompletionMessage
) -> dict[str, Any]:
    """Write what the model thought."""
    thought = said.reasoning_content
    item: dict[str, Any] = {
        "type": "reasoning",
        "id": item_id("rs", response_id, index),
        "summary": [{"type": "summary_text", "text": thought}] if thought else [],
        "status": "completed",
    }
    if said.encrypted_content:
        item["encrypted_content"] = said.encrypted_content
    return item


def message_item(response_id: str, output: chat_pb2.CompletionOutput) -> dict[str, Any]:
    """Write what the model said."""
    part = {
        "type": "output_text",
        "text": output.message.content,
        "annotations": url_citations(output.message.citations),
        "logprobs": [logprob(one) for one in output.logprobs.content],
    }
    return {
        "type": "message",
        "id": item_id("msg", response_id, output.index),
        "role": "assistant",
        "status": "incomplete" if output.finish_reason in _INCOMPLETE else "completed",
        "content": [part],
    }


def call_item(call: chat_pb2.ToolCall, result: str = "") -> dict[str, Any]:
    """Write a call, of the program's function or of the service's tool."""
    if is_server_side(call):
        return to_item(call, result)
    return {
        "type": "function_call",
        "id": f"fc_{call.id}",
        "call_id": call.id,
        "name": call.function.name,
        "arguments": call.function.arguments,
        "status": "completed",
    }
