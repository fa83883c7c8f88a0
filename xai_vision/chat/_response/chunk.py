"""The chunks of a streamed response."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from xai_vision.proto import chat_pb2, usage_pb2


class Chunk:
    """A chunk of a streamed response. ``print(chunk, end="")`` prints its text."""

    __slots__ = ("_index", "proto")

    def __init__(self, proto: chat_pb2.GetChatCompletionChunk, index: int | None = None) -> None:
        """Wrap a chunk; ``index`` as for ``Response``, None for all outputs."""
        self.proto = proto
        self._index = index

    @property
    def choices(self) -> Sequence[chat_pb2.CompletionOutputChunk]:
        """The outputs that this chunk extends."""
        outputs = self.proto.outputs
        if self._index is None:
            return list(outputs)
        return [output for output in outputs if output.index == self._index]

    def _model_choices(self) -> list[chat_pb2.CompletionOutputChunk]:
        return [c for c in self.choices if c.delta.role != chat_pb2.ROLE_TOOL]

    @property
    def content(self) -> str:
        """The text of this chunk."""
        return "".join([choice.delta.content for choice in self._model_choices()])

    @property
    def output(self) -> str:
        """The same as ``content``."""
        return self.content

    @property
    def reasoning_content(self) -> str:
        """The reasoning of this chunk."""
        return "".join([choice.delta.reasoning_content for choice in self._model_choices()])

    @property
    def tool_calls(self) -> Sequence[chat_pb2.ToolCall]:
        """The tool calls of this chunk."""
        return [call for choice in self._model_choices() for call in choice.delta.tool_calls]

    @property
    def tool_outputs(self) -> Sequence[chat_pb2.CompletionOutputChunk]:
        """The results of server-side tools in this chunk."""
        return [c for c in self.choices if c.delta.role == chat_pb2.ROLE_TOOL]

    @property
    def citations(self) -> Sequence[str]:
        """The URLs of sources in this chunk."""
        return self.proto.citations

    @property
    def inline_citations(self) -> Sequence[chat_pb2.InlineCitation]:
        """The inline citations of this chunk."""
        return [cited for choice in self._model_choices() for cited in choice.delta.citations]

    @property
    def server_side_tool_usage(self) -> dict[str, int]:
        """The number of uses of each server-side tool in this chunk."""
        return tool_usage(self.proto.usage)

    @property
    def created(self) -> datetime:
        """When the request was received, in UTC without a time zone."""
        return self.proto.created.ToDatetime()

    @property
    def debug_output(self) -> chat_pb2.DebugOutput:
        """Internal debug output of the service."""
        return self.proto.debug_output

    def __str__(self) -> str:
        return self.content

    def __repr__(self) -> str:
        return f"<Chunk {self.content!r:.80}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Chunk):
            return NotImplemented
        return self._index == other._index and bool(self.proto == other.proto)

    __hash__ = object.__hash__


def tool_usage(usage: usage_pb2.SamplingUsage) -> dict[str, int]:
    """Count server-side tools by the name of their ``usage_pb2.ServerSideTool``."""
    return dict(Counter(map(usage_pb2.ServerSideTool.Name, usage.server_side_tools_used)))
