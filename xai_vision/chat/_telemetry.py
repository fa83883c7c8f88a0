"""Span attributes of a chat's request and response, computed only for recorded spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xai_vision._transport.tracing import captures_content
from xai_vision.chat._messages.image_content import ImageContent
from xai_vision.chat._response.response import Response

if TYPE_CHECKING:
    from xai_vision.chat._conversation import Conversation
    from xai_vision.chat._messages.message import Message
    from xai_vision.proto import usage_pb2

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
    chat: Conversation,
    conversation_id: str | None = None,
    n: int | None = None,
    prompt: Message | None = None,
    *,
    stream: bool = False,
) -> dict[str, Any]:
    """Return the attributes of a request, named by the semantic conventions."""
    settings = chat._settings if chat._proto is None else chat._proto
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": settings.model,
    }
    for field, name in _REQUEST.items():
        if settings.HasField(field):  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # names of optional fields
            attributes[f"gen_ai.request.{name}"] = getattr(settings, field)
    if n is not None:
        attributes["gen_ai.request.choice.count"] = n
    if settings.stop:
        attributes["gen_ai.request.stop_sequences"] = list(settings.stop)
    if stream:
        attributes["gen_ai.request.stream"] = True
    if conversation_id is not None:
        attributes["gen_ai.conversation.id"] = conversation_id
    # A response id is not the id of a conversation: it differs in each turn.
    if settings.previous_response_id:
        attributes["xai_vision.request.previous_response_id"] = settings.previous_response_id
    messages = [*chat.messages, *([prompt] if prompt is not None else [])]
    sizes = _image_sizes(messages)
    attributes["xai_vision.request.image.count"] = len(sizes)
    attributes["xai_vision.request.image.bytes"] = sum(sizes)
    if captures_content():
        # On use: few programs record content.
        from xai_vision.chat._telemetry_content import input_messages

        attributes["gen_ai.input.messages"] = input_messages(messages)
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
        attributes.update(_usage_attributes(first.usage))
    if captures_content():
        # On use: few programs record content.
        from xai_vision.chat._telemetry_content import output_messages

        attributes["gen_ai.output.messages"] = output_messages(responses)
    return attributes


def _usage_attributes(usage: usage_pb2.SamplingUsage) -> dict[str, int]:
    return {
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.text.input_tokens": usage.prompt_text_tokens,
        "gen_ai.usage.image.input_tokens": usage.prompt_image_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_prompt_text_tokens,
        # The conventions include reasoning in the output; the service does not.
        "gen_ai.usage.output_tokens": usage.completion_tokens + usage.reasoning_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
    }
