"""Conversion of responses to messages of a conversation."""

from __future__ import annotations

from xai_vision.chat._messages.content import is_proto
from xai_vision.chat._response.response import Response
from xai_vision.proto import chat_pb2
from xai_vision.proto._convert import adopt


def messages_from_response(value: object) -> list[chat_pb2.Message] | None:
    """Return the messages of a response, or None if ``value`` is not a response.

    A response is one message. If server-side tools ran, each turn is a message, and a tool result
    has the id of its call. A Response of one of these turns has the calls of all turns, as in
    xai_sdk.
    """
    if isinstance(value, Response):
        reply = value.proto
        messages = [_message(output) for output in value._outputs(reply)]
        has_turns = any(output.message.role == chat_pb2.ROLE_TOOL for output in reply.outputs)
        if value._index is not None and has_turns and messages:
            del messages[0].tool_calls[:]
            messages[0].tool_calls.extend(value.tool_calls)
        return messages
    compacted = compacted_by(value)
    if compacted is not None:
        return [_compacted(compacted)]
    proto = getattr(value, "proto", None)
    if is_proto(proto, "xai_api.GetChatCompletionResponse"):  # a Response of xai_sdk
        reply = adopt(proto, chat_pb2.GetChatCompletionResponse)
        return messages_from_response(Response(reply, getattr(value, "_index", None)))
    return None


def compacted_by(value: object) -> chat_pb2.CompactContextResponse | None:
    """Return the proto of a compaction, ours or xai_sdk's, or None."""
    proto = getattr(value, "proto", None)
    if is_proto(proto, "xai_api.CompactContextResponse"):
        return adopt(proto, chat_pb2.CompactContextResponse)
    return None


def _message(output: chat_pb2.CompletionOutput) -> chat_pb2.Message:
    source = output.message
    message = chat_pb2.Message(
        role=source.role,
        reasoning_content=source.reasoning_content,
        encrypted_content=source.encrypted_content,
        tool_calls=source.tool_calls,
    )
    message.content.add().text = source.content
    if source.role == chat_pb2.ROLE_TOOL and source.tool_calls:
        message.tool_call_id = source.tool_calls[0].id
    return message


def _compacted(compacted: chat_pb2.CompactContextResponse) -> chat_pb2.Message:
    return chat_pb2.Message(role=chat_pb2.ROLE_USER, encrypted_content=compacted.encrypted_content)
