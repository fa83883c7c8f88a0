"""Build the response proto from a ``Reply``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._service.models import Model
from xai_vision.testing._service.request_reader import ConversationSummary
from xai_vision.testing._service.response import encrypted_content
from xai_vision.testing._service.response.server_tools import add_server_tool_call
from xai_vision.testing._service.response.text import add_citations, add_logprobs, truncate
from xai_vision.testing._service.response.usage import fill_usage

_FINISH_REASONS: Final = {
    "stop": sample_pb2.REASON_STOP,
    "length": sample_pb2.REASON_MAX_LEN,
    "max_context": sample_pb2.REASON_MAX_CONTEXT,
    "tool_calls": sample_pb2.REASON_TOOL_CALLS,
    "time_limit": sample_pb2.REASON_TIME_LIMIT,
}
_WITHOUT_REASONING: Final = (chat_pb2.INVALID_EFFORT, chat_pb2.EFFORT_NONE)


@dataclass(frozen=True)
class ResponseBuilder:
    """Builds responses to one request.

    Attributes:
        request: The request.
        conversation: The summary of the whole conversation, earlier turns included.
        model: The model that responds.
        generated_id: The id of a response whose reply has none. The ids of tool calls start with
            its first characters.
        now: The time of the response, in seconds since the epoch.
        viewed_image_tokens: The tokens of the images that the model views with "view_image".
    """

    request: chat_pb2.GetCompletionsRequest
    conversation: ConversationSummary
    model: Model
    generated_id: str
    now: float
    viewed_image_tokens: int = 0

    def build(self, reply: Reply) -> chat_pb2.GetChatCompletionResponse:
        """Build the response."""
        response = chat_pb2.GetChatCompletionResponse(
            id=reply.response_id or self.generated_id,
            model=self.model.name,
            system_fingerprint=self.model.fingerprint,
            service_tier=self.request.service_tier or usage_pb2.SERVICE_TIER_DEFAULT,
            settings=request_settings(self.request),
            citations=reply.citations,
            output_files=[
                chat_pb2.OutputFile(file_id=file_id, name=name) for file_id, name in reply.files
            ],
            debug_output=chat_pb2.DebugOutput(**reply.debug) if reply.debug else None,
        )
        response.created.FromMilliseconds(int(self.now * 1000))
        for index, tool_call in enumerate(reply.steps):
            call_id = tool_call.id or self._call_id(index)
            add_server_tool_call(response, tool_call, self.request, call_id)
        texts = reply.choices or (reply.text,)
        # With server-side tools the outputs are steps of one response, so n has no effect.
        for index in range(1 if reply.steps else self.request.n or 1):
            output = response.outputs.add(index=len(response.outputs))
            self._fill_output(output, reply, texts[index % len(texts)])
        fill_usage(response, reply, self.conversation, self.model, self.viewed_image_tokens)
        return response

    def _fill_output(self, output: chat_pb2.CompletionOutput, reply: Reply, text: str) -> None:
        message = output.message
        message.role = chat_pb2.ROLE_ASSISTANT
        message.content, truncated = truncate(text, self.request)
        message.reasoning_content = self._reasoning(reply)
        if self.request.use_encrypted_content or reply.encrypted is not None:
            message.encrypted_content = reply.encrypted or encrypted_content.encode(
                {"kind": "thought", "text": message.reasoning_content}
            )
        if chat_pb2.INCLUDE_OPTION_INLINE_CITATIONS in self.request.include:
            add_citations(message, reply.citations)
        for index, function_call in enumerate(reply.tool_calls, len(reply.steps)):
            tool_call = message.tool_calls.add(
                id=function_call.id or self._call_id(index),
                type=chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
                status=chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS,
            )
            tool_call.function.name = function_call.name
            tool_call.function.arguments = function_call.arguments_json
        if self.request.logprobs:
            add_logprobs(output, self.request)
        default_finish = "length" if truncated else "stop"
        finish = reply.finish or ("tool_calls" if reply.tool_calls else default_finish)
        output.finish_reason = _FINISH_REASONS[finish]

    def _reasoning(self, reply: Reply) -> str:
        if reply.reasoning is not None:
            return reply.reasoning
        if self.request.reasoning_effort in _WITHOUT_REASONING:
            return ""
        return (
            f"The conversation has {self.conversation.message_count} messages and "
            f"{len(self.conversation.images)} images. I should answer the last question."
        )

    def _call_id(self, index: int) -> str:
        return f"call_{self.generated_id[:8]}{index:04d}"


def request_settings(request: chat_pb2.GetCompletionsRequest) -> chat_pb2.RequestSettings:
    """Return the request's settings, which the response repeats."""
    names = chat_pb2.RequestSettings.DESCRIPTOR.fields_by_name
    fields = {field.name: value for field, value in request.ListFields() if field.name in names}
    return chat_pb2.RequestSettings(**{"parallel_tool_calls": True, **fields})
