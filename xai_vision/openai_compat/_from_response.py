"""Whole answers, in either form."""

from __future__ import annotations

from typing import Any

from xai_vision.openai_compat._completion import chat_completion
from xai_vision.openai_compat._response import response_object
from xai_vision.openai_compat._settings import Api, check_api
from xai_vision.proto import chat_pb2

__all__ = ["from_response"]


def from_response(response: chat_pb2.GetChatCompletionResponse, *, api: Api) -> dict[str, Any]:
    """Translate an answer into JSON.

    What JSON has no place for is left out, for an answer must stay readable: what that is stands
    in a table of docs/rest.md.

    Args:
        response: The answer; ``Response.proto`` of xai_vision has it.
        api: "chat" writes a ``chat.completion``, "responses" a ``response``.

    Returns:
        The object. Image tokens are ``usage.prompt_tokens_details.image_tokens`` in the first;
        in the second they are part of ``usage.input_tokens``.

    Raises:
        TranslationError: There is no such form.
    """
    return chat_completion(response) if check_api(api) == "chat" else response_object(response)
