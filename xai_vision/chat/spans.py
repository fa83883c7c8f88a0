"""What a span says of a chat's request and answer; asked for only when somebody looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xai_vision.chat.content import ImageContent
from xai_vision.chat.response import Response
from xai_vision.proto import chat_pb2
from xai_vision.wire.observe import captures_content

if TYPE_CHECKING:
    from xai_vision.chat.conversation import Conversation

_REQUEST = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "n": "choice.count",
}


def request_attributes(chat: Conversation, n: int | None = None) -> dict[str, Any]:
    """Attributes of a request, by the names of the semantic conventions."""
    settings = chat._settings if chat._proto is None else chat._proto
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": settings.model,
    }
    for field, name in _REQUEST.items():
        if settings.HasField(field):  # type: ignore[arg-type]  # names of its optional fields
            attributes[f"gen_ai.request.{name}"] = getattr(settings, field)
    if n is not None:
        attributes["gen_ai.request.choice.count"] = n
    if settings.stop:
        attributes["gen_ai.request.stop_sequences"] = list(settings.stop)
    sizes = list(_picture_sizes(chat))
    attributes["xai_vision.request.image.count"] = len(sizes)
    attributes["xai_vision.request.image.bytes"] = sum(sizes)
    if captures_content():
        # A picture has no text, so none gets in here.
        attributes["gen_ai.input.messages"] = [_text(message) for message in chat.messages]
    return attributes


def _picture_sizes(chat: Conversation) -> Sequence[int]:
    """How many bytes each picture takes as it is sent."""
    sizes = []
    for message in chat.messages:
        for part in message.content:
            if isinstance(part, ImageContent):
                sizes.append(part.encoded_size)
            elif part.HasField("image_url"):
                sizes.append(part.image_url.ByteSize())
    return sizes


def _text(message: Any) -> str:
    role = chat_pb2.MessageRole.Name(message.role).removeprefix("ROLE_").lower()
    return f"{role}: {' '.join(part.text for part in message.content if part.text)}"


def answer_attributes(result: Any) -> dict[str, Any]:
    """Attributes of what a call gave: a Response, several, or one with its parsed object."""
    responses = [result] if isinstance(result, Response) else list(result)
    responses = [response for response in responses if isinstance(response, Response)]
    if not responses:
        return {}
    first = responses[0]
    attributes: dict[str, Any] = {
        "gen_ai.response.id": first.id,
        "gen_ai.response.model": first.model,
        "gen_ai.response.finish_reasons": [response.finish_reason for response in responses],
        "gen_ai.usage.input_tokens": first.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": first.usage.completion_tokens,
        "xai_vision.usage.image_tokens": first.usage.prompt_image_tokens,
    }
    if captures_content():
        attributes["gen_ai.output.messages"] = [response.content for response in responses]
    return attributes
