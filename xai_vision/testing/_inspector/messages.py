"""The messages of a request and the answer of a call, as values of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xai_vision.proto import chat_pb2, sample_pb2

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call


def show_messages(call: Call) -> list[dict[str, Any]]:
    """Return the messages of a request in order.

    An image has the position of its properties in ``Call.images``; None if the server did not read
    it, for example because it refused an earlier image.
    """
    messages = call.messages
    count = sum(
        content.WhichOneof("content") == "image_url"
        for message in messages
        for content in getattr(message, "content", ())
    )
    own = [index for index, image in enumerate(call.images) if not image.earlier]
    positions = iter(own if len(own) == count else [])
    return [_show_message(message, positions) for message in messages]


def _show_message(message: Any, positions: Iterator[int]) -> dict[str, Any]:
    return {
        "role": _enum_label(chat_pb2.MessageRole, message.role, "ROLE_"),
        "name": message.name,
        "reasoning": message.reasoning_content,
        "tool_call_id": message.tool_call_id,
        "tool_calls": [_show_tool_call(call) for call in message.tool_calls],
        "parts": [_show_part(content, positions) for content in message.content],
    }


def _show_part(content: chat_pb2.Content, positions: Iterator[int]) -> dict[str, Any]:
    kind = content.WhichOneof("content")
    if kind == "text":
        return {"kind": "text", "text": content.text}
    if kind == "image_url":
        url = content.image_url.image_url
        return {"kind": "image", "index": next(positions, None), "text": url}
    if kind == "file":
        file = content.file
        names = [file.filename, file.file_id, file.url, file.mime_type]
        size = f"{len(file.data)} bytes" if file.data else ""
        return {"kind": "file", "text": " · ".join(filter(None, [*names, size]))}
    return {"kind": "empty", "text": ""}


def show_answer(call: Call) -> dict[str, Any] | None:
    """Return the outputs of a response; None if it is not the answer of a model."""
    response = call.response
    if not hasattr(response, "outputs"):
        return None
    return {
        "citations": list(getattr(response, "citations", ())),
        "outputs": [
            {
                "role": _enum_label(chat_pb2.MessageRole, output.message.role, "ROLE_"),
                "text": output.message.content,
                "reasoning": output.message.reasoning_content,
                "tool_calls": [_show_tool_call(call) for call in output.message.tool_calls],
                "finish": _enum_label(sample_pb2.FinishReason, output.finish_reason, "REASON_"),
            }
            for output in response.outputs
        ],
    }


def _show_tool_call(call: chat_pb2.ToolCall) -> dict[str, str]:
    return {
        "id": call.id,
        "type": _enum_label(chat_pb2.ToolCallType, call.type, "TOOL_CALL_TYPE_"),
        "name": call.function.name,
        "arguments": call.function.arguments,
    }


def _enum_label(enum: Any, number: int, prefix: str) -> str:
    """Return the name of an enum's value without its prefix; the number if it has no name."""
    value = enum.DESCRIPTOR.values_by_number.get(number)
    return str(number) if value is None else value.name.removeprefix(prefix).lower()
