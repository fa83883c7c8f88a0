"""The chunks of a streamed response."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from xai_vision._hints import HintsAttributes
from xai_vision.chat._response.conversions import enum_name, utc_datetime
from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2


class CompletionOutputChunk:
    """The part of a chunk that extends one output."""

    __slots__ = ("proto",)

    def __init__(self, proto: chat_pb2.CompletionOutputChunk) -> None:
        """Wrap the part of a chunk."""
        self.proto = proto

    @property
    def index(self) -> int:
        """The index of the output."""
        return self.proto.index

    @property
    def content(self) -> str:
        """The text."""
        return self.proto.delta.content

    @property
    def reasoning_content(self) -> str:
        """The reasoning of the model."""
        return self.proto.delta.reasoning_content

    @property
    def role(self) -> str:
        """The role, a name of ``chat_pb2.MessageRole`` such as "ROLE_ASSISTANT"."""
        return enum_name(chat_pb2.MessageRole, self.proto.delta.role)

    @property
    def tool_calls(self) -> Sequence[chat_pb2.ToolCall]:
        """The tool calls."""
        return self.proto.delta.tool_calls

    @property
    def finish_reason(self) -> sample_pb2.FinishReason.ValueType:
        """The finish reason, a number of ``sample_pb2.FinishReason``; 0 (REASON_INVALID) for none.

        ``Response.finish_reason`` is the name. Both are as in xai_sdk.
        """
        return self.proto.finish_reason

    def __repr__(self) -> str:
        return f"<CompletionOutputChunk {self.index} {self.content!r:.80}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CompletionOutputChunk):
            return NotImplemented
        return bool(self.proto == other.proto)

    __hash__ = object.__hash__


class Chunk(HintsAttributes):
    """A chunk of a streamed response. ``print(chunk, end="")`` prints its text."""

    __slots__ = ("_index", "proto")

    _renamed: ClassVar = {"delta": "content", "text": "content"}

    def __init__(self, proto: chat_pb2.GetChatCompletionChunk, index: int | None = None) -> None:
        """Wrap a chunk; ``index`` as for ``Response``, None for all outputs."""
        self.proto = proto
        self._index = index

    @property
    def choices(self) -> Sequence[CompletionOutputChunk]:
        """The outputs that this chunk extends."""
        return list(map(CompletionOutputChunk, self._parts()))

    def _parts(self) -> list[chat_pb2.CompletionOutputChunk]:
        outputs = self.proto.outputs
        if self._index is None:
            return list(outputs)
        return [output for output in outputs if output.index == self._index]

    def _model_parts(self) -> list[chat_pb2.CompletionOutputChunk]:
        return [part for part in self._parts() if part.delta.role != chat_pb2.ROLE_TOOL]

    @property
    def content(self) -> str:
        """The text of this chunk."""
        return "".join([part.delta.content for part in self._model_parts()])

    @property
    def output(self) -> str:
        """The same as ``content``."""
        return self.content

    @property
    def reasoning_content(self) -> str:
        """The reasoning of this chunk."""
        return "".join([part.delta.reasoning_content for part in self._model_parts()])

    @property
    def tool_calls(self) -> Sequence[chat_pb2.ToolCall]:
        """The tool calls of this chunk."""
        return [call for part in self._model_parts() for call in part.delta.tool_calls]

    @property
    def tool_outputs(self) -> Sequence[CompletionOutputChunk]:
        """The results of server-side tools in this chunk."""
        return [part for part in self.choices if part.proto.delta.role == chat_pb2.ROLE_TOOL]

    @property
    def citations(self) -> Sequence[str]:
        """The URLs of sources in this chunk."""
        return self.proto.citations

    @property
    def inline_citations(self) -> Sequence[chat_pb2.InlineCitation]:
        """The inline citations of this chunk."""
        return [cited for part in self._model_parts() for cited in part.delta.citations]

    @property
    def server_side_tool_usage(self) -> dict[str, int]:
        """The number of uses of each server-side tool in this chunk."""
        return tool_usage(self.proto.usage)

    @property
    def created(self) -> datetime:
        """When the request was received, in UTC without a time zone."""
        return utc_datetime(self.proto.created)

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
    tools = usage.server_side_tools_used
    return dict(Counter(enum_name(usage_pb2.ServerSideTool, number) for number in tools))
