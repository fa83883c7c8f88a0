"""Request keys that the gRPC API does not support: the reason, and what to use instead."""

from __future__ import annotations

from typing import Final

_BOTH: Final = {
    "metadata": "the gRPC API stores no metadata; store it yourself under the response's id",
    "moderation": "the gRPC API has no such setting",
    "prompt_cache_key": "the service finds cached prompts by itself",
    "prompt_cache_options": "the service finds cached prompts by itself",
    "prompt_cache_retention": "the service decides how long a prompt stays cached",
}
UNSUPPORTED: Final[dict[str, dict[str, str]]] = {
    "chat": {
        **_BOTH,
        "audio": "responses are text",
        "function_call": "use tool_choice, which replaces it",
        "functions": "use tools, which replaces it",
        "logit_bias": "the gRPC API cannot change the probability of tokens",
        "modalities": "responses are text",
        "prediction": "the gRPC API does not accept predicted output",
        "verbosity": "ask for a length in the prompt",
        "web_search_options": "use tools=[{'type': 'web_search'}]",
    },
    "responses": {
        **_BOTH,
        "access_programs": "the gRPC API has no such setting",
        "context_management": "use client.chat.compact_context() to shorten a conversation",
        "conversation": "use previous_response_id to continue a conversation",
        "deferred": "only Chat Completions has deferred responses",
        "image": "the gRPC API has no such setting; set the detail of each image",
        "max_tool_calls": "use max_turns, which counts rounds of calls",
        "prompt": "send the text of the prompt",
        "truncation": "the service rejects a prompt that is too long instead of truncating it",
    },
    "text": {"verbosity": "ask for a length in the prompt"},
    "reasoning": {
        "context": "the reasoning of earlier turns is part of the conversation",
        "generate_summary": "the visible reasoning comes with the response",
        "mode": "the gRPC API has only effort",
        "summary": "the visible reasoning comes with the response",
    },
}
"""For each format, and for some nested objects: each unsupported key and the error's words."""
