"""Translate between OpenAI's two JSON formats and the protos of the gRPC API.

The functions need no client, server or network. ``api`` selects the format: "chat" is Chat
Completions, "responses" is the Responses API. Anything that a format cannot express raises a
``TranslationError`` that names it; ``to_request`` documents the keys that it ignores.

Examples:
    >>> from xai_vision.openai_compat import from_request, to_request
    >>> request = to_request({"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]})
    >>> from_request(request, api="responses")["input"]
    [{'role': 'user', 'content': 'Hi'}]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision.openai_compat._completion import ChatStream, chat_chunks
    from xai_vision.openai_compat._events import ResponseStream, response_events
    from xai_vision.openai_compat._read_completion import CompletionStreamReader, to_response
    from xai_vision.openai_compat._request import from_request, to_request
    from xai_vision.openai_compat._response import from_response
    from xai_vision.openai_compat._values import Api, TranslationError

__all__ = [
    "Api",
    "ChatStream",
    "CompletionStreamReader",
    "ResponseStream",
    "TranslationError",
    "chat_chunks",
    "from_request",
    "from_response",
    "response_events",
    "to_request",
    "to_response",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(("Api", "TranslationError"), "xai_vision.openai_compat._values"),
        **dict.fromkeys(("ChatStream", "chat_chunks"), "xai_vision.openai_compat._completion"),
        **dict.fromkeys(("ResponseStream", "response_events"), "xai_vision.openai_compat._events"),
        **dict.fromkeys(("from_request", "to_request"), "xai_vision.openai_compat._request"),
        **dict.fromkeys(
            ("CompletionStreamReader", "to_response"), "xai_vision.openai_compat._read_completion"
        ),
        "from_response": "xai_vision.openai_compat._response",
    },
)
