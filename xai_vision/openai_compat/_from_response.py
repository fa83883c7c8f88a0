"""Translate whole responses into either JSON format."""

from __future__ import annotations

from typing import Any

from xai_vision.openai_compat._completion import chat_completion
from xai_vision.openai_compat._response import response_object
from xai_vision.openai_compat._settings import Api, check_api
from xai_vision.proto import chat_pb2


def from_response(response: chat_pb2.GetChatCompletionResponse, *, api: Api) -> dict[str, Any]:
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
    return chat_completion(response) if check_api(api) == "chat" else response_object(response)
