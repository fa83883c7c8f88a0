"""Accumulation of a streamed response.

Text is stored separately from the message, so that the cost per chunk does not depend on the length
of the response: protobuf would copy the complete text at each addition.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from xai_vision.proto import chat_pb2, sample_pb2

# Chunks are buffered until the response is read; the limit bounds an unread stream.
_PENDING_LIMIT = 256


class _Text:
    """Text that grows at its end."""

    __slots__ = ("_parts", "_whole")

    def __init__(self) -> None:
        self._whole = ""
        self._parts: list[str] = []

    def add(self, part: str) -> None:
        self._parts.append(part)

    def read(self) -> str:
        if self._parts:
            # CPython extends a string in place if it has one reference, so a read costs only the
            # new text. The attribute must give up its reference for that.
            whole, self._whole = self._whole, ""
            added = "".join(self._parts)
            whole += added
            self._parts.clear()
            self._whole = whole
        return self._whole


class _Output:
    """An output: a proto for rare fields, texts for the fields of every chunk."""

    __slots__ = ("content", "message", "proto", "reasoning")

    def __init__(self, proto: chat_pb2.CompletionOutput) -> None:
        self.proto = proto
        self.message = proto.message
        self.content = _Text()
        self.reasoning = _Text()


class ReplySource(Protocol):
    """The source of a Response: a complete reply, or a stream."""

    def proto(self) -> chat_pb2.GetChatCompletionResponse:
        """Return the reply with its texts."""

    def reply_without_text(self) -> chat_pb2.GetChatCompletionResponse:
        """Return the reply, possibly without the texts of outputs."""

    def content(self, index: int | None) -> str:
        """Return the text of an output; see ``select_output``."""

    def reasoning(self, index: int | None) -> str:
        """Return the reasoning of an output."""


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

    __slots__ = ("_reply",)

    def __init__(self, reply: chat_pb2.GetChatCompletionResponse) -> None:
        self._reply = reply

    def proto(self) -> chat_pb2.GetChatCompletionResponse:
        """Return the reply."""
        return self._reply

    reply_without_text = proto

    def content(self, index: int | None) -> str:
        """The text of an output."""
        output = select_output(self._reply.outputs, index)
        return "" if output is None else output.message.content

    def reasoning(self, index: int | None) -> str:
        """Its reasoning."""
        output = select_output(self._reply.outputs, index)
        return "" if output is None else output.message.reasoning_content


class StreamAccumulator:
    """The source of a streamed reply."""

    __slots__ = ("_lock", "_outputs", "_pending", "_reply")

    def __init__(self) -> None:
        # One thread can read the response while another adds chunks.
        self._lock = threading.RLock()
        self._reply = chat_pb2.GetChatCompletionResponse()
        self._outputs: dict[int, _Output] = {}
        self._pending: deque[chat_pb2.GetChatCompletionChunk] = deque()

    def add(self, chunk: chat_pb2.GetChatCompletionChunk) -> None:
        """Add the next chunk."""
        self._pending.append(chunk)
        if len(self._pending) >= _PENDING_LIMIT:
            with self._lock:
                self._drain()

    def proto(self) -> chat_pb2.GetChatCompletionResponse:
        """Return the reply so far; each call writes its texts into the message."""
        with self._lock:
            self._drain()
            for output in self._outputs.values():
                message = output.message
                message.content = output.content.read()
                message.reasoning_content = output.reasoning.read()
            return self._reply

    def reply_without_text(self) -> chat_pb2.GetChatCompletionResponse:
        """Return the reply so far, without its texts."""
        with self._lock:
            self._drain()
            return self._reply

    def content(self, index: int | None) -> str:
        """Return the text of an output so far."""
        with self._lock:
            self._drain()
            output = self._select_output(index)
            return "" if output is None else output.content.read()

    def reasoning(self, index: int | None) -> str:
        """Return the reasoning of an output so far."""
        with self._lock:
            self._drain()
            output = self._select_output(index)
            return "" if output is None else output.reasoning.read()

    def _select_output(self, index: int | None) -> _Output | None:
        """Select an output without scanning the reply, because streams are read at each chunk."""
        outputs = self._outputs
        if index is not None:
            return outputs.get(index)
        for number in sorted(outputs, reverse=True):
            if outputs[number].message.role != chat_pb2.ROLE_TOOL:
                return outputs[number]
        return None

    def _drain(self) -> None:
        pending = self._pending
        while pending:
            self._fold(pending.popleft())

    def _fold(self, chunk: chat_pb2.GetChatCompletionChunk) -> None:
        for output_chunk in chunk.outputs:
            self._fold_output(output_chunk)
        reply = self._reply
        if not reply.id and chunk.id:
            _take_identity(reply, chunk)
        if chunk.HasField("usage"):
            reply.usage.CopyFrom(chunk.usage)
        # A stream can repeat the list as it grows, or send only new entries.
        for url in chunk.citations:
            if url not in reply.citations:
                reply.citations.append(url)
        if chunk.HasField("debug_output"):
            reply.debug_output.MergeFrom(chunk.debug_output)
        if chunk.output_files:
            reply.output_files.extend(chunk.output_files)
        if chunk.service_tier:
            reply.service_tier = chunk.service_tier

    def _fold_output(self, chunk: chat_pb2.CompletionOutputChunk) -> None:
        output = self._outputs.get(chunk.index)
        if output is None:
            output = self._open(chunk.index)
        delta = chunk.delta
        if content := delta.content:
            output.content.add(content)
        if reasoning := delta.reasoning_content:
            output.reasoning.add(reasoning)
        message = output.message
        if delta.role and not message.role:
            message.role = delta.role
        if delta.encrypted_content:
            message.encrypted_content += delta.encrypted_content
        for call in delta.tool_calls:
            _fold_call(message, call)
        if delta.citations:
            message.citations.extend(delta.citations)
        if chunk.HasField("logprobs"):
            output.proto.logprobs.content.extend(chunk.logprobs.content)
        if chunk.finish_reason != sample_pb2.REASON_INVALID:
            output.proto.finish_reason = chunk.finish_reason

    def _open(self, index: int) -> _Output:
        # Keep outputs in the order of their index, as in a complete reply.
        place = sum(1 for other in self._outputs if other < index)
        outputs = self._reply.outputs
        if place == len(outputs):
            outputs.add(index=index)
        else:
            outputs.insert(place, chat_pb2.CompletionOutput(index=index))
        output = self._outputs[index] = _Output(outputs[place])
        return output


def _take_identity(
    reply: chat_pb2.GetChatCompletionResponse, chunk: chat_pb2.GetChatCompletionChunk
) -> None:
    reply.id = chunk.id
    reply.model = chunk.model
    reply.system_fingerprint = chunk.system_fingerprint
    if chunk.HasField("created"):
        reply.created.CopyFrom(chunk.created)


def _fold_call(message: chat_pb2.CompletionMessage, call: chat_pb2.ToolCall) -> None:
    """Add a tool call, or update one that is repeated."""
    known = next((c for c in message.tool_calls if c.id and c.id == call.id), None)
    if known is None:
        message.tool_calls.append(call)
        return
    known.status = call.status
    if call.HasField("error_message"):
        known.error_message = call.error_message
    arguments = call.function.arguments
    if arguments and arguments != known.function.arguments:
        known.function.arguments += arguments
