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

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xai_vision.openai_compat.answers import from_response
    from xai_vision.openai_compat.completion import ChatStream, chat_chunks
    from xai_vision.openai_compat.events import ResponseStream, response_events
    from xai_vision.openai_compat.request import from_request, to_request
    from xai_vision.openai_compat.settings import Api
    from xai_vision.openai_compat.values import TranslationError

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

_HOMES = {
    "Api": "settings",
    "ChatStream": "completion",
    "ResponseStream": "events",
    "TranslationError": "values",
    "chat_chunks": "completion",
    "from_request": "request",
    "from_response": "answers",
    "response_events": "events",
    "to_request": "request",
}


def __getattr__(name: str) -> object:
    # Loaded on use: a chat that takes a message as a dict needs no more than what reads it.
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
