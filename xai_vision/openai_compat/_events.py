"""The events of a streamed response of the Responses API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from xai_vision.openai_compat._completion import split_in_two
from xai_vision.openai_compat._parts import from_logprob
from xai_vision.openai_compat._response import (
    call_item,
    message_item,
    reasoning_item,
    response_envelope,
)
from xai_vision.openai_compat._server_calls import is_server_side
from xai_vision.proto import chat_pb2

ChunkProto = chat_pb2.GetChatCompletionChunk
_Events = Iterator[dict[str, Any]]
# The events of a server-side call between output_item.added and output_item.done.
_CALL_STEPS: Final = {
    "web_search_call": ("in_progress", "searching", "completed"),
    "file_search_call": ("in_progress", "searching", "completed"),
    "code_interpreter_call": ("in_progress", "interpreting", "completed"),
    "image_generation_call": ("in_progress", "generating", "completed"),
    "mcp_call": ("in_progress", "completed"),
}


@dataclass
class _OutputState:
    """An output of the response while it is streamed.

    Attributes:
        output: The output so far.
        open_reasoning: The index of the reasoning item that receives deltas.
        reasoning: The index of the reasoning item without deltas: completed, or reserved for
            encrypted reasoning that is still to come.
        open_text: The index of the message item that receives deltas.
        text_deltas: The text of all deltas.
        reasoning_deltas: The reasoning of all deltas.
    """

    output: chat_pb2.CompletionOutput
    open_reasoning: int | None = None
    reasoning: int | None = None
    open_text: int | None = None
    text_deltas: list[str] = field(default_factory=list)
    reasoning_deltas: list[str] = field(default_factory=list)


class ResponseStream:
    """Turns the chunks of a gRPC stream into events of the Responses API.

    The order is the documented one: created and in_progress; for each item added, its deltas, and
    done; finally completed (or incomplete) with the whole response.

    Args:
        settings: The settings to write into the response; chunks do not contain them. With
            ``use_encrypted_content`` the encrypted reasoning, which comes with the last chunk,
            gets an item before the text, completed after it. Otherwise its item is added last.
    """

    def __init__(self, settings: chat_pb2.RequestSettings | None = None) -> None:
        self._response = chat_pb2.GetChatCompletionResponse()
        if settings is not None:
            self._response.settings.CopyFrom(settings)
        self._expects_encrypted = self._response.settings.use_encrypted_content
        self._items: list[dict[str, Any]] = []
        self._outputs: dict[int, _OutputState] = {}
        self._call_items: dict[str, int] = {}
        self._tool_results: dict[int, list[str]] = {}
        self._sequence_number = 0

    def feed(self, chunk: ChunkProto) -> list[dict[str, Any]]:
        """Translate the next chunk into zero or more events."""
        return [self._numbered(event) for event in self._events(chunk)]

    def finish(self) -> list[dict[str, Any]]:
        """Return the last events of a stream that ended with status OK."""
        response = response_envelope(self._response, self._items)
        event = {"type": f"response.{response['status']}", "response": response}
        return [self._numbered(event)]

    def fail(self, code: str, message: str) -> list[dict[str, Any]]:
        """Return the last events of a stream that failed."""
        event = {"type": "error", "code": code, "message": message, "param": None}
        return [self._numbered(event)]

    def _numbered(self, event: dict[str, Any]) -> dict[str, Any]:
        event["sequence_number"] = self._sequence_number
        self._sequence_number += 1
        return event

    def _events(self, chunk: ChunkProto) -> _Events:
        response = self._response
        if not response.id:
            response.id, response.model = chunk.id, chunk.model
            response.created.CopyFrom(chunk.created)
            response.service_tier = chunk.service_tier
            for kind in ("created", "in_progress"):
                envelope = response_envelope(response, [], in_progress=True)
                yield {"type": f"response.{kind}", "response": envelope}
        for output in chunk.outputs:
            if output.delta.role == chat_pb2.ROLE_TOOL:
                self._store_result(output)
            else:
                yield from self._output(output)
        if chunk.HasField("usage"):
            response.usage.CopyFrom(chunk.usage)
        if chunk.citations:
            del response.citations[:]
            response.citations.extend(chunk.citations)

    def _store_result(self, chunk: chat_pb2.CompletionOutputChunk) -> None:
        """Put the result of a server-side tool into its call's item; results have no item."""
        texts = self._tool_results.setdefault(chunk.index, [])
        texts.append(chunk.delta.content)
        for call in chunk.delta.tool_calls:
            if call.id in self._call_items:
                self._items[self._call_items[call.id]] = call_item(call, "".join(texts))

    def _output(self, chunk: chat_pb2.CompletionOutputChunk) -> _Events:
        state = self._outputs.get(chunk.index)
        if state is None:
            output = self._response.outputs.add(index=chunk.index)
            state = self._outputs[chunk.index] = _OutputState(output)
        message = state.output.message
        message.citations.extend(chunk.delta.citations)
        message.encrypted_content += chunk.delta.encrypted_content
        if chunk.delta.reasoning_content:
            yield from self._reasoning_delta(state, chunk.delta.reasoning_content)
        if chunk.delta.content:
            yield from self._text_delta(state, chunk)
        if chunk.finish_reason:
            state.output.finish_reason = chunk.finish_reason
        if chunk.delta.tool_calls or chunk.finish_reason:
            yield from self._end_open_items(state, is_last=not chunk.delta.tool_calls)
        for call in chunk.delta.tool_calls:
            if not is_server_side(call):
                yield from self._reserve_reasoning(state)
            message.tool_calls.append(call)
            yield from self._call(call)
        if chunk.finish_reason and (message.encrypted_content or state.reasoning is not None):
            yield from self._add_encrypted(state)

    def _add_encrypted(self, state: _OutputState) -> _Events:
        """Add the encrypted reasoning, which comes with the last chunk, to its item."""
        item = reasoning_item(self._response.id, state.output.index, state.output.message)
        if state.reasoning is None:
            # The settings did not announce it, so no item was reserved.
            state.reasoning = self._append(item)
            yield self._item_added(state.reasoning)
        self._items[state.reasoning] = item
        if self._expects_encrypted or not state.reasoning_deltas:
            yield self._item_done(state.reasoning)

    def _reserve_reasoning(self, state: _OutputState) -> _Events:
        """Add an item for encrypted reasoning before the text, although its content comes last."""
        if self._expects_encrypted and state.open_reasoning is None and state.reasoning is None:
            state.reasoning = self._append_reasoning(state)
            yield self._item_added(state.reasoning)

    def _append_reasoning(self, state: _OutputState) -> int:
        item = reasoning_item(self._response.id, state.output.index, state.output.message)
        item.pop("encrypted_content", None)
        return self._append({**item, "summary": [], "status": "in_progress"})

    def _reasoning_delta(self, state: _OutputState, text: str) -> _Events:
        if state.open_reasoning is None:
            state.open_reasoning = self._append_reasoning(state)
            yield self._item_added(state.open_reasoning)
            part = {"type": "summary_text", "text": ""}
            kind = "reasoning_summary_part.added"
            yield self._part_event(state.open_reasoning, kind, summary=True, part=part)
        state.reasoning_deltas.append(text)
        kind = "reasoning_summary_text.delta"
        yield self._part_event(state.open_reasoning, kind, summary=True, delta=text)

    def _end_reasoning(self, state: _OutputState) -> _Events:
        index, message = state.open_reasoning, state.output.message
        if index is None:
            return
        text = message.reasoning_content = "".join(state.reasoning_deltas)
        part = {"type": "summary_text", "text": text}
        yield self._part_event(index, "reasoning_summary_text.done", summary=True, text=text)
        yield self._part_event(index, "reasoning_summary_part.done", summary=True, part=part)
        self._items[index] = reasoning_item(self._response.id, state.output.index, message)
        if not self._expects_encrypted:
            yield self._item_done(index)
        state.open_reasoning, state.reasoning = None, index

    def _text_delta(self, state: _OutputState, chunk: chat_pb2.CompletionOutputChunk) -> _Events:
        yield from self._end_reasoning(state)
        if state.open_text is None:
            yield from self._start_text(state)
        text = chunk.delta.content
        state.text_deltas.append(text)
        state.output.logprobs.content.extend(chunk.logprobs.content)
        logprobs = [from_logprob(token) for token in chunk.logprobs.content]
        yield self._part_event(state.open_text, "output_text.delta", delta=text, logprobs=logprobs)

    def _start_text(self, state: _OutputState) -> _Events:
        yield from self._reserve_reasoning(state)
        item = message_item(self._response.id, state.output)
        state.open_text = self._append({**item, "content": [], "status": "in_progress"})
        yield self._item_added(state.open_text)
        part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        yield self._part_event(state.open_text, "content_part.added", part=part)

    def _end_open_items(self, state: _OutputState, *, is_last: bool) -> _Events:
        """End the open items before calls or at the end of the output."""
        yield from self._end_reasoning(state)
        if is_last and state.open_text is None and not state.output.message.tool_calls:
            yield from self._start_text(state)
        index = state.open_text
        if index is None:
            return
        state.output.message.content = "".join(state.text_deltas)
        item = message_item(self._response.id, state.output)
        part = item["content"][0]
        done = {"text": part["text"], "logprobs": part["logprobs"]}
        yield self._part_event(index, "output_text.done", **done)
        yield self._part_event(index, "content_part.done", part=part)
        self._items[index] = item
        yield self._item_done(index)
        state.open_text = None

    def _call(self, call: chat_pb2.ToolCall) -> _Events:
        item = call_item(call)
        started = {**item, "status": "in_progress"}
        if not is_server_side(call):
            started["arguments"] = ""
        index = self._call_items[call.id] = self._append(started)
        yield self._item_added(index)
        if not is_server_side(call):
            function = call.function
            for part in split_in_two(function.arguments):
                yield self._item_event(index, "function_call_arguments.delta", delta=part)
            done = {"arguments": function.arguments, "name": function.name}
            yield self._item_event(index, "function_call_arguments.done", **done)
        elif item["type"] == "custom_tool_call":
            yield self._item_event(index, "custom_tool_call_input.done", input=item["input"])
        for step in _CALL_STEPS.get(item["type"], ()):
            yield self._item_event(index, f"{item['type']}.{step}")
        self._items[index] = item
        yield self._item_done(index)

    def _append(self, item: dict[str, Any]) -> int:
        self._items.append(item)
        return len(self._items) - 1

    def _item_added(self, index: int) -> dict[str, Any]:
        item = dict(self._items[index])
        return {"type": "response.output_item.added", "output_index": index, "item": item}

    def _item_done(self, index: int) -> dict[str, Any]:
        item = self._items[index]
        return {"type": "response.output_item.done", "output_index": index, "item": item}

    def _part_event(
        self, index: int | None, kind: str, *, summary: bool = False, **fields: Any
    ) -> dict[str, Any]:
        assert index is not None  # noqa: S101 - for type checkers: callers have just set it
        index_key = "summary_index" if summary else "content_index"
        return {**self._item_event(index, kind), index_key: 0, **fields}

    def _item_event(self, index: int, kind: str, **fields: Any) -> dict[str, Any]:
        item = {"item_id": self._items[index]["id"], "output_index": index}
        return {"type": f"response.{kind}", **item, **fields}


def response_events(
    chunks: Iterable[ChunkProto], settings: chat_pb2.RequestSettings | None = None
) -> Iterator[dict[str, Any]]:
    """Turn a gRPC stream into events of the Responses API; see ``ResponseStream``."""
    stream = ResponseStream(settings)
    for chunk in chunks:
        yield from stream.feed(chunk)
    yield from stream.finish()
