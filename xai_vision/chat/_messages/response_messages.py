"""Turning answers into the messages that put them back into a conversation."""

from __future__ import annotations

from xai_vision.chat._messages.content import is_proto
from xai_vision.chat._response.response import Response
from xai_vision.proto import chat_pb2
from xai_vision.proto._convert import adopt


def replay(value: object) -> list[chat_pb2.Message] | None:
    """The messages an answer stands for; None if ``value`` is no answer.

    One answer is one message. When the service ran tools, each of its turns is one, and the
    results of tools name the call they answer.
    """
    if isinstance(value, Response):
        return [_message(output) for output in value._outputs(value.proto)]
    compacted = compacted_by(value)
    if compacted is not None:
        return [_compacted(compacted)]
    proto = getattr(value, "proto", None)
    if is_proto(proto, "xai_api.GetChatCompletionResponse"):  # a Response of xai_sdk
        reply = adopt(proto, chat_pb2.GetChatCompletionResponse)
        return replay(Response(reply, getattr(value, "_index", None)))
    return None


def compacted_by(value: object) -> chat_pb2.CompactContextResponse | None:
    """The proto of a compaction, ours or xai_sdk's; None if ``value`` is none."""
    proto = getattr(value, "proto", None)
    if is_proto(proto, "xai_api.CompactContextResponse"):
        return adopt(proto, chat_pb2.CompactContextResponse)
    return None


def _message(output: chat_pb2.CompletionOutput) -> chat_pb2.Message:
    said = output.message
    message = chat_pb2.Message(
        role=said.role,
        reasoning_content=said.reasoning_content,
        encrypted_content=said.encrypted_content,
        tool_calls=said.tool_calls,
    )
    message.content.add().text = said.content
    if said.role == chat_pb2.ROLE_TOOL and said.tool_calls:
        message.tool_call_id = said.tool_calls[0].id
    return message


def _compacted(compacted: chat_pb2.CompactContextResponse) -> chat_pb2.Message:
    return chat_pb2.Message(role=chat_pb2.ROLE_USER, encrypted_content=compacted.encrypted_content)
