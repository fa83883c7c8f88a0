"""Accumulation of a streamed response.

Texts are stored separately from the message, so that the cost per chunk does not depend on the
length of the response: protobuf would copy the complete text at each addition, and would free the
old one only with the message.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from typing import get_args

from xai_vision._transport.rpc import CallInfo
from xai_vision.chat._response.reply_source import TextField
from xai_vision.proto import chat_pb2, sample_pb2

_TEXT_FIELDS = get_args(TextField)

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
            # new text, unless the caller still holds the last one. The attribute must give up its
            # reference for that.
            whole, self._whole = self._whole, ""
            added = "".join(self._parts)
            whole += added
            self._parts.clear()
            self._whole = whole
        return self._whole


class _Call:
    """A tool call: a proto, and its arguments, which a stream may send in parts."""

    __slots__ = ("arguments", "proto")

    def __init__(self, proto: chat_pb2.ToolCall) -> None:
        self.proto = proto
        self.arguments = _Text()
        self.arguments.add(proto.function.arguments)
        proto.function.ClearField("arguments")

    def update(self, repeated: chat_pb2.ToolCall) -> None:
        """Take a repetition of the call, or the next part of its arguments."""
        self.proto.status = repeated.status
        if repeated.HasField("error_message"):
            self.proto.error_message = repeated.error_message
        arguments = repeated.function.arguments
        if arguments and arguments != self.arguments.read():
            self.arguments.add(arguments)

    def write(self, call: chat_pb2.ToolCall) -> None:
        """Write the arguments into a copy of the call."""
        call.function.arguments = self.arguments.read()


class _Output:
    """An output: a proto for rare fields, texts for fields that a stream sends in parts."""

    __slots__ = ("calls", "calls_by_id", "message", "proto", "texts")

    def __init__(self, proto: chat_pb2.CompletionOutput) -> None:
        self.proto = proto
        self.message = proto.message
        self.texts = {name: _Text() for name in _TEXT_FIELDS}
        self.calls: list[_Call] = []
        self.calls_by_id: dict[str, _Call] = {}

    def add_call(self, call: chat_pb2.ToolCall) -> None:
        """Add a tool call, or update one that is repeated."""
        known = self.calls_by_id.get(call.id)
        if known is not None:
            known.update(call)
            return
        proto = self.message.tool_calls.add()
        proto.CopyFrom(call)
        added = _Call(proto)
        self.calls.append(added)
        if call.id:
            self.calls_by_id[call.id] = added

    def write(self, message: chat_pb2.CompletionMessage) -> None:
        """Write the texts and arguments into a copy of the message."""
        for name, text in self.texts.items():
            setattr(message, name, text.read())
        for call, copied in zip(self.calls, message.tool_calls, strict=True):
            call.write(copied)


class StreamAccumulator:
    """The source of a streamed reply."""

    __slots__ = ("_citations", "_lock", "_order", "_outputs", "_pending", "_reply", "info")

    def __init__(self, info: CallInfo | None = None) -> None:
        self.info = info
        # One thread can read the response while another adds chunks.
        self._lock = threading.RLock()
        self._reply = chat_pb2.GetChatCompletionResponse()
        self._outputs: dict[int, _Output] = {}
        self._order: list[int] = []  # the indexes of the outputs, sorted
        self._citations: set[str] = set()
        self._pending: deque[chat_pb2.GetChatCompletionChunk] = deque()

    @classmethod
    def continuing(
        cls, reply: chat_pb2.GetChatCompletionResponse, info: CallInfo | None = None
    ) -> StreamAccumulator:
        """Return an accumulator that adds chunks to a copy of a reply."""
        accumulator = cls(info)
        accumulator._reply.CopyFrom(reply)
        accumulator._reply.ClearField("outputs")
        accumulator._citations.update(reply.citations)
        for output in reply.outputs:
            # The two messages have the same fields.
            delta = chat_pb2.Delta.FromString(output.message.SerializeToString())
            chunk = chat_pb2.CompletionOutputChunk(
                index=output.index, delta=delta, finish_reason=output.finish_reason
            )
            if output.HasField("logprobs"):
                chunk.logprobs.CopyFrom(output.logprobs)
            accumulator._fold_output(chunk)
        return accumulator

    def add(self, chunk: chat_pb2.GetChatCompletionChunk) -> None:
        """Add the next chunk."""
        self._pending.append(chunk)
        if len(self._pending) >= _PENDING_LIMIT:
            with self._lock:
                self._drain()

    def proto(self) -> chat_pb2.GetChatCompletionResponse:
        """Return a copy of the reply so far, with its texts."""
        with self._lock:
            self._drain()
            reply = chat_pb2.GetChatCompletionResponse()
            reply.CopyFrom(self._reply)
            for index, copied in zip(self._order, reply.outputs, strict=True):
                self._outputs[index].write(copied.message)
            return reply

    def reply_without_text(self) -> chat_pb2.GetChatCompletionResponse:
        """Return the reply so far, without its texts."""
        with self._lock:
            self._drain()
            return self._reply

    def text(self, name: TextField, index: int | None) -> str:
        """Return a text of an output so far."""
        with self._lock:
            self._drain()
            output = self._select_output(index)
            return "" if output is None else output.texts[name].read()

    def tool_calls(self) -> list[chat_pb2.ToolCall]:
        """Return copies of the tool calls of the model so far."""
        with self._lock:
            self._drain()
            copies = []
            for index in self._order:
                output = self._outputs[index]
                if output.message.role != chat_pb2.ROLE_TOOL:
                    for call in output.calls:
                        copied = chat_pb2.ToolCall()
                        copied.CopyFrom(call.proto)
                        call.write(copied)
                        copies.append(copied)
            return copies

    def _select_output(self, index: int | None) -> _Output | None:
        """Select an output without scanning the reply, because streams are read at each chunk."""
        if index is not None:
            return self._outputs.get(index)
        for number in reversed(self._order):
            output = self._outputs[number]
            if output.message.role != chat_pb2.ROLE_TOOL:
                return output
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
            if url not in self._citations:
                self._citations.add(url)
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
        texts = output.texts
        if content := delta.content:
            texts["content"].add(content)
        if reasoning := delta.reasoning_content:
            texts["reasoning_content"].add(reasoning)
        if encrypted := delta.encrypted_content:
            texts["encrypted_content"].add(encrypted)
        message = output.message
        if delta.role and not message.role:
            message.role = delta.role
        for call in delta.tool_calls:
            output.add_call(call)
        if delta.citations:
            message.citations.extend(delta.citations)
        if chunk.HasField("logprobs"):
            output.proto.logprobs.content.extend(chunk.logprobs.content)
        if chunk.finish_reason != sample_pb2.REASON_INVALID:
            output.proto.finish_reason = chunk.finish_reason

    def _open(self, index: int) -> _Output:
        # Keep outputs in the order of their index, as in a complete reply.
        place = bisect_left(self._order, index)
        self._order.insert(place, index)
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
