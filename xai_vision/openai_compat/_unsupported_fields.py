"""What requests may have and the gRPC API has no place for: why, and what to do instead."""

from __future__ import annotations

from typing import Final

__all__ = ["UNPLACED"]

_BOTH: Final = {
    "metadata": "over gRPC nothing is kept beside an answer; note it under its id yourself",
    "moderation": "there is no setting for it",
    "prompt_cache_key": "the service finds what it has cached by itself",
    "prompt_cache_options": "the service finds what it has cached by itself",
    "prompt_cache_retention": "how long something is cached is the service's choice",
}
UNPLACED: Final[dict[str, dict[str, str]]] = {
    "chat": {
        **_BOTH,
        "audio": "answers are text",
        "function_call": "the older form of tool_choice: use that",
        "functions": "the older form of tools: use that",
        "logit_bias": "tokens cannot be made more or less likely",
        "modalities": "answers are text",
        "prediction": "an answer cannot be predicted",
        "verbosity": "say in the prompt how long the answer is to be",
        "web_search_options": "use tools=[{'type': 'web_search'}]",
    },
    "responses": {
        **_BOTH,
        "access_programs": "there is no setting for it",
        "context_management": "client.chat.compact_context() makes a conversation short",
        "conversation": "go on from an answer with previous_response_id",
        "deferred": "only Chat Completions has deferred answers",
        "image": "there is no setting for it; each picture has its detail",
        "max_tool_calls": "use max_turns, which counts rounds of calls",
        "prompt": "send its text",
        "truncation": "nothing is cut off: a prompt that is too long is an error",
    },
    "text": {"verbosity": "say in the prompt how long the answer is to be"},
    "reasoning": {
        "context": "what was thought in earlier turns is part of the conversation",
        "generate_summary": "what may be seen of the thinking comes with the answer",
        "mode": "there is effort only",
        "summary": "what may be seen of the thinking comes with the answer",
    },
}
"""Of a request in either form, and of some of its parts: each key, and the words of the error."""
