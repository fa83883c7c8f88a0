"""OpenAI's two forms of JSON and the messages of the gRPC API, each translated into the other.

No server, no client, no network: dicts in, messages out, and back.

::

    from xai_vision.openai_compat import from_request, from_response, to_request

    request = to_request({"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]})
    body = from_request(request, api="responses")  # the same in the other form

``api`` is "chat" for Chat Completions, "responses" for the Responses API. What a form cannot
express is a ``TranslationError`` that names it: nothing is left out in silence but what
``to_request`` lists.
"""

from __future__ import annotations

from typing import Any

from xai_vision.openai_compat.completion import ChatStream, chat_chunks, chat_completion
from xai_vision.openai_compat.events import ResponseStream, response_events
from xai_vision.openai_compat.request import from_request, to_request
from xai_vision.openai_compat.response import response_object
from xai_vision.openai_compat.settings import Api
from xai_vision.openai_compat.values import TranslationError
from xai_vision.proto import chat_pb2

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


def from_response(response: chat_pb2.GetChatCompletionResponse, *, api: Api) -> dict[str, Any]:
    """Translate an answer into JSON.

    Args:
        response: The answer; ``Response.proto`` of xai_vision has it.
        api: "chat" writes a ``chat.completion``, "responses" a ``response``.

    Returns:
        The object. Image tokens are ``usage.prompt_tokens_details.image_tokens`` in the first;
        in the second they are part of ``usage.input_tokens``.
    """
    return chat_completion(response) if api == "chat" else response_object(response)
