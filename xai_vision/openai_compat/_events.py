"""A streamed answer as the Responses API's events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from xai_vision.openai_compat._completion import split_in_two
from xai_vision.openai_compat._parts import logprob
from xai_vision.openai_compat._response import call_item, envelope, message_item, reasoning_item
from xai_vision.openai_compat._server_calls import is_server_side
from xai_vision.proto import chat_pb2

__all__ = ["ResponseStream", "response_events"]

_Piece = chat_pb2.GetChatCompletionChunk
_Events = Iterator[dict[str, Any]]
# The steps that are told of a call of one of the service's tools, between begin and end.
_STEPS = {
    "web_search_call": ("in_progress", "searching", "completed"),
    "file_search_call": ("in_progress", "searching", "completed"),
    "code_interpreter_call": ("in_progress", "interpreting", "completed"),
    "image_generation_call": ("in_progress", "generating", "completed"),
    "mcp_call": ("in_progress", "completed"),
}


@dataclass
class _Open:
    """One output of the answer while it is written."""

    output: chat_pb2.CompletionOutput
    # Where its items stand in the answer: its thinking, until and after that ended, its text.
    thinking: int | None = None
    thought_at: int | None = None
    speaking: int | None = None
    spoken: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)


class ResponseStream:
    """Turns the pieces of a gRPC stream into the events of the Responses API, one by one.

    The order is the documented one: created, in_progress; then of each item added, its deltas,
    done; at the end completed (or incomplete) with the whole answer.

    Args:
        settings: What the answer says it was made with. Pieces do not carry it. With
            ``use_encrypted_content`` the model's thinking, which comes with the last piece, has
            its place before the words, and is done after them; else it is put behind them.
    """

    def __init__(self, settings: chat_pb2.RequestSettings | None = None) -> None:
        self._answer = chat_pb2.GetChatCompletionResponse()
        if settings is not None:
            self._answer.settings.CopyFrom(settings)
        self._sealed = self._answer.settings.use_encrypted_content
        self._items: list[dict[str, Any]] = []
        self._open: dict[int, _Open] = {}
        self._calls: dict[str, int] = {}
        self._results: dict[int, list[str]] = {}
        self._number = 0

    def feed(self, chunk: _Piece) -> list[dict[str, Any]]:
        """Take the next piece; return the events it makes."""
        return [self._numbered(event) for event in self._fed(chunk)]

    def finish(self) -> list[dict[str, Any]]:
        """Return the events at the end of a stream that ended well."""
        whole = envelope(self._answer, self._items)
        event = {"type": f"response.{whole['status']}", "response": whole}
        return [self._numbered(event)]

    def fail(self, code: str, message: str) -> list[dict[str, Any]]:
        """Return the event that tells that the stream breaks off."""
        event = {"type": "error", "code": code, "message": message, "param": None}
        return [self._numbered(event)]

    def _numbered(self, event: dict[str, Any]) -> dict[str, Any]:
        event["sequence_number"] = self._number
        self._number += 1
        return event

    def _fed(self, piece: _Piece) -> _Events:
        answer = self._answer
        if not answer.id:
            answer.id, answer.model = piece.id, piece.model
            answer.created.CopyFrom(piece.created)
            answer.service_tier = piece.service_tier
            for kind in ("created", "in_progress"):
                begun = envelope(answer, [], "in_progress")
                yield {"type": f"response.{kind}", "response": begun}
        for output in piece.outputs:
            if output.delta.role == chat_pb2.ROLE_TOOL:
                self._result(output)
            else:
                yield from self._output(output)
        if piece.HasField("usage"):
            answer.usage.CopyFrom(piece.usage)
        if piece.citations:
            del answer.citations[:]
            answer.citations.extend(piece.citations)

    def _result(self, new: chat_pb2.CompletionOutputChunk) -> None:
        """Note what one of the service's tools gave back: it has no item of its own."""
        words = self._results.setdefault(new.index, [])
        words.append(new.delta.content)
        for call in new.delta.tool_calls:
            if call.id in self._calls:
                self._items[self._calls[call.id]] = call_item(call, "".join(words))

    def _output(self, new: chat_pb2.CompletionOutputChunk) -> _Events:
        state = self._open.get(new.index)
        if state is None:
            output = self._answer.outputs.add(index=new.index)
            state = self._open[new.index] = _Open(output)
        message = state.output.message
        message.citations.extend(new.delta.citations)
        message.encrypted_content += new.delta.encrypted_content
        if new.delta.reasoning_content:
            yield from self._think(state, new.delta.reasoning_content)
        if new.delta.content:
            yield from self._speak(state, new)
        if new.finish_reason:
            state.output.finish_reason = new.finish_reason
        if new.delta.tool_calls or new.finish_reason:
            yield from self._pause(state, last=not new.delta.tool_calls)
        for call in new.delta.tool_calls:
            if not is_server_side(call):
                yield from self._keep_place(state)
            message.tool_calls.append(call)
            yield from self._call(call)
        if new.finish_reason and (message.encrypted_content or state.thought_at is not None):
            yield from self._seal(state)

    def _seal(self, state: _Open) -> _Events:
        """Add what only the service can read, which comes with the last piece."""
        item = reasoning_item(self._answer.id, state.output.index, state.output.message)
        if state.thought_at is None:
            # Nobody said that it would come, and no place was kept for it.
            state.thought_at = self._place(item)
            yield self._added(state.thought_at)
        self._items[state.thought_at] = item
        if self._sealed or not state.thought:
            yield self._done(state.thought_at)

    def _keep_place(self, state: _Open) -> _Events:
        """Begin the item of thinking that is to come, encrypted, after the words it led to."""
        if self._sealed and state.thinking is None and state.thought_at is None:
            state.thought_at = self._think_of(state)
            yield self._added(state.thought_at)

    def _think_of(self, state: _Open) -> int:
        item = reasoning_item(self._answer.id, state.output.index, state.output.message)
        item.pop("encrypted_content", None)
        return self._place({**item, "summary": [], "status": "in_progress"})

    def _think(self, state: _Open, words: str) -> _Events:
        if state.thinking is None:
            state.thinking = self._think_of(state)
            yield self._added(state.thinking)
            empty = {"type": "summary_text", "text": ""}
            yield self._of(state.thinking, "reasoning_summary_part.added", summary=True, part=empty)
        state.thought.append(words)
        kind = "reasoning_summary_text.delta"
        yield self._of(state.thinking, kind, summary=True, delta=words)

    def _end_thinking(self, state: _Open) -> _Events:
        place, message = state.thinking, state.output.message
        if place is None:
            return
        message.reasoning_content = "".join(state.thought)
        part = {"type": "summary_text", "text": message.reasoning_content}
        done = {"text": message.reasoning_content}
        yield self._of(place, "reasoning_summary_text.done", summary=True, **done)
        yield self._of(place, "reasoning_summary_part.done", summary=True, part=part)
        self._items[place] = reasoning_item(self._answer.id, state.output.index, message)
        if not self._sealed:
            yield self._done(place)
        state.thinking, state.thought_at = None, place

    def _speak(self, state: _Open, new: chat_pb2.CompletionOutputChunk) -> _Events:
        yield from self._end_thinking(state)
        if state.speaking is None:
            yield from self._begin_speaking(state)
        state.spoken.append(new.delta.content)
        state.output.logprobs.content.extend(new.logprobs.content)
        chosen = [logprob(one) for one in new.logprobs.content]
        kind = "output_text.delta"
        yield self._of(state.speaking, kind, delta=new.delta.content, logprobs=chosen)

    def _begin_speaking(self, state: _Open) -> _Events:
        yield from self._keep_place(state)
        item = message_item(self._answer.id, state.output)
        state.speaking = self._place({**item, "content": [], "status": "in_progress"})
        yield self._added(state.speaking)
        empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        yield self._of(state.speaking, "content_part.added", part=empty)

    def _pause(self, state: _Open, *, last: bool) -> _Events:
        """End what is under way, before calls or at the output's end."""
        yield from self._end_thinking(state)
        if last and state.speaking is None and not state.output.message.tool_calls:
            yield from self._begin_speaking(state)
        if state.speaking is None:
            return
        state.output.message.content = "".join(state.spoken)
        item = message_item(self._answer.id, state.output)
        part = item["content"][0]
        done = {"text": part["text"], "logprobs": part["logprobs"]}
        yield self._of(state.speaking, "output_text.done", **done)
        yield self._of(state.speaking, "content_part.done", part=part)
        self._items[state.speaking] = item
        yield self._done(state.speaking)
        state.speaking = None

    def _call(self, call: chat_pb2.ToolCall) -> _Events:
        item = call_item(call)
        begun = {**item, "status": "in_progress"}
        if not is_server_side(call):
            begun["arguments"] = ""
        place = self._calls[call.id] = self._place(begun)
        yield self._added(place)
        if not is_server_side(call):
            for part in split_in_two(call.function.arguments):
                yield self._call_event(place, "function_call_arguments.delta", delta=part)
            whole = {"arguments": call.function.arguments, "name": call.function.name}
            yield self._call_event(place, "function_call_arguments.done", **whole)
        elif item["type"] == "custom_tool_call":
            yield self._call_event(place, "custom_tool_call_input.done", input=item["input"])
        for step in _STEPS.get(item["type"], ()):
            yield self._call_event(place, f"{item['type']}.{step}")
        self._items[place] = item
        yield self._done(place)

    def _place(self, item: dict[str, Any]) -> int:
        self._items.append(item)
        return len(self._items) - 1

    def _added(self, place: int) -> dict[str, Any]:
        item = dict(self._items[place])
        return {"type": "response.output_item.added", "output_index": place, "item": item}

    def _done(self, place: int) -> dict[str, Any]:
        item = self._items[place]
        return {"type": "response.output_item.done", "output_index": place, "item": item}

    def _of(
        self, place: int | None, kind: str, *, summary: bool = False, **more: Any
    ) -> dict[str, Any]:
        assert place is not None  # noqa: S101 - for type checkers: callers have just opened it
        where = "summary_index" if summary else "content_index"
        return {**self._call_event(place, kind), where: 0, **more}

    def _call_event(self, place: int, kind: str, **more: Any) -> dict[str, Any]:
        of = {"item_id": self._items[place]["id"], "output_index": place}
        return {"type": f"response.{kind}", **of, **more}


def response_events(
    chunks: Iterable[_Piece], settings: chat_pb2.RequestSettings | None = None
) -> Iterator[dict[str, Any]]:
    """Turn a gRPC stream into the events of the Responses API; see ``ResponseStream``."""
    stream = ResponseStream(settings)
    for piece in chunks:
        yield from stream.feed(piece)
    yield from stream.finish()
