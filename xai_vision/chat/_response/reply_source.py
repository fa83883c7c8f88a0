"""The source of a Response: a complete reply, or a stream that is still accumulated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from xai_vision._transport.rpc import CallInfo
from xai_vision.proto import chat_pb2

TextField: TypeAlias = Literal["content", "reasoning_content", "encrypted_content"]


class ReplySource(Protocol):
    """The source of a Response: a complete reply, or a stream.

    Attributes:
        info: The facts of the call; None for a reply that the caller has made.
    """

    info: CallInfo | None

    def proto(self) -> chat_pb2.GetChatCompletionResponse:
        """Return the reply with its texts."""
        ...

    def reply_without_text(self) -> chat_pb2.GetChatCompletionResponse:
        """Return the reply, possibly without texts of messages and arguments of tool calls."""
        ...

    def text(self, name: TextField, index: int | None) -> str:
        """Return a text of an output; see ``select_output``."""
        ...

    def tool_calls(self) -> list[chat_pb2.ToolCall]:
        """Return the tool calls of the model, of all outputs."""
        ...


def select_output(
    outputs: Sequence[chat_pb2.CompletionOutput], index: int | None
) -> chat_pb2.CompletionOutput | None:
    """Return the output with an index; for None the last one that is not a tool result."""
    for position in range(len(outputs) - 1, -1, -1):
        output = outputs[position]
        if index is not None:
            if output.index == index:
                return output
        elif output.message.role != chat_pb2.ROLE_TOOL:
            return output
    return None


class CompleteReply:
    """The source of a complete reply."""

    __slots__ = ("_reply", "info")

    def __init__(
        self, reply: chat_pb2.GetChatCompletionResponse, info: CallInfo | None = None
    ) -> None:
        self._reply = reply
        self.info = info

    def proto(self) -> chat_pb2.GetChatCompletionResponse:
        """Return the reply."""
        return self._reply

    reply_without_text = proto

    def text(self, name: TextField, index: int | None) -> str:
        """Return a text of an output."""
        output = select_output(self._reply.outputs, index)
        return "" if output is None else getattr(output.message, name)

    def tool_calls(self) -> list[chat_pb2.ToolCall]:
        """Return the tool calls of the model."""
        return [
            call
            for output in self._reply.outputs
            if output.message.role != chat_pb2.ROLE_TOOL
            for call in output.message.tool_calls
        ]
