"""The chunks a streamed answer comes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from xai_vision.proto import chat_pb2, usage_pb2


class Chunk:
    """One chunk of a streamed answer. ``print(chunk, end="")`` shows its text."""

    __slots__ = ("_index", "proto")

    def __init__(self, proto: chat_pb2.GetChatCompletionChunk, index: int | None = None) -> None:
        """Wrap a chunk; ``index`` as for ``Response``, None for all of the model's outputs."""
        self.proto = proto
        self._index = index

    @property
    def choices(self) -> Sequence[chat_pb2.CompletionOutputChunk]:
        """The outputs that this chunk adds to."""
        outputs = self.proto.outputs
        if self._index is None:
            return list(outputs)
        return [output for output in outputs if output.index == self._index]

    def _spoken(self) -> list[chat_pb2.CompletionOutputChunk]:
        return [c for c in self.choices if c.delta.role != chat_pb2.ROLE_TOOL]

    @property
    def content(self) -> str:
        """The text this chunk adds."""
        return "".join([choice.delta.content for choice in self._spoken()])

    @property
    def output(self) -> str:
        """The same as ``content``."""
        return self.content

    @property
    def reasoning_content(self) -> str:
        """The reasoning this chunk adds."""
        return "".join([choice.delta.reasoning_content for choice in self._spoken()])

    @property
    def tool_calls(self) -> Sequence[chat_pb2.ToolCall]:
        """The tool calls this chunk adds."""
        return [call for choice in self._spoken() for call in choice.delta.tool_calls]

    @property
    def tool_outputs(self) -> Sequence[chat_pb2.CompletionOutputChunk]:
        """The results of tools the service ran that this chunk adds."""
        return [c for c in self.choices if c.delta.role == chat_pb2.ROLE_TOOL]

    @property
    def citations(self) -> Sequence[str]:
        """The URLs of sources this chunk names."""
        return self.proto.citations

    @property
    def inline_citations(self) -> Sequence[chat_pb2.InlineCitation]:
        """The places of sources in the text that this chunk names."""
        return [cited for choice in self._spoken() for cited in choice.delta.citations]

    @property
    def server_side_tool_usage(self) -> dict[str, int]:
        """How often the service used each of its tools, as far as this chunk says."""
        return tool_usage(self.proto.usage)

    @property
    def created(self) -> datetime:
        """When the request was taken, in UTC without a time zone."""
        return self.proto.created.ToDatetime()

    @property
    def debug_output(self) -> chat_pb2.DebugOutput:
        """Debugging details, for xAI's own people."""
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
    """Count the service's tools by the name of their ``usage_pb2.ServerSideTool``."""
    return dict(Counter(map(usage_pb2.ServerSideTool.Name, usage.server_side_tools_used)))
