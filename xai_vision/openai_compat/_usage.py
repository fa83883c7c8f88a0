"""The token usage of a response, as each format counts it, and the service tier."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from xai_vision.proto import chat_pb2, usage_pb2

_TOOLS: Final = {
    "web_search_calls": usage_pb2.SERVER_SIDE_TOOL_WEB_SEARCH,
    "x_search_calls": usage_pb2.SERVER_SIDE_TOOL_X_SEARCH,
    "code_interpreter_calls": usage_pb2.SERVER_SIDE_TOOL_CODE_EXECUTION,
    "file_search_calls": usage_pb2.SERVER_SIDE_TOOL_COLLECTIONS_SEARCH,
    "mcp_calls": usage_pb2.SERVER_SIDE_TOOL_MCP,
    "document_search_calls": usage_pb2.SERVER_SIDE_TOOL_ATTACHMENT_SEARCH,
}


def chat_usage(usage: usage_pb2.SamplingUsage) -> dict[str, Any]:
    """Write the usage of Chat Completions, which lists image tokens separately."""
    counts: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {
            "text_tokens": usage.prompt_text_tokens,
            "audio_tokens": 0,
            "image_tokens": usage.prompt_image_tokens,
            "cached_tokens": usage.cached_prompt_text_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "num_sources_used": usage.num_sources_used,
    }
    return counts | _cost(usage)


def responses_usage(usage: usage_pb2.SamplingUsage) -> dict[str, Any]:
    """Write the usage of the Responses API.

    The format has no field for image tokens: they are part of ``input_tokens``.
    ``output_tokens`` includes the reasoning, as documented for ``max_output_tokens``.
    """
    counts: dict[str, Any] = {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_prompt_text_tokens},
        "output_tokens": usage.completion_tokens + usage.reasoning_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
        "num_sources_used": usage.num_sources_used,
        "num_server_side_tools_used": len(usage.server_side_tools_used),
    }
    if usage.server_side_tools_used:
        used = Counter(usage.server_side_tools_used)
        details = {name: used[number] for name, number in _TOOLS.items()}
        counts["server_side_tool_usage_details"] = details
    return counts | _cost(usage)


def service_tier(
    response: chat_pb2.GetChatCompletionResponse | chat_pb2.GetChatCompletionChunk,
) -> dict[str, str]:
    """Write the service tier, if there is one."""
    if not response.service_tier:
        return {}
    is_priority = response.service_tier == usage_pb2.SERVICE_TIER_PRIORITY
    return {"service_tier": "priority" if is_priority else "default"}


def _cost(usage: usage_pb2.SamplingUsage) -> dict[str, int]:
    if not usage.HasField("cost_in_usd_ticks"):
        return {}
    return {"cost_in_usd_ticks": usage.cost_in_usd_ticks}
