"""OpenAI's two forms of JSON and the messages of the gRPC API, each translated into the other.

No server, no client, no network: dicts in, messages out, and back.

::

    from xai_vision.openai_compat import from_request, from_response, to_request

    request = to_request({"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]})
    body = from_request(request, api="responses")  # the same in the other form

``api`` is "chat" for Chat Completions, "responses" for the Responses API. What a form cannot
express is a ``TranslationError`` that names it: nothing of a request is left out in silence but
what ``to_request`` lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision.openai_compat._completion import ChatStream, chat_chunks
    from xai_vision.openai_compat._events import ResponseStream, response_events
    from xai_vision.openai_compat._from_response import from_response
    from xai_vision.openai_compat._request import from_request, to_request
    from xai_vision.openai_compat._settings import Api
    from xai_vision.openai_compat._values import TranslationError

__all__ = [
    "Api",
    "ChatStream",
    "ResponseStream",
    "TranslationError",
    "chat_chunks",
    "from_request",
    "from_response",
    "response_events",
    "to_request",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Api": "xai_vision.openai_compat._settings",
        "ChatStream": "xai_vision.openai_compat._completion",
        "ResponseStream": "xai_vision.openai_compat._events",
        "TranslationError": "xai_vision.openai_compat._values",
        "chat_chunks": "xai_vision.openai_compat._completion",
        "from_request": "xai_vision.openai_compat._request",
        "from_response": "xai_vision.openai_compat._from_response",
        "response_events": "xai_vision.openai_compat._events",
        "to_request": "xai_vision.openai_compat._request",
    },
)
