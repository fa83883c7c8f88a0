"""Responses in either format; this module writes those of the Responses API."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

from xai_vision.openai_compat._completion import chat_completion
from xai_vision.openai_compat._fields import write_field
from xai_vision.openai_compat._items import write_function_call, write_reasoning
from xai_vision.openai_compat._parts import from_logprob, url_citations
from xai_vision.openai_compat._server_calls import is_server_side, to_item
from xai_vision.openai_compat._settings import (
    REASONING_EFFORTS,
    write_response_format,
    write_tool_choice,
)
from xai_vision.openai_compat._tools import from_tool
from xai_vision.openai_compat._usage import responses_usage, service_tier
from xai_vision.openai_compat._values import Api, TranslationError, check_api
from xai_vision.proto import chat_pb2, sample_pb2

_INCOMPLETE_REASONS: Final = {
    sample_pb2.REASON_MAX_LEN: "max_output_tokens",
    sample_pb2.REASON_MAX_CONTEXT: "max_prompt_tokens",
    sample_pb2.REASON_TIME_LIMIT: "max_time_limit",
}
_EFFORT_NAMES: Final = {number: name for name, number in REASONING_EFFORTS.items()}
ResponseProto = chat_pb2.GetChatCompletionResponse


def from_response(response: ResponseProto, *, api: Api) -> dict[str, Any]:
    """Translate a response into JSON.

    A field that the format cannot express is left out, so that every response can be written. The
    table in docs/rest.md lists these fields.

    Args:
        response: The response proto, such as ``Response.proto``.
        api: "chat" for a ``chat.completion`` object, "responses" for a ``response`` object.

    Returns:
        The JSON object. Chat Completions counts image tokens in
        ``usage.prompt_tokens_details.image_tokens``; the Responses API includes them in
        ``usage.input_tokens``.

    Raises:
        TranslationError: ``api`` is not one of the two formats.
    """
    if check_api(api) == "chat":
        return chat_completion(response)
    return response_envelope(response, _output_items(response))


def response_envelope(
    response: ResponseProto, items: list[dict[str, Any]], *, in_progress: bool = False
) -> dict[str, Any]:
    """Write a response around its items.

    Args:
        response: The response, whose settings are repeated in the JSON.
        items: The items of its output.
        in_progress: Whether the response is still being generated.
    """
    reasons = [
        _INCOMPLETE_REASONS[output.finish_reason]
        for output in response.outputs
        if output.finish_reason in _INCOMPLETE_REASONS
    ]
    finished_status = "incomplete" if reasons else "completed"
    result: dict[str, Any] = {
        "id": response.id,
        "object": "response",
        "created_at": response.created.seconds,
        "status": "in_progress" if in_progress else finished_status,
        "model": response.model,
        "output": items,
        "error": None,
        "incomplete_details": {"reason": reasons[0]} if reasons and not in_progress else None,
        "instructions": None,
        "metadata": {},
        "usage": None if in_progress else responses_usage(response.usage),
        **_settings(response.settings),
        **service_tier(response),
    }
    if response.citations and not in_progress:
        result["citations"] = list(response.citations)
    return result


def _settings(settings: chat_pb2.RequestSettings) -> dict[str, Any]:
    fields = {field.name: value for field, value in settings.ListFields()}

    def optional(name: str) -> Any:
        return write_field(fields[name]) if name in fields else None

    tool_choice = _try_write(lambda: write_tool_choice(settings.tool_choice, "responses"), "auto")
    response_format = _try_write(
        lambda: write_response_format(settings.response_format, "responses"), {"type": "text"}
    )
    return {
        "previous_response_id": optional("previous_response_id"),
        "max_output_tokens": optional("max_tokens"),
        "temperature": optional("temperature"),
        "top_p": optional("top_p"),
        "parallel_tool_calls": settings.parallel_tool_calls,
        "store": settings.store_messages,
        "user": optional("user"),
        "tools": [_tool(tool) for tool in settings.tools],
        "tool_choice": tool_choice,
        "text": {"format": response_format},
        "reasoning": {
            "effort": _EFFORT_NAMES.get(settings.reasoning_effort),
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


def _output_items(response: ResponseProto) -> list[dict[str, Any]]:
    """Write the items of a response: the reasoning, text and calls of each output, in order."""
    results = {
        output.message.tool_calls[0].id: output.message.content
        for output in response.outputs
        if output.message.role == chat_pb2.ROLE_TOOL and output.message.tool_calls
    }
    items: list[dict[str, Any]] = []
    for output in response.outputs:
        message, calls = output.message, output.message.tool_calls
        if message.role == chat_pb2.ROLE_TOOL:
            continue
        only_server_calls = calls and not message.content and all(map(is_server_side, calls))
        # Requested encrypted reasoning has an item even if it is empty: a stream adds the item
        # before it knows the content.
        requested = response.settings.use_encrypted_content and not only_server_calls
        if message.reasoning_content or message.encrypted_content or requested:
            items.append(reasoning_item(response.id, output.index, message))
        if message.content or not calls:
            items.append(message_item(response.id, output))
        items += [call_item(call, results.get(call.id, "")) for call in calls]
    return items


def _item_id(prefix: str, response_id: str, index: int) -> str:
    """Return an item's id, which is the same each time the response is written."""
    return f"{prefix}_{uuid.uuid5(uuid.NAMESPACE_OID, f'{response_id}/{index}')}"


def reasoning_item(
    response_id: str, index: int, message: chat_pb2.CompletionMessage
) -> dict[str, Any]:
    """Write the item of an output's reasoning."""
    item_id = _item_id("rs", response_id, index)
    return {**write_reasoning(message), "id": item_id, "status": "completed"}


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
    return {**write_function_call(call), "id": f"fc_{call.id}", "status": "completed"}
