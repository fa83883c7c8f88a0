"""Responses of the model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from xai_vision._hints import HintsAttributes
from xai_vision._transport.rpc import CallInfo
from xai_vision.chat._response.accumulator import StreamAccumulator
from xai_vision.chat._response.chunk import tool_usage
from xai_vision.chat._response.conversions import enum_name, utc_datetime
from xai_vision.chat._response.reply_source import CompleteReply, ReplySource, select_output
from xai_vision.errors._api import CallMetadata, find_request_id
from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2

if TYPE_CHECKING:
    from xai_vision.chat._response.image_output import ImageOutput


class Response(HintsAttributes):
    """A response of the model. ``print(response)`` prints its text.

    The Response of a running stream grows with each chunk.
    """

    __slots__ = ("_index", "_source")

    _renamed: ClassVar = {
        "choices": "content, tool_calls and finish_reason",
        "output_text": "content",
        "parsed": "chat.parse(shape), which returns the response and the parsed object",
        "text": "content",
    }

    def __init__(
        self,
        response: chat_pb2.GetChatCompletionResponse | ReplySource,
        index: int | None = None,
    ) -> None:
        """Wrap a reply.

        Args:
            response: The reply of the service, or the accumulator of a stream.
            index: The index of one of several responses (``sample_batch``). Default None: the
                last output of the model, which is the response if server-side tools ran.
        """
        is_reply = isinstance(response, chat_pb2.GetChatCompletionResponse)
        self._source: ReplySource = CompleteReply(response) if is_reply else response  # type: ignore[assignment, arg-type]
        self._index = index

    @property
    def proto(self) -> chat_pb2.GetChatCompletionResponse:
        """The complete reply. For a stream it is a copy: a change to it is lost."""
        return self._source.proto()

    _proto = proto  # some programs written for xai_sdk read this name

    @property
    def _output(self) -> chat_pb2.CompletionOutput:
        output = select_output(self._source.reply_without_text().outputs, self._index)
        return chat_pb2.CompletionOutput() if output is None else output

    def _outputs(
        self, reply: chat_pb2.GetChatCompletionResponse
    ) -> list[chat_pb2.CompletionOutput]:
        """Return the outputs of this response, including tool turns."""
        if self._index is None:
            return list(reply.outputs)
        return [output for output in reply.outputs if output.index == self._index]

    @property
    def id(self) -> str:
        """The response's id, for ``previous_response_id``."""
        return self._source.reply_without_text().id

    @property
    def model(self) -> str:
        """The model that responded."""
        return self._source.reply_without_text().model

    @property
    def created(self) -> datetime:
        """When the request was received, in UTC without a time zone (as in xai_sdk)."""
        return utc_datetime(self._source.reply_without_text().created)

    @property
    def content(self) -> str:
        """The text of the response; in a running stream, the text so far."""
        return self._source.text("content", self._index)

    @property
    def reasoning_content(self) -> str:
        """The reasoning of the model, if the model returns it."""
        return self._source.text("reasoning_content", self._index)

    @property
    def encrypted_content(self) -> str:
        """The encrypted reasoning, with ``use_encrypted_content``."""
        return self._source.text("encrypted_content", self._index)

    @property
    def role(self) -> str:
        """The role, a name of ``chat_pb2.MessageRole`` such as "ROLE_ASSISTANT"."""
        return enum_name(chat_pb2.MessageRole, self._output.message.role)

    @property
    def finish_reason(self) -> str:
        """The finish reason, a name of ``sample_pb2.FinishReason`` such as "REASON_STOP"."""
        return enum_name(sample_pb2.FinishReason, self._output.finish_reason)

    @property
    def logprobs(self) -> chat_pb2.LogProbs:
        """The log probabilities of the tokens, with ``logprobs=True``."""
        return self._output.logprobs

    @property
    def usage(self) -> usage_pb2.SamplingUsage:
        """The token counts; ``prompt_image_tokens`` are those of images."""
        return self._source.reply_without_text().usage

    @property
    def cost_usd(self) -> float | None:
        """The cost in US dollars; None if the service does not report it."""
        from xai_vision.cost import cost_usd_from_usage  # on use: few programs read it

        return cost_usd_from_usage(self.usage)

    @property
    def tool_calls(self) -> Sequence[chat_pb2.ToolCall]:
        """All tool calls of the model in order, of client-side and server-side tools."""
        return self._source.tool_calls()

    @property
    def tool_outputs(self) -> Sequence[chat_pb2.CompletionOutput]:
        """The results of server-side tools, if requested with ``include``."""
        return [o for o in self.proto.outputs if o.message.role == chat_pb2.ROLE_TOOL]

    @property
    def image_outputs(self) -> Sequence[ImageOutput]:
        """Images generated by the image_generation tool."""
        from xai_vision.chat._response.image_output import image_outputs

        return image_outputs(self.proto)

    @property
    def citations(self) -> Sequence[str]:
        """The URLs of the response's sources."""
        return self._source.reply_without_text().citations

    @property
    def inline_citations(self) -> Sequence[chat_pb2.InlineCitation]:
        """Sources with their positions in the text, with ``include=["inline_citations"]``."""
        outputs = self._outputs(self._source.reply_without_text())
        return [
            cited
            for output in outputs
            if output.message.role != chat_pb2.ROLE_TOOL
            for cited in output.message.citations
        ]

    @property
    def server_side_tool_usage(self) -> dict[str, int]:
        """The number of uses of each server-side tool, such as SERVER_SIDE_TOOL_VIEW_IMAGE."""
        return tool_usage(self.usage)

    @property
    def system_fingerprint(self) -> str:
        """The fingerprint of the service's configuration."""
        return self._source.reply_without_text().system_fingerprint

    @property
    def service_tier(self) -> Literal["default", "priority"]:
        """The service tier of the request."""
        tier = self._source.reply_without_text().service_tier
        return "priority" if tier == usage_pb2.SERVICE_TIER_PRIORITY else "default"

    @property
    def request_settings(self) -> chat_pb2.RequestSettings:
        """The effective settings of the request."""
        return self._source.reply_without_text().settings

    @property
    def debug_output(self) -> chat_pb2.DebugOutput:
        """Internal debug output of the service."""
        return self._source.reply_without_text().debug_output

    @property
    def output_files(self) -> Sequence[chat_pb2.OutputFile]:
        """Files created by server-side tools."""
        return self._source.reply_without_text().output_files

    @property
    def request_id(self) -> str | None:
        """The service's id of the call, for its support; None if it sent none."""
        pairs = (*self.trailing_metadata(), *self.initial_metadata())
        return find_request_id(pairs)

    @property
    def attempts(self) -> int | None:
        """The number of times the request was sent; None for a Response not made by a call."""
        info = self._source.info
        return None if info is None else info.attempts

    def initial_metadata(self) -> CallMetadata:
        """Return the metadata that the service sent before the response."""
        info = self._source.info
        return CallMetadata(*(info.initial_metadata if info is not None else ()))

    def trailing_metadata(self) -> CallMetadata:
        """Return the metadata after the response; it is empty while a stream goes on."""
        info = self._source.info
        return CallMetadata(*(info.trailing_metadata if info is not None else ()))

    def process_chunk(self, chunk: chat_pb2.GetChatCompletionChunk) -> None:
        """Add a chunk of a stream, for programs that read chunks from gRPC."""
        if not isinstance(self._source, StreamAccumulator):
            self._source = StreamAccumulator.continuing(self.proto, self._source.info)
        self._source.add(chunk)

    def __str__(self) -> str:
        return self.content

    def _repr_markdown_(self) -> str:
        """Return the text for notebooks, which call this method."""
        return self.content

    def __repr__(self) -> str:
        text = self.content
        short = text if len(text) <= 60 else text[:59] + "…"
        return (
            f"<Response id={self.id!r} model={self.model!r} content={short!r} "
            f"finish_reason={self.finish_reason} total_tokens={self.usage.total_tokens}>"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Response):
            return NotImplemented
        return self._index == other._index and bool(self.proto == other.proto)

    __hash__ = object.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.proto, self._source.info, self._index)


def _restore(
    reply: chat_pb2.GetChatCompletionResponse, info: CallInfo | None, index: int | None
) -> Response:
    return Response(CompleteReply(reply, info), index)
