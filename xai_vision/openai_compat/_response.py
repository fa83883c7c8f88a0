"""Responses of the Responses API."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

from xai_vision.openai_compat._parts import from_logprob, url_citations
from xai_vision.openai_compat._server_calls import is_server_side, to_item
from xai_vision.openai_compat._settings import (
    REASONING_EFFORTS,
    write_response_format,
    write_tool_choice,
)
from xai_vision.openai_compat._tools import from_tool
from xai_vision.openai_compat._usage import responses_usage
from xai_vision.openai_compat._values import TranslationError, shortest_decimal
from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2

_INCOMPLETE_REASONS: Final = {
    sample_pb2.REASON_MAX_LEN: "max_output_tokens",
    sample_pb2.REASON_MAX_CONTEXT: "max_prompt_tokens",
    sample_pb2.REASON_TIME_LIMIT: "max_time_limit",
}
_EFFORT_NAMES: Final = {number: name for name, number in REASONING_EFFORTS.items()}
_Response = chat_pb2.GetChatCompletionResponse


def response_object(response: _Response) -> dict[str, Any]:
    """Write a response, including the settings it contains."""
    return response_envelope(response, output_items(response))


def response_envelope(
    response: _Response, items: list[dict[str, Any]], *, in_progress: bool = False
) -> dict[str, Any]:
    """Write a response around its items.

    Args:
        response: The response, whose settings are repeated in the JSON.
        items: The items of its output.
        in_progress: Whether the response is still being generated.
    """
    reason = next(
        (
            _INCOMPLETE_REASONS[output.finish_reason]
            for output in response.outputs
            if output.finish_reason in _INCOMPLETE_REASONS
        ),
        None,
    )
    finished_status = "incomplete" if reason else "completed"
    result: dict[str, Any] = {
        "id": response.id,
        "object": "response",
        "created_at": response.created.seconds,
        "status": "in_progress" if in_progress else finished_status,
        "model": response.model,
        "output": items,
        "error": None,
        "incomplete_details": {"reason": reason} if reason and not in_progress else None,
        "instructions": None,
        "metadata": {},
        "usage": None if in_progress else responses_usage(response.usage),
        **_settings(response.settings),
    }
    if response.service_tier:
        is_priority = response.service_tier == usage_pb2.SERVICE_TIER_PRIORITY
        result["service_tier"] = "priority" if is_priority else "default"
    if response.citations and not in_progress:
        result["citations"] = list(response.citations)
    return result


def _settings(settings: chat_pb2.RequestSettings) -> dict[str, Any]:
    def optional(name: str) -> Any:
        return getattr(settings, name) if settings.HasField(name) else None  # type: ignore[arg-type]

    response_format = settings.response_format
    return {
        "previous_response_id": optional("previous_response_id"),
        "max_output_tokens": optional("max_tokens"),
        "temperature": _optional_decimal(optional("temperature")),
        "top_p": _optional_decimal(optional("top_p")),
        "parallel_tool_calls": settings.parallel_tool_calls,
        "store": settings.store_messages,
        "user": settings.user or None,
        "tools": [_tool(tool) for tool in settings.tools],
        "tool_choice": _try_write(
            lambda: write_tool_choice(settings.tool_choice, "responses"), "auto"
        ),
        "text": {
            "format": _try_write(
                lambda: write_response_format(response_format, "responses"), {"type": "text"}
            )
        },
        "reasoning": {
            "effort": _EFFORT_NAMES.get(optional("reasoning_effort")),
            "summary": None,
        },
    }


def _try_write(write: Callable[[], Any], default: Any) -> Any:
    """Write a setting, or the default: a setting that JSON lacks must not fail the response."""
    try:
        return write()
    except TranslationError:
        return default


def _tool(tool: chat_pb2.Tool) -> dict[str, Any]:
    kind = tool.WhichOneof("tool") or "unknown"
    options: dict[str, Any] = _try_write(
        lambda: from_tool(tool, "responses", "tools"), {"type": kind}
    )
    if options["type"] == "function":
        # The openai package declares these keys as required.
        options = {"name": "", "description": None, "parameters": {}, "strict": False, **options}
    return options


def _optional_decimal(value: float | None) -> float | None:
    return None if value is None else shortest_decimal(value)


def output_items(response: _Response) -> list[dict[str, Any]]:
    """Write the items of a response: the reasoning, text and calls of each output, in order."""
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
    message = output.message
    # Requested encrypted reasoning has an item even if it is empty: a stream adds the item before
    # it knows the content.
    requested = response.settings.use_encrypted_content and not _is_server_calls(message)
    if message.reasoning_content or message.encrypted_content or requested:
        yield reasoning_item(response.id, output.index, message)
    if message.content or not message.tool_calls:
        yield message_item(response.id, output)
    for call in message.tool_calls:
        yield call_item(call, results.get(call.id, ""))


def _is_server_calls(message: chat_pb2.CompletionMessage) -> bool:
    """Return whether a message has nothing but calls of server-side tools."""
    calls = message.tool_calls
    return bool(calls) and not message.content and all(map(is_server_side, calls))


def _item_id(prefix: str, response_id: str, index: int) -> str:
    """Return an item's id, which is the same each time the response is written."""
    return f"{prefix}_{uuid.uuid5(uuid.NAMESPACE_OID, f'{response_id}/{index}')}"


def reasoning_item(
    response_id: str, index: int, message: chat_pb2.CompletionMessage
) -> dict[str, Any]:
    """Write the item of an output's reasoning."""
    text = message.reasoning_content
    item: dict[str, Any] = {
        "type": "reasoning",
        "id": _item_id("rs", response_id, index),
        "summary": [{"type": "summary_text", "text": text}] if text else [],
        "status": "completed",
    }
    if message.encrypted_content:
        item["encrypted_content"] = message.encrypted_content
    return item


def message_item(response_id: str, output: chat_pb2.CompletionOutput) -> dict[str, Any]:
    """Write the item of an output's text."""
    part = {
        "type": "output_text",
        "text": output.message.content,
        "annotations": url_citations(output.message.citations),
        "logprobs": [from_logprob(token) for token in output.logprobs.content],
    }
    return {
        "type": "message",
        "id": _item_id("msg", response_id, output.index),
        "role": "assistant",
        "status": "incomplete" if output.finish_reason in _INCOMPLETE_REASONS else "completed",
        "content": [part],
    }


def call_item(call: chat_pb2.ToolCall, result: str = "") -> dict[str, Any]:
    """Write the item of a function call or of a call of a server-side tool."""
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
