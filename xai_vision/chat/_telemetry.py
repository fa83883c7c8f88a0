"""Span attributes of a chat's request and response, computed only for recorded spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xai_vision._transport.tracing import captures_content
from xai_vision.chat._messages.image_content import ImageContent
from xai_vision.chat._response.response import Response
from xai_vision.proto import chat_pb2

if TYPE_CHECKING:
    from xai_vision.chat._conversation import Conversation
    from xai_vision.chat._messages.message import Message

_REQUEST = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "n": "choice.count",
}


def request_attributes(
    chat: Conversation, n: int | None = None, prompt: Message | None = None
) -> dict[str, Any]:
    """Return the attributes of a request, named by the semantic conventions."""
    settings = chat._settings if chat._proto is None else chat._proto
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": settings.model,
    }
    for field, name in _REQUEST.items():
        if settings.HasField(field):  # type: ignore[arg-type]  # names of optional fields
            attributes[f"gen_ai.request.{name}"] = getattr(settings, field)
    if n is not None:
        attributes["gen_ai.request.choice.count"] = n
    if settings.stop:
        attributes["gen_ai.request.stop_sequences"] = list(settings.stop)
    messages = [*chat.messages, *([prompt] if prompt is not None else [])]
    sizes = _image_sizes(messages)
    attributes["xai_vision.request.image.count"] = len(sizes)
    attributes["xai_vision.request.image.bytes"] = sum(sizes)
    if captures_content():
        # Images have no text and are not captured.
        attributes["gen_ai.input.messages"] = [_text(message) for message in messages]
    return attributes


def _image_sizes(messages: Sequence[Message]) -> Sequence[int]:
    """Return the encoded size of each image."""
    sizes = []
    for message in messages:
        for part in message.content:
            if isinstance(part, ImageContent):
                sizes.append(part.encoded_size)
            elif part.HasField("image_url"):
                sizes.append(part.image_url.ByteSize())
    return sizes


def _text(message: Any) -> str:
    role = chat_pb2.MessageRole.Name(message.role).removeprefix("ROLE_").lower()
    return f"{role}: {' '.join(part.text for part in message.content if part.text)}"


def response_attributes(result: Any) -> dict[str, Any]:
    """Return the attributes of a result: one or several responses, or a response and an object."""
    responses = [result] if isinstance(result, Response) else list(result)
    responses = [response for response in responses if isinstance(response, Response)]
    if not responses:
        return {}
    first = responses[0]
    attributes: dict[str, Any] = {}
    if first.id:
        attributes["gen_ai.response.id"] = first.id
        attributes["gen_ai.response.model"] = first.model
    # Values that a broken stream did not reach are omitted, because 0 would be a value.
    reasons = [response.finish_reason for response in responses]
    if "REASON_INVALID" not in reasons:
        attributes["gen_ai.response.finish_reasons"] = reasons
    if first.proto.HasField("usage"):
        attributes["gen_ai.usage.input_tokens"] = first.usage.prompt_tokens
        attributes["gen_ai.usage.output_tokens"] = first.usage.completion_tokens
        attributes["xai_vision.usage.image_tokens"] = first.usage.prompt_image_tokens
    if captures_content():
        attributes["gen_ai.output.messages"] = [response.content for response in responses]
    return attributes
