"""A whole answer cut into the messages of a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from xai_vision.proto import chat_pb2
from xai_vision.testing._service.response import tokens


def split_text(text: str, into: int | Sequence[str] | None) -> list[str]:
    """Cut ``text`` at words, or into a number of pieces of about as many tokens, or as given."""
    if isinstance(into, int):
        parts = tokens.split(text)
        step, spare = divmod(len(parts), into)
        cuts, start = [], 0
        for number in range(min(into, len(parts))):
            end = start + step + (number < spare)
            cuts.append("".join(parts[start:end]))
            start = end
        return cuts
    if into is not None:
        return [piece for piece in into if piece]
    words: list[list[str]] = []
    for piece in tokens.split(text):
        if words and not piece[0].isspace():
            words[-1].append(piece)
        else:
            words.append([piece])
    return ["".join(word) for word in words]


def split_response(
    response: chat_pb2.GetChatCompletionResponse, into: int | Sequence[str] | None = None
) -> Iterator[chat_pb2.GetChatCompletionChunk]:
    """Cut an answer into chunks.

    Steps of an agent come one after the other; several answers to one question come by turns.
    Each chunk names its role, as the official SDK needs it; the last of an output has its
    finish reason, the last of all the usage and the citations.
    """
    outputs = list(response.outputs)
    agentic = any(output.message.role != outputs[0].message.role for output in outputs) or any(
        output.message.tool_calls for output in outputs[:-1]
    )
    parts = [list(_output(output, into)) for output in outputs]
    if agentic:
        ordered = [part for output in parts for part in output]
    else:
        ordered = [part for turn in zip_longest(*parts) for part in turn if part is not None]
    for number, part in enumerate(ordered):
        chunk = chat_pb2.GetChatCompletionChunk(
            id=response.id,
            model=response.model,
            system_fingerprint=response.system_fingerprint,
            created=response.created,
            service_tier=response.service_tier,
        )
        chunk.outputs.append(part)
        if number == len(ordered) - 1:
            _close(chunk, response)
        yield chunk


def _close(
    chunk: chat_pb2.GetChatCompletionChunk, response: chat_pb2.GetChatCompletionResponse
) -> None:
    chunk.usage.CopyFrom(response.usage)
    chunk.citations.extend(response.citations)
    chunk.output_files.extend(response.output_files)
    if response.HasField("debug_output"):
        chunk.debug_output.CopyFrom(response.debug_output)


def _output(
    output: chat_pb2.CompletionOutput, into: int | Sequence[str] | None
) -> Iterator[chat_pb2.CompletionOutputChunk]:
    message = output.message

    def part() -> chat_pb2.CompletionOutputChunk:
        chunk = chat_pb2.CompletionOutputChunk(index=output.index)
        chunk.delta.role = message.role
        return chunk

    for words in split_text(message.reasoning_content, None):
        thought = part()
        thought.delta.reasoning_content = words
        yield thought
    done = 0
    for words in split_text(message.content, into):
        spoken = part()
        spoken.delta.content = words
        if output.logprobs.content:
            count = tokens.count(words)
            spoken.logprobs.content.extend(output.logprobs.content[done : done + count])
            done += count
        yield spoken
    last = part()
    last.delta.tool_calls.extend(message.tool_calls)
    last.delta.citations.extend(message.citations)
    last.delta.encrypted_content = message.encrypted_content
    last.finish_reason = output.finish_reason
    yield last
