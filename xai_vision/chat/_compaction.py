"""Compaction: replacing a conversation by one encrypted message."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TypeAlias

from xai_vision import _validation as checks
from xai_vision._transport.options import CallOptions
from xai_vision._transport.rpc import RpcCall
from xai_vision.chat._messages.message import Message
from xai_vision.chat._request.body_cache import write_messages
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2, usage_pb2
from xai_vision.proto.chat_pb2_grpc import Chat as Rpc

# Field number of xai_api.CompactContextRequest.
_INPUT = 2


class CompactContextResponse:
    """A compacted conversation. ``chat.append`` replaces all messages by it."""

    __slots__ = ("proto",)

    def __init__(self, proto: chat_pb2.CompactContextResponse) -> None:
        self.proto = proto

    @property
    def id(self) -> str:
        """The id of the compaction."""
        return self.proto.id

    @property
    def encrypted_content(self) -> str:
        """The encrypted conversation."""
        return self.proto.encrypted_content

    @property
    def dropped_message_count(self) -> int:
        """The number of messages that were dropped."""
        return self.proto.dropped_message_count

    @property
    def usage(self) -> usage_pb2.SamplingUsage:
        """The tokens of the compaction."""
        return self.proto.usage

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CompactContextResponse):
            return NotImplemented
        return bool(self.proto == other.proto)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<CompactContextResponse id={self.id!r} dropped={self.dropped_message_count}>"


Compacting: TypeAlias = RpcCall[chat_pb2.CompactContextResponse, CompactContextResponse]


def compacting(model: str, messages: Sequence[Message], options: CallOptions) -> Compacting:
    """Describe the call.

    Raises:
        InvalidRequestError: The model is missing, or there are no messages.
    """
    checks.model_name(model)
    if not messages:
        raise InvalidRequestError("there are no messages to compact")
    out = BytesIO()
    model_field = chat_pb2.CompactContextRequest(model=model).SerializeToString()
    write_messages(out, _INPUT, messages, model_field)
    return RpcCall(Rpc.CompactContext, out.getvalue(), CompactContextResponse, options)
