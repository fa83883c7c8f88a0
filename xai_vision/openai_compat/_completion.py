"""Responses of Chat Completions, whole and streamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from xai_vision.openai_compat._messages import write_tool_call
from xai_vision.openai_compat._parts import from_logprob, url_citations
from xai_vision.openai_compat._server_calls import is_server_side
from xai_vision.openai_compat._usage import chat_usage, service_tier
from xai_vision.proto import chat_pb2, sample_pb2

# Chat Completions uses "length" for every limit.
_FINISH_REASONS: Final = {
    sample_pb2.REASON_STOP: "stop",
    sample_pb2.REASON_MAX_LEN: "length",
    sample_pb2.REASON_MAX_CONTEXT: "length",
    sample_pb2.REASON_TIME_LIMIT: "length",
    sample_pb2.REASON_TOOL_CALLS: "tool_calls",
}
ChunkProto = chat_pb2.GetChatCompletionChunk


def chat_completion(response: chat_pb2.GetChatCompletionResponse) -> dict[str, Any]:
    """Write a response. Outputs that only concern server-side tools are not choices."""
    outputs = [output for output in response.outputs if not _is_tool_turn(output.message)]
    result = _header(response, "chat.completion")
    result["choices"] = [_choice(index, output) for index, output in enumerate(outputs)]
    result["usage"] = chat_usage(response.usage)
    if response.citations:
        result["citations"] = list(response.citations)
    return result


def _header(
    response: chat_pb2.GetChatCompletionResponse | ChunkProto, object_type: str
) -> dict[str, Any]:
    header: dict[str, Any] = {
        "id": response.id,
        "object": object_type,
        "created": response.created.seconds,
        "model": response.model,
        "choices": [],
        "system_fingerprint": response.system_fingerprint,
    }
    return header | service_tier(response)


def _is_tool_turn(message: chat_pb2.CompletionMessage | chat_pb2.Delta) -> bool:
    """Return whether a message only calls server-side tools, or is a result of one."""
    calls = message.tool_calls
    return message.role == chat_pb2.ROLE_TOOL or (bool(calls) and all(map(is_server_side, calls)))


def _choice(index: int, output: chat_pb2.CompletionOutput) -> dict[str, Any]:
    source = output.message
    message: dict[str, Any] = {"role": "assistant", "content": source.content, "refusal": None}
    if source.reasoning_content:
        message["reasoning_content"] = source.reasoning_content
    message |= _annotations(source.citations)
    calls = [call for call in source.tool_calls if not is_server_side(call)]
    if calls:
        message["content"] = source.content or None
        message["tool_calls"] = [write_tool_call(call) for call in calls]
    return {
        "index": index,
        "finish_reason": _FINISH_REASONS.get(output.finish_reason, "stop"),
        "message": message,
        "logprobs": _logprobs(output.logprobs),
    }


def _annotations(citations: Iterable[chat_pb2.InlineCitation]) -> dict[str, Any]:
    """Write ``annotations``, if there are any; most responses have none."""
    annotations = []
    for citation in url_citations(citations):
        kind = citation.pop("type")
        annotations.append({"type": kind, kind: citation})
    return {"annotations": annotations} if annotations else {}


def _logprobs(logprobs: chat_pb2.LogProbs) -> dict[str, Any] | None:
    if not logprobs.content:
        return None
    return {"content": [from_logprob(token) for token in logprobs.content], "refusal": None}


class ChatStream:
    """Turns the chunks of a gRPC stream into chunks of Chat Completions.

    Args:
        include_usage: Whether to end with a chunk that has the usage and no choices, as
            ``stream_options.include_usage`` asks for. By default there is none: many programs
            read ``choices[0]`` of every chunk.
    """

    def __init__(self, *, include_usage: bool = False) -> None:
        self._include_usage = include_usage
        self._indexes: dict[int, int] = {}
        self._call_counts: dict[int, int] = {}

    def feed(self, chunk: ChunkProto) -> list[dict[str, Any]]:
        """Translate the next chunk into zero or more chunks of Chat Completions."""
        result = []
        for output in chunk.outputs:
            if _is_tool_turn(output.delta):
                continue
            header = _header(chunk, "chat.completion.chunk")
            result += [{**header, "choices": [choice]} for choice in self._choices(output)]
        if result and chunk.citations:
            result[-1]["citations"] = list(chunk.citations)
        if self._include_usage and chunk.HasField("usage"):
            header = _header(chunk, "chat.completion.chunk")
            result.append({**header, "usage": chat_usage(chunk.usage)})
        return result

    def _choices(self, output: chat_pb2.CompletionOutputChunk) -> Iterator[dict[str, Any]]:
        is_first = output.index not in self._indexes
        index = self._indexes.setdefault(output.index, len(self._indexes))
        choice = {"index": index, "finish_reason": None, "logprobs": _logprobs(output.logprobs)}
        delta: dict[str, Any] = {"role": "assistant", "content": ""} if is_first else {}
        if output.delta.reasoning_content:
            delta["reasoning_content"] = output.delta.reasoning_content
        if output.delta.content:
            delta["content"] = output.delta.content
        delta |= _annotations(output.delta.citations)
        if delta:
            yield {**choice, "delta": delta}
        choice["logprobs"] = None
        for call in output.delta.tool_calls:
            if not is_server_side(call):
                for part in self._call_deltas(output.index, call):
                    yield {**choice, "delta": {"tool_calls": [part]}}
        if output.finish_reason:
            reason = _FINISH_REASONS.get(output.finish_reason, "stop")
            yield {**choice, "delta": {}, "finish_reason": reason}

    def _call_deltas(self, output_index: int, call: chat_pb2.ToolCall) -> Iterator[dict[str, Any]]:
        index = self._call_counts.get(output_index, 0)
        self._call_counts[output_index] = index + 1
        function = {"name": call.function.name, "arguments": ""}
        yield {"index": index, "id": call.id, "type": "function", "function": function}
        for part in split_in_two(call.function.arguments):
            yield {"index": index, "function": {"arguments": part}}


def split_in_two(arguments: str) -> list[str]:
    """Split the arguments of a call; the service also sends them in several deltas."""
    middle = len(arguments) // 2
    return [part for part in (arguments[:middle], arguments[middle:]) if part]


def chat_chunks(
    chunks: Iterable[ChunkProto], *, include_usage: bool = False
) -> Iterator[dict[str, Any]]:
    """Turn a gRPC stream into chunks of Chat Completions; see ``ChatStream``."""
    stream = ChatStream(include_usage=include_usage)
    for chunk in chunks:
        yield from stream.feed(chunk)
