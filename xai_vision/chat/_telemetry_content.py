"""Messages in the JSON form of the semantic conventions, without the data of images and files.

The service accepts instructions only as messages of the conversation. The conventions record those
in ``gen_ai.input.messages``; ``gen_ai.system_instructions`` is for services with a separate field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision.chat._messages.image_content import ImageContent
from xai_vision.chat._response.conversions import enum_name
from xai_vision.imaging._image_url import describe_url
from xai_vision.proto import chat_pb2

if TYPE_CHECKING:
    from xai_vision.chat._messages.message import Message, Part
    from xai_vision.chat._response.response import Response

JsonObject: TypeAlias = dict[str, Any]

_MAX_URL_LENGTH = 2048

# A text can contain an image too, such as the result of an image generation tool.
_IMAGE_DATA = re.compile(
    r"(data:image/[^,;\s\"]{1,60}(?:;[^,;\s\"]{1,60}){0,3},)(?:[\w+/=%-]|\\/)+", re.IGNORECASE
)

_FINISH_REASONS = {
    "REASON_STOP": "stop",
    "REASON_MAX_LEN": "length",
    "REASON_MAX_CONTEXT": "length",
    "REASON_TIME_LIMIT": "length",
    "REASON_TOOL_CALLS": "tool_call",
    # The stream broke, or the caller closed it.
    "REASON_INVALID": "incomplete",
}


def input_messages(messages: Iterable[Message]) -> str:
    """Return the value of ``gen_ai.input.messages``."""
    return _encode(_input_message(message) for message in messages)


def output_messages(responses: Iterable[Response]) -> str:
    """Return the value of ``gen_ai.output.messages``."""
    return _encode(_output_message(response) for response in responses)


def _encode(messages: Iterable[JsonObject]) -> str:
    return json.dumps(list(messages), ensure_ascii=False)


def _input_message(message: Message) -> JsonObject:
    role = enum_name(chat_pb2.MessageRole, message.role).removeprefix("ROLE_").lower()
    parts = [_part(part) for part in message.content]
    if message.role == chat_pb2.ROLE_TOOL:
        parts = [_tool_result(message.tool_call_id, parts)]
    encoded = {
        "role": role,
        "parts": [*_reasoning(message.reasoning_content), *parts, *_calls(message.tool_calls)],
    }
    return {**encoded, "name": message.name} if message.name else encoded


def _output_message(response: Response) -> JsonObject:
    content = _without_images(response.content)
    text = [{"type": "text", "content": content}] if content else []
    reason = response.finish_reason
    return {
        "role": "assistant",
        "parts": [
            *_reasoning(response.reasoning_content),
            *text,
            *_calls(_own_calls(response)),
        ],
        "finish_reason": _FINISH_REASONS.get(reason, reason.lower()),
    }


def _own_calls(response: Response) -> list[chat_pb2.ToolCall]:
    # Response.tool_calls also has the calls of the other responses of sample_batch().
    return [
        call
        for output in response._outputs(response.proto)
        if output.message.role != chat_pb2.ROLE_TOOL
        for call in output.message.tool_calls
    ]


def _reasoning(text: str) -> list[JsonObject]:
    return [{"type": "reasoning", "content": _without_images(text)}] if text else []


def _without_images(text: str) -> str:
    return _IMAGE_DATA.sub(r"\1…", text)


def _tool_result(call_id: str, parts: list[JsonObject]) -> JsonObject:
    texts = [part["content"] for part in parts if part["type"] == "text"]
    result: Any = "\n".join(texts) if len(texts) == len(parts) else parts
    return {"type": "tool_call_response", "id": call_id or None, "response": result}


def _part(part: Part) -> JsonObject:
    if isinstance(part, ImageContent):
        source = part.source
        media_type = getattr(source, "media_type", None)
        # The URL of an image with data would be a copy of the data.
        return _data("image", media_type) if media_type else _image_url(source.url())
    kind = part.WhichOneof("content")
    if kind == "image_url":
        uploaded = part.image_url.file_id
        return _uploaded("image", uploaded) if uploaded else _image_url(part.image_url.image_url)
    if kind == "file":
        file = part.file
        if file.file_id:
            return _uploaded("document", file.file_id)
        media_type = file.mime_type or None
        return _uri("document", file.url, media_type) if file.url else _data("document", media_type)
    return {"type": "text", "content": _without_images(part.text)}


def _image_url(url: str) -> JsonObject:
    if url[:5].lower() != "data:":
        return _uri("image", url, None)
    label, comma, _ = url[5:260].partition(",")
    return _data("image", label.partition(";")[0] if comma else None)


def _data(modality: str, media_type: str | None) -> JsonObject:
    # Viewers expect the field "content" in a blob.
    return {"type": "blob", "modality": modality, "mime_type": media_type, "content": ""}


def _uri(modality: str, url: str, media_type: str | None) -> JsonObject:
    # A query can hold a key.
    uri = describe_url(url, _MAX_URL_LENGTH)
    return {"type": "uri", "modality": modality, "mime_type": media_type, "uri": uri}


def _uploaded(modality: str, file_id: str) -> JsonObject:
    return {"type": "file", "modality": modality, "file_id": file_id}


def _calls(calls: Iterable[chat_pb2.ToolCall]) -> Iterator[JsonObject]:
    for call in calls:
        name, arguments = call.function.name, _arguments(call.function.arguments)
        call_id = call.id or None
        if call.type in (
            chat_pb2.TOOL_CALL_TYPE_INVALID,
            chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
        ):
            yield {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}
        else:
            tool = enum_name(chat_pb2.ToolCallType, call.type).removeprefix("TOOL_CALL_TYPE_")
            details = {"type": tool.lower(), "arguments": arguments}
            yield {
                "type": "server_tool_call",
                "id": call_id,
                "name": name,
                "server_tool_call": details,
            }


def _arguments(text: str) -> Any:
    """Return a tool call's arguments as a value; as text if they are not valid JSON."""
    text = _without_images(text)
    try:
        value = json.loads(text)
        # The model's JSON must not make _encode() fail: lone surrogates, infinite numbers, and
        # nesting, which is deeper there by the levels of a message.
        json.dumps([[[[[[[[value]]]]]]]], ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return text
    return value
