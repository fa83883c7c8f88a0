"""Answers as Chat Completions gives them, whole and in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from xai_vision.openai_compat._parts import logprob, url_citations
from xai_vision.openai_compat._server_calls import is_server_side
from xai_vision.openai_compat._usage import chat_usage
from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2

__all__ = ["ChatStream", "chat_chunks", "chat_completion"]

# Chat Completions has one word for every limit.
_FINISH: Final = {
    sample_pb2.REASON_STOP: "stop",
    sample_pb2.REASON_MAX_LEN: "length",
    sample_pb2.REASON_MAX_CONTEXT: "length",
    sample_pb2.REASON_TIME_LIMIT: "length",
    sample_pb2.REASON_TOOL_CALLS: "tool_calls",
}
_Piece = chat_pb2.GetChatCompletionChunk


def chat_completion(response: chat_pb2.GetChatCompletionResponse) -> dict[str, Any]:
    """Write an answer. Turns that were about the service's own tools are no choices of it."""
    answers = [output for output in response.outputs if not _is_turn(output)]
    written = _head(response, "chat.completion")
    written["choices"] = [_choice(place, output) for place, output in enumerate(answers)]
    written["usage"] = chat_usage(response.usage)
    if response.citations:
        written["citations"] = list(response.citations)
    return written


def _head(
    answer: chat_pb2.GetChatCompletionResponse | chat_pb2.GetChatCompletionChunk, kind: str
) -> dict[str, Any]:
    head: dict[str, Any] = {
        "id": answer.id,
        "object": kind,
        "created": answer.created.seconds,
        "model": answer.model,
        "choices": [],
        "system_fingerprint": answer.system_fingerprint,
    }
    if answer.service_tier:
        priority = answer.service_tier == usage_pb2.SERVICE_TIER_PRIORITY
        head["service_tier"] = "priority" if priority else "default"
    return head


def _is_turn(output: chat_pb2.CompletionOutput) -> bool:
    calls = output.message.tool_calls
    return output.message.role == chat_pb2.ROLE_TOOL or (
        bool(calls) and all(map(is_server_side, calls))
    )


def _choice(place: int, output: chat_pb2.CompletionOutput) -> dict[str, Any]:
    said = output.message
    message: dict[str, Any] = {"role": "assistant", "content": said.content, "refusal": None}
    if said.reasoning_content:
        message["reasoning_content"] = said.reasoning_content
    message |= _annotated(said.citations)
    calls = [call for call in said.tool_calls if not is_server_side(call)]
    if calls:
        message["content"] = said.content or None
        message["tool_calls"] = [_call(call) for call in calls]
    return {
        "index": place,
        "finish_reason": _FINISH.get(output.finish_reason, "stop"),
        "message": message,
        "logprobs": _logprobs(output.logprobs),
    }


def _annotated(citations: Iterable[chat_pb2.InlineCitation]) -> dict[str, Any]:
    """The sources of passages; left out where there are none, as in most answers."""
    written = []
    for source in url_citations(citations):
        kind = source.pop("type")
        written.append({"type": kind, kind: source})
    return {"annotations": written} if written else {}


def _call(call: chat_pb2.ToolCall) -> dict[str, Any]:
    function = {"name": call.function.name, "arguments": call.function.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _logprobs(chosen: chat_pb2.LogProbs) -> dict[str, Any] | None:
    if not chosen.content:
        return None
    return {"content": [logprob(one) for one in chosen.content], "refusal": None}


class ChatStream:
    """Turns the pieces of a gRPC stream into the chunks of Chat Completions, one by one.

    Args:
        include_usage: Whether a last chunk, without choices, brings the usage: the request's
            ``stream_options.include_usage``. Unasked it would break programs that take
            ``choices[0]`` of every chunk.
    """

    def __init__(self, *, include_usage: bool = False) -> None:
        self._include_usage = include_usage
        self._places: dict[int, int] = {}
        self._calls: dict[int, int] = {}

    def feed(self, chunk: _Piece) -> list[dict[str, Any]]:
        """Take the next piece; return the chunks it makes."""
        written = []
        for output in chunk.outputs:
            if output.delta.role == chat_pb2.ROLE_TOOL or _is_turn_piece(output):
                continue
            head = _head(chunk, "chat.completion.chunk")
            written += [{**head, "choices": [choice]} for choice in self._choices(output)]
        if written and chunk.citations:
            written[-1]["citations"] = list(chunk.citations)
        if self._include_usage and chunk.HasField("usage"):
            last = _head(chunk, "chat.completion.chunk")
            written.append({**last, "usage": chat_usage(chunk.usage)})
        return written

    def _choices(self, output: chat_pb2.CompletionOutputChunk) -> Iterator[dict[str, Any]]:
        first = output.index not in self._places
        place = self._places.setdefault(output.index, len(self._places))
        base = {"index": place, "finish_reason": None, "logprobs": _logprobs(output.logprobs)}
        delta: dict[str, Any] = {"role": "assistant", "content": ""} if first else {}
        if output.delta.reasoning_content:
            delta["reasoning_content"] = output.delta.reasoning_content
        if output.delta.content:
            delta["content"] = output.delta.content
        delta |= _annotated(output.delta.citations)
        if delta:
            yield {**base, "delta": delta}
        for call in output.delta.tool_calls:
            if not is_server_side(call):
                for part in self._call_parts(output.index, call):
                    yield {**base, "logprobs": None, "delta": {"tool_calls": [part]}}
        if output.finish_reason:
            finish = _FINISH.get(output.finish_reason, "stop")
            yield {**base, "logprobs": None, "delta": {}, "finish_reason": finish}

    def _call_parts(self, index: int, call: chat_pb2.ToolCall) -> Iterator[dict[str, Any]]:
        number = self._calls.get(index, 0)
        self._calls[index] = number + 1
        opening = {"name": call.function.name, "arguments": ""}
        yield {"index": number, "id": call.id, "type": "function", "function": opening}
        for part in split_in_two(call.function.arguments):
            yield {"index": number, "function": {"arguments": part}}


def _is_turn_piece(output: chat_pb2.CompletionOutputChunk) -> bool:
    calls = output.delta.tool_calls
    return bool(calls) and all(map(is_server_side, calls))


def split_in_two(arguments: str) -> list[str]:
    """Cut a call's arguments in two, as they come in pieces from the service too."""
    middle = len(arguments) // 2
    return [part for part in (arguments[:middle], arguments[middle:]) if part]


def chat_chunks(
    chunks: Iterable[_Piece], *, include_usage: bool = False
) -> Iterator[dict[str, Any]]:
    """Turn a gRPC stream into the chunks of Chat Completions; see ``ChatStream``."""
    stream = ChatStream(include_usage=include_usage)
    for piece in chunks:
        yield from stream.feed(piece)
