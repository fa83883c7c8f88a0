"""Split a response into the chunks of a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Any

from xai_vision.proto import chat_pb2
from xai_vision.testing._service.response import tokens


def split_text(text: str, chunks: int | Sequence[str] | None) -> list[str]:
    """Split a text.

    Args:
        text: The text.
        chunks: The number of chunks, which get about as many tokens each, or the chunks
            themselves. None means a chunk for each word.
    """
    if chunks is None:
        return re.findall(r"\s*\S+|\s+", text)
    if not isinstance(chunks, int):
        return [chunk for chunk in chunks if chunk]
    parts = tokens.split(text)
    size, larger = divmod(len(parts), chunks)
    # If the division leaves a remainder, the first chunks get one token more.
    bounds = [index * size + min(index, larger) for index in range(min(chunks, len(parts)) + 1)]
    return ["".join(parts[start:end]) for start, end in pairwise(bounds)]


def split_response(
    response: chat_pb2.GetChatCompletionResponse, chunks: int | Sequence[str] | None = None
) -> Iterator[chat_pb2.GetChatCompletionChunk]:
    """Split a response into chunks.

    The outputs of server-side tools follow one another; the outputs for ``n`` alternate. Each
    chunk has a role, because the official SDK requires it. The last chunk of an output has its
    finish reason. The last chunk of all has the usage and the citations.

    Args:
        response: The response.
        chunks: How to split the text; see ``split_text``.
    """
    outputs = list(response.outputs)
    sequential = any(output.message.role != outputs[0].message.role for output in outputs) or any(
        output.message.tool_calls for output in outputs[:-1]
    )
    split_outputs = [list(_split_output(output, chunks)) for output in outputs]
    groups = split_outputs if sequential else zip_longest(*split_outputs)
    output_chunks = [chunk for group in groups for chunk in group if chunk is not None]
    for index, output_chunk in enumerate(output_chunks, 1):
        chunk = chat_pb2.GetChatCompletionChunk(
            id=response.id,
            model=response.model,
            system_fingerprint=response.system_fingerprint,
            created=response.created,
            service_tier=response.service_tier,
            outputs=[output_chunk],
        )
        if index == len(output_chunks):
            chunk.usage.CopyFrom(response.usage)
            chunk.citations.extend(response.citations)
            chunk.output_files.extend(response.output_files)
            if response.HasField("debug_output"):
                chunk.debug_output.CopyFrom(response.debug_output)
        yield chunk


def _split_output(
    output: chat_pb2.CompletionOutput, chunks: int | Sequence[str] | None
) -> Iterator[chat_pb2.CompletionOutputChunk]:
    message = output.message

    def make_chunk(**delta: Any) -> chat_pb2.CompletionOutputChunk:
        return chat_pb2.CompletionOutputChunk(
            index=output.index, delta=chat_pb2.Delta(role=message.role, **delta)
        )

    for text in split_text(message.reasoning_content, None):
        yield make_chunk(reasoning_content=text)
    start = 0
    for text in split_text(message.content, chunks):
        chunk = make_chunk(content=text)
        if output.logprobs.content:
            end = start + tokens.count(text)
            chunk.logprobs.content.extend(output.logprobs.content[start:end])
            start = end
        yield chunk
    last = make_chunk(
        tool_calls=message.tool_calls,
        citations=message.citations,
        encrypted_content=message.encrypted_content,
    )
    last.finish_reason = output.finish_reason
    yield last
