"""Merge the chunks of a streamed completion into its response, for the call log."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, cast

from xai_vision.proto import chat_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message

_TEXTS: Final = ("content", "reasoning_content", "encrypted_content")
_LISTS: Final = ("tool_calls", "citations")


class MergedChunks:
    """The messages of a stream so far. Only chunks of completions are merged."""

    def __init__(self) -> None:
        self._response: chat_pb2.GetChatCompletionResponse | None = None
        self._outputs: dict[int, chat_pb2.CompletionOutput] = {}
        # Joined at the end, so that each chunk of a long stream costs the same.
        self._texts: defaultdict[tuple[int, str], list[str]] = defaultdict(list)

    def add(self, message: Any) -> None:
        """Add the next message of the stream."""
        if not isinstance(message, chat_pb2.GetChatCompletionChunk):
            return
        if self._response is None:
            self._response = chat_pb2.GetChatCompletionResponse()
        for field, value in message.ListFields():
            if field.name == "outputs":
                for output in value:
                    self._add_output(self._response, output)
            elif field.name == "output_files":
                self._response.output_files.extend(value)
            else:
                # Chunks repeat these fields: the last value is the response's.
                last = chat_pb2.GetChatCompletionResponse(**{field.name: value})
                cast("Message", self._response).ClearField(field.name)
                self._response.MergeFrom(last)

    def _add_output(
        self, response: chat_pb2.GetChatCompletionResponse, chunk: chat_pb2.CompletionOutputChunk
    ) -> None:
        output = self._outputs.get(chunk.index)
        if output is None:
            output = self._outputs[chunk.index] = response.outputs.add(index=chunk.index)
        for name in _TEXTS:
            self._texts[chunk.index, name].append(getattr(chunk.delta, name))
        for name in _LISTS:
            getattr(output.message, name).extend(getattr(chunk.delta, name))
        output.message.role = chunk.delta.role or output.message.role
        output.finish_reason = chunk.finish_reason or output.finish_reason
        if chunk.logprobs.content:
            output.logprobs.content.extend(chunk.logprobs.content)

    def response(self) -> chat_pb2.GetChatCompletionResponse | None:
        """Return the response so far; None before the first chunk."""
        for (index, name), parts in self._texts.items():
            setattr(self._outputs[index].message, name, "".join(parts))
        return self._response
